"""The open ledger.db: transactions that happen whole or not at all, and recovery once a fault has passed."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tacore.errors import ConfigurationError, Internal, TacoreError
from tacore.execution.ledger.faults import DOUBTFUL, mapped, reason_of, unavailable
from tacore.execution.ledger.schema import migrate

_BUSY_S = 1.0
_PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",
    "journal_size_limit = 67108864",
)


class LedgerFile:
    """One connection, for one thread at a time.

    While writing fails, reading goes on over the connection that is there. After a fault that may lie in the
    connection, the next write opens the file anew.
    """

    def __init__(self, path: Path, wall_us: int) -> None:
        self.path = path
        self._doubted = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(path, "rwc")
            try:
                migrate(self._connection, wall_us)
                self._inode = _inode(path)
            except BaseException:
                self._connection.close()
                raise
        except sqlite3.Error as error:
            raise mapped(error, path, "opened") from error
        except OSError as error:
            raise unavailable("io", path, "opened", str(error)) from error

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Read."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            fault = self.fault(error, "read")
        if not self._doubted or self._connection.in_transaction:
            raise fault
        try:
            self._open_anew()
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self.fault(error, "read") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what happens inside, or undo all of it."""
        connection = self._writable()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back(connection)
            if isinstance(error, sqlite3.Error):
                raise self.fault(error) from error
            raise

    def fault(self, error: Exception, doing: str = "written") -> TacoreError:
        """Make the error for a caller, and remember whether the connection is in doubt."""
        self._doubted = self._doubted or reason_of(error) in DOUBTFUL
        return mapped(error, self.path, doing)

    def close(self) -> None:
        """Close, folding the WAL into the file."""
        self._connection.close()

    def _writable(self) -> sqlite3.Connection:
        if self._connection.in_transaction:
            raise Internal("a group of the ledger is open already; groups can't be nested")
        if _inode(self.path) != self._inode:
            raise unavailable("replaced", self.path)
        if self._doubted:
            try:
                self._open_anew()
            except sqlite3.Error as error:
                raise self.fault(error) from error
        return self._connection

    def _open_anew(self) -> None:
        if _inode(self.path) != self._inode:
            raise unavailable("replaced", self.path)
        opened = _connect(self.path, "rw")
        self._connection.close()
        self._connection, self._doubted = opened, False

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        """Undo; SQLite itself may have done so after a fault."""
        if connection.in_transaction:
            try:
                connection.execute("ROLLBACK")
            except sqlite3.Error:
                self._doubted = True


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise ConfigurationError(f"the ledger's file system allows only journal mode {mode}; needed: wal")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _inode(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None
