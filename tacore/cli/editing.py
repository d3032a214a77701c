"""JSON in a person's own editor."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tacore.cli.coercion import load
from tacore.cli.exits import Usage
from tacore.cli.numbers import dump, dump_indented, read_exact

EDITORS = ("vi", "nano")


def edit_object(text: str) -> dict[str, Any] | None:
    """Let an editor change a JSON object; None where it was left as it was or emptied, or the editor failed.

    What is no JSON object afterwards is a Usage that says where the text is kept.
    """
    words = _editor()
    with tempfile.NamedTemporaryFile(
        "w", prefix="tacore-", suffix=".json", encoding="utf-8", delete=False
    ) as file:
        file.write(dump_indented(read_exact(text)) + "\n")
    path = Path(file.name)
    changed = _changed(words, path)
    found = _read(changed, path) if changed.strip() else None
    path.unlink(missing_ok=True)
    if found is None or dump(read_exact(changed)) == dump(read_exact(text)):
        return None
    return found


def _changed(words: list[str], path: Path) -> str:
    """Run the editor; give what the file holds then, nothing where the editor failed."""
    try:
        return path.read_text(encoding="utf-8") if _run([*words, str(path)]) and path.exists() else ""
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _editor() -> list[str]:
    """Choose as others do: $VISUAL, $EDITOR, then what is there."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if chosen:
        return shlex.split(chosen)
    there = [each for each in EDITORS if shutil.which(each)]
    if not there or not sys.stdin.isatty():
        raise Usage("--edit needs a terminal with vi or nano, or $EDITOR")
    return there[:1]


def _run(words: list[str]) -> bool:
    """Run the editor on the terminal, also where the answer goes into a pipe; tell whether it ended well."""
    output = None if sys.stdout.isatty() else sys.stderr
    try:
        return subprocess.run(words, stdout=output, check=False).returncode == 0  # noqa: S603 - theirs
    except OSError as error:
        raise Usage(f"the editor {words[0]} can't be started: {error.strerror}") from error


def _read(text: str, path: Path) -> dict[str, Any]:
    try:
        found = load(text)
    except (ValueError, RecursionError) as error:
        raise Usage(f"that is not JSON: {error}; nothing was sent, your text is in {path}") from error
    if not isinstance(found, dict):
        raise Usage(f"params are a JSON object, like {{}}; nothing was sent, your text is in {path}")
    return found
