"""What may go wrong with the ledger, and what a caller should make of it."""

import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tacore.errors import Internal, TacoreError, Unavailable

REASONS: Mapping[int, str] = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: "disk_full",
        sqlite3.SQLITE_BUSY: "locked",
        sqlite3.SQLITE_LOCKED: "locked",
        sqlite3.SQLITE_PROTOCOL: "locked",
        sqlite3.SQLITE_READONLY: "read_only",
        sqlite3.SQLITE_PERM: "read_only",
        sqlite3.SQLITE_IOERR: "io",
        sqlite3.SQLITE_CANTOPEN: "io",
        sqlite3.SQLITE_NOMEM: "io",
        sqlite3.SQLITE_CORRUPT: "corrupt",
        sqlite3.SQLITE_NOTADB: "corrupt",
    }
)
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "disk_full": "the disk is full",
        "locked": "another process has locked it",
        "read_only": "it is read-only",
        "io": "its disk answers with errors",
        "corrupt": "it is damaged",
        "replaced": "the file at its place is another one or gone; restart the executor",
    }
)
_ROOM_BYTES = 65_536  # the least that SQLite's index of the WAL grows by, twice
DOUBTFUL = frozenset({"read_only", "io", "corrupt"})
"""After these only a connection opened anew can tell whether the cause has passed."""


class Fenced(Unavailable):
    """A later executor has taken the ledger: this one must neither commit nor send again."""


class IllegalTransition(Internal):
    """An order can't go from its status to that one."""


def reason_of(error: BaseException) -> str | None:
    """Name why SQLite could not, None where the fault is in what it was asked."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else REASONS.get(code & 0xFF)


def mapped(error: Exception, path: Path, doing: str = "written") -> TacoreError:
    """Make the error for a caller: Unavailable with a reason, Internal for a defect of ours."""
    reason = reason_of(error)
    if reason == "io" and _is_full(path):
        reason = "disk_full"
    if reason is None:
        return Internal(f"the ledger refused a statement: {error}", details={"ledger": str(path)})
    return unavailable(reason, path, doing, str(error))


def _is_full(path: Path) -> bool:
    """Tell whether the disk has no room: SQLite says so only of some of its files."""
    try:
        return shutil.disk_usage(path.parent).free < _ROOM_BYTES
    except OSError:
        return False


def unavailable(reason: str, path: Path, doing: str = "written", said: str = "") -> Unavailable:
    """Say that the ledger can't be read or written, and why."""
    message = f"the ledger can't be {doing}: {WORDS[reason]}" + (f" ({said})" if said else "")
    return Unavailable(message, details={"ledger": str(path), "reason": reason})
