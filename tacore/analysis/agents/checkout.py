"""An engine's checkout on disk: whether it is one, and which version."""

import re
import shutil
import sys
from pathlib import Path

from tacore.analysis.agents.engines import EngineFacts

_COMMIT = 12


def problem_of(checkout: Path | None, facts: EngineFacts) -> str:
    """Say what is wrong with a checkout, "" where nothing is; None is one that is not set."""
    if checkout is None:
        return f"a checkout of {facts.title}"
    if not checkout.is_dir():
        return f"a checkout of {facts.title}: {checkout} is no folder"
    if not (checkout / facts.mark).is_file():
        return f"a checkout of {facts.title}: {checkout} has no {facts.mark}"
    return ""


def interpreter_of(named: str) -> str | None:
    """Find the interpreter that is named, tacore's own where none is; None where there is no such program."""
    return shutil.which(named) if named else sys.executable


def version_of(checkout: Path) -> str:
    """Give the version and the commit, as far as the checkout says them: ``0.3.0 (85946c2f0a31)``."""
    words = [_version(checkout)]
    if commit := _commit(checkout / ".git"):
        words.append(f"({commit[:_COMMIT]})")
    return " ".join(word for word in words if word)


def _version(checkout: Path) -> str:
    found = re.search(r'^version\s*=\s*"([^"]+)"', _text(checkout / "pyproject.toml"), re.MULTILINE)
    return found[1] if found else ""


def _commit(git: Path) -> str:
    """Give the commit that is checked out, of a clone or of a worktree."""
    link = re.match(r"gitdir: (.+)", _text(git)) if git.is_file() else None
    git = git.parent / link[1].strip() if link else git
    shared = git / _text(git / "commondir").strip()
    head = _text(git / "HEAD").strip()
    if not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    packed = re.search(rf"^([0-9a-f]+) {re.escape(name)}$", _text(shared / "packed-refs"), re.MULTILINE)
    return _text(git / name).strip() or _text(shared / name).strip() or (packed[1] if packed else "")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
