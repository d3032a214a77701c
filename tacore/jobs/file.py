"""The open jobs.db: transactions happen whole or not at all, and only of the newest epoch."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tacore.errors import ConfigurationError, Internal, TacoreError, Unavailable
from tacore.jobs import schema
from tacore.migrations import migrate

_BUSY_S = 0.3
_PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    "temp_store = MEMORY",
    "journal_size_limit = 67108864",
)
_PASSING = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }
)


class Fenced(Unavailable):
    """A later manager has taken jobs.db: this one must neither commit nor start anything again."""


class JobsFile:
    """One connection, for one thread. A write after a fault opens the file anew."""

    def __init__(self, path: Path, wall_us: int) -> None:
        self.path = path
        self.epoch = 0
        self._doubtful = False
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(path, "rwc")
            migrate(self._connection, schema.MIGRATIONS, "jobs.db", wall_us)
            self.store_id = str(self.rows("SELECT store_id FROM about")[0][0])
        except sqlite3.Error as error:
            self.close()
            raise self.fault(error, "opened") from error
        except OSError as error:
            raise Unavailable(
                f"jobs.db can't be opened: {error}", details={"jobs": str(path), "reason": "io"}
            ) from error
        except BaseException:
            self.close()
            raise

    def take(self) -> None:
        """Begin the next epoch: whoever wrote before can't any more."""
        self.epoch = 0
        with self.transaction(fenced=False) as run:
            run("UPDATE about SET epoch = epoch + 1")
            ((self.epoch,),) = run("SELECT epoch FROM about").fetchall()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Read."""
        try:
            return self._open().execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self.fault(error, "read") from error

    @contextmanager
    def transaction(self, *, fenced: bool = True) -> Iterator[Any]:
        """Give what runs a statement; commit what happens inside, or undo all of it."""
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            if fenced:
                self._check_epoch(connection)
            yield connection.execute
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise self.fault(error, "written") from error
            raise

    def fault(self, error: sqlite3.Error, doing: str) -> TacoreError:
        """Make the error for a caller: Unavailable where it may pass, Internal for a defect of ours."""
        code = getattr(error, "sqlite_errorcode", None)
        details = {"jobs": str(self.path), "reason": str(getattr(error, "sqlite_errorname", "unknown"))}
        if code is None or code & 0xFF not in _PASSING:
            return Internal(f"jobs.db refused a statement: {error}", details=details)
        self._doubtful = True
        return Unavailable(f"jobs.db can't be {doing}: {error}", details=details)

    def close(self) -> None:
        """Close, folding the WAL into the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _check_epoch(self, connection: sqlite3.Connection) -> None:
        ((epoch,),) = connection.execute("SELECT epoch FROM about").fetchall()
        if epoch != self.epoch:
            raise Fenced(
                f"a later manager has taken {self.path}",
                details={"jobs": str(self.path), "epoch": self.epoch, "taken": epoch},
            )

    def _open(self) -> sqlite3.Connection:
        connection = self._connection
        if connection is not None and (not self._doubtful or connection.in_transaction):
            return connection
        try:
            opened = _connect(self.path, "rw")
        except sqlite3.Error as error:
            raise self.fault(error, "opened") from error
        self.close()
        self._connection, self._doubtful = opened, False
        return opened


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        (found,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if found != "wal":
            raise ConfigurationError(f"the file system of jobs.db allows only journal mode {found}, not wal")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection
