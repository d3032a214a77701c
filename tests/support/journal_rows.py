"""What a running service's journal holds, read by plain SQL."""

import sqlite3
import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.service import Service, wait_until


class LoggedRequest(NamedTuple):
    """A row, as the contract's view shows it."""

    request_id: str | int
    method: str | None
    worker_id: str
    status: str
    code: str | None
    attempts: int


def query(database: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a query on a read-only connection."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(sql, values).fetchall()


def rows(service: Service, prefix: str = "") -> list[LoggedRequest]:
    """Give the rows whose request_id begins with ``prefix``, oldest first, once all so far are committed.

    A row stands behind the rows of everything answered before it, so one more request marks the spot.
    """
    mark = f"mark-{uuid.uuid4().hex}"
    service.client.call("health.check", request_id=mark)
    wait_until(lambda: _has(service.database, mark), "the journal has caught up")
    return stored(service.database, prefix)


def stored(database: Path, prefix: str = "") -> list[LoggedRequest]:
    """Give the committed rows whose request_id begins with ``prefix``, oldest first."""
    columns = ", ".join(LoggedRequest._fields)
    sql = f"SELECT {columns} FROM request_logs WHERE substr(request_id, 1, ?) = ? ORDER BY id"  # noqa: S608 - our own names
    return [LoggedRequest._make(row) for row in query(database, sql, len(prefix), prefix)]


def counts(logged: list[LoggedRequest]) -> Counter[str | int]:
    """Count the rows of each request_id."""
    return Counter(row.request_id for row in logged)


def integrity(database: Path) -> str:
    """Give SQLite's own verdict on the file: "ok"."""
    return str(query(database, "PRAGMA integrity_check")[0][0])


def _has(database: Path, request_id: str) -> bool:
    if not database.exists() or not query(database, "PRAGMA user_version")[0][0]:
        return False
    newest = "SELECT request_id FROM request_logs ORDER BY id DESC LIMIT 200"
    return any(found == request_id for (found,) in query(database, newest))
