"""Keys of others' services: from a file or from the environment, never from a command line."""

import os
from pathlib import Path

from tacore.errors import ConfigurationError


def secret(what: str, file: Path | None, variable: str, home: Path) -> str:
    """Give a key: the file's text where one is named (relative to ``home``), else the variable's.

    Raises ConfigurationError that says where it was looked for, and never what was found.
    """
    if file is not None:
        path = home / file
        try:
            found = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise ConfigurationError(f"{what}: cannot read {path} ({type(error).__name__})") from error
        if not found:
            raise ConfigurationError(f"{what}: {path} is empty")
        return found
    if found := os.environ.get(variable, "").strip():
        return found
    raise ConfigurationError(f"{what}: set the variable {variable}, or name a file that has it")
