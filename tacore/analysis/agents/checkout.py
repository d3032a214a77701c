"""Tell which engine a checkout is of, and in which version; nothing of it is run or imported."""

import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from tacore.model.jobs import Engine

NAMES: dict[Engine, str] = {
    "tradingagents_cn": "TradingAgents-CN",
    "tradingagents": "TauricResearch's TradingAgents",
}
REPOSITORIES: dict[Engine, str] = {
    "tradingagents_cn": "https://github.com/hsliuping/TradingAgents-CN",
    "tradingagents": "https://github.com/TauricResearch/TradingAgents",
}
TRIED: dict[Engine, tuple[str, str]] = {
    "tradingagents_cn": ("1.0.0-preview", "bd599607"),
    "tradingagents": ("0.3.0", "85946c2f"),
}
"""The version and commit of each that tacore was tried with."""

# Files of each engine's package that the other lacks.
_ONLY_IN: dict[Engine, tuple[str, ...]] = {
    "tradingagents_cn": ("tradingagents/utils/stock_utils.py", "tradingagents/llm_adapters"),
    "tradingagents": ("tradingagents/agents/schemas.py", "tradingagents/llm_clients"),
}
_GRAPH = "tradingagents/graph/trading_graph.py"
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_SHORT = 8


class Checkout(NamedTuple):
    """A checkout as it is found; ``version`` and ``commit`` are "" where it does not tell."""

    path: Path
    engine: Engine
    version: str
    commit: str

    @property
    def named(self) -> str:
        """Give version and commit as an outcome's engine_version has them."""
        commit = f" ({self.commit[:_SHORT]})" if self.commit else ""
        return f"{self.version or 'unknown version'}{commit}"


def identify(path: Path) -> Checkout | None:
    """Look at a folder; None where it is no checkout of either engine."""
    if not (path / _GRAPH).is_file():
        return None
    for engine, marks in _ONLY_IN.items():
        if all((path / each).exists() for each in marks):
            return Checkout(path, engine, _version(path), _commit(path))
    return None


def problem_of(path: Path | None, engine: Engine) -> str:
    """Say what has to be named in the place of ``path``, "" where it is a checkout of that engine."""
    wanted = f"a checkout of {NAMES[engine]}"
    if path is None:
        return wanted
    if not path.is_dir():
        return f"{wanted}: {path} is no folder"
    found = identify(path)
    if found is None:
        return f"{wanted}: {path} is none"
    return "" if found.engine == engine else f"{wanted}: {path} is one of {NAMES[found.engine]}"


def version_of(path: Path) -> str:
    """Give version and commit of a checkout."""
    found = identify(path)
    return "" if found is None else found.named


def interpreter_of(named: str) -> str | None:
    """Find the interpreter that is named, tacore's own where none is; None where there is no such program."""
    return shutil.which(named) if named else sys.executable


def _version(path: Path) -> str:
    said = _text(path / "VERSION").strip().removeprefix("v")
    if said:
        return said.splitlines()[0][:40]
    found = re.search(r'^version\s*=\s*"([^"\n]{1,40})"', _text(path / "pyproject.toml"), re.MULTILINE)
    return found[1] if found else ""


def _commit(path: Path) -> str:
    """Read the commit as git keeps it; git itself would obey the checkout's own configuration."""
    git = path / ".git"
    if git.is_file():  # a worktree's, or a submodule's
        git = path / _text(git).partition("gitdir:")[2].strip()
    head = _text(git / "HEAD").strip()
    if _COMMIT.fullmatch(head):
        return head
    ref = head.removeprefix("ref:").strip()
    if not ref.startswith("refs/") or ".." in ref:
        return ""
    shared = _text(git / "commondir").strip()
    return next(filter(None, (_ref(folder, ref) for folder in (git, git / shared))), "")


def _ref(folder: Path, ref: str) -> str:
    found = _text(folder / ref).strip()
    if _COMMIT.fullmatch(found):
        return found
    packed = rf"^([0-9a-f]{{40,64}}) {re.escape(ref)}$"
    listed = re.search(packed, _text(folder / "packed-refs"), re.MULTILINE)
    return listed[1] if listed else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
