"""What a refresher tells of itself, in a file that others read without numpy."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tacore.runfiles import write_whole


def status_path(folder: Path) -> Path:
    """Give the file in which a refresher tells of itself."""
    return folder / "refresher.json"


def write_status(folder: Path, told: Mapping[str, Any]) -> None:
    """Tell."""
    write_whole(status_path(folder), json.dumps(told, indent=1))


def read_status(folder: Path) -> dict[str, Any]:
    """Read what the refresher last told; empty where it told nothing."""
    try:
        found = json.loads(status_path(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def fingerprint(*parts: object) -> str:
    """Give a short name for JSON-able values; it changes when any of them does."""
    said = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
