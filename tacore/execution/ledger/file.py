"""The open ledger.db: transactions that happen whole or not at all, and recovery once a fault has passed."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tacore.errors import ConfigurationError, Internal, TacoreError
from tacore.execution.ledger import schema
from tacore.execution.ledger.faults import DOUBTFUL, mapped, reason_of, unavailable
from tacore.migrations import migrate

_BUSY_S = 1.0
_BUSY_AGAIN_S = 0.05
"""How long to wait for a lock that was held all the time before, so that whoever waits behind is answered."""
_PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",
    "temp_store = MEMORY",
    "cache_size = -16384",
    "journal_size_limit = 67108864",
)


class LedgerFile:
    """One connection, for one thread at a time.

    While writing fails, reading goes on over the connection that is there. After a fault that may lie in the
    connection, the next write opens the file anew.
    """

    def __init__(self, path: Path, wall_us: int) -> None:
        self.path = path
        self._doubt: str | None = None
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._locked = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(path, "rwc")
            migrate(self._connection, schema.MIGRATIONS, "the ledger", wall_us)
            self._inode = _inode(path)
        except sqlite3.Error as error:
            self.close()
            raise mapped(error, path, "opened") from error
        except OSError as error:
            raise unavailable("io", path, "opened", str(error)) from error
        except BaseException:
            self.close()
            raise

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Read."""
        connection = self._connection
        if connection is not None:
            try:
                return connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                fault = self.fault(error, "read")
                if self._doubt is None or connection.in_transaction:
                    raise fault from error
        try:
            return self._open_anew().execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self.fault(error, "read") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what happens inside, or undo all of it."""
        connection = self._writable()
        try:
            self._begin(connection)
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back(connection)
            if isinstance(error, sqlite3.Error):
                raise self.fault(error) from error
            raise

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Begin, waiting for a lock in full only where it was free the last time."""
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._wait(connection, shortly=reason_of(error) == "locked")
            raise
        self._wait(connection, shortly=False)

    def _wait(self, connection: sqlite3.Connection, *, shortly: bool) -> None:
        if shortly != self._locked:
            wait_s = _BUSY_AGAIN_S if shortly else _BUSY_S
            connection.execute(f"PRAGMA busy_timeout = {round(wait_s * 1000)}")
            self._locked = shortly

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads inside see one moment, whatever another connection commits meanwhile."""
        connection = self._connection
        if connection is None or connection.in_transaction:
            yield
            return
        connection.execute("BEGIN")
        try:
            yield
        finally:
            self._roll_back(connection)

    def fault(self, error: Exception, doing: str = "written") -> TacoreError:
        """Make the error for a caller, and remember whether the connection is in doubt."""
        reason = reason_of(error)
        if reason in DOUBTFUL:
            self._doubt = reason
        return mapped(error, self.path, doing)

    def close(self) -> None:
        """Close for good, folding the WAL into the file."""
        self._closed = True
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _writable(self) -> sqlite3.Connection:
        connection = self._connection
        if connection is not None and connection.in_transaction:
            raise Internal("a group of the ledger is open already; groups can't be nested")
        if _inode(self.path) != self._inode:
            raise unavailable("replaced", self.path)
        if connection is not None and self._doubt is None:
            return connection
        try:
            return self._open_anew()
        except sqlite3.Error as error:
            raise self.fault(error) from error

    def _open_anew(self) -> sqlite3.Connection:
        """Replace the connection, which stays for reading where that fails."""
        if self._closed:
            raise Internal("the ledger is closed")
        if _inode(self.path) != self._inode:
            raise unavailable("replaced", self.path)
        if self._doubt == "read_only":
            self._drop()  # or SQLite shares with the new one what this one may not write
        opened = _connect(self.path, "rw")
        self._drop()
        self._connection, self._doubt, self._locked = opened, None, False
        return opened

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        """Undo; SQLite itself may have done so after a fault."""
        if connection.in_transaction:
            try:
                connection.execute("ROLLBACK")
            except sqlite3.Error:
                self._doubt = "io"


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
