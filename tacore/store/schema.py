"""The tables of tacore.db and their migrations, which only the writer runs.

`PRAGMA user_version` counts the migrations applied. sqlite-utils describes them; it is slow to import, so it
is loaded only when there is something to migrate.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_FIRST_LOGS = """
SELECT
  id,
  request_id,
  method,
  coalesce(worker, 'broker') AS worker_id,
  CASE WHEN instr(client, x'00') OR CAST(client AS TEXT) GLOB '*[^ -~]*' THEN lower(hex(client))
    ELSE CAST(client AS TEXT) END AS client_id,
  params AS request_data,
  CASE WHEN code IS NULL THEN answer END AS response_data,
  processing_us / 1000.0 AS processing_time_ms,
  CASE WHEN code IS NULL THEN 'success' ELSE 'error' END AS status,
  CASE WHEN code IS NOT NULL THEN coalesce(answer, '{"code":"' || code || '"}') END AS error,
  strftime('%Y-%m-%dT%H:%M:%S', received_us / 1000000, 'unixepoch')
    || printf('.%06dZ', received_us % 1000000) AS created_at,
  strftime('%Y-%m-%dT%H:%M:%S', answered_us / 1000000, 'unixepoch')
    || printf('.%06dZ', answered_us % 1000000) AS answered_at,
  code,
  principal,
  attempts,
  queue_us / 1000.0 AS queue_ms,
  flags & 1 AS request_truncated,
  (flags >> 1) & 1 AS response_truncated
FROM requests
"""
REQUEST_LOGS = _FIRST_LOGS.replace("\nFROM requests", ",\n  tries,\n  steps\nFROM requests")
TRACED = 2
"""Since which version the view has ``tries`` and ``steps``."""


def _first(db: "Database") -> None:
    """Create the hot table, its view, the rollups and the rest.

    `bytes` is the BLOB type, which has no affinity: request_id keeps an integer an integer and a text a text.
    Payloads come last, so that a filter on the columns before them never reads an overflow page.
    """
    requests = {"id": int, "request_id": bytes, "method": str, "worker": str, "principal": str, "code": str}
    requests |= {"client": bytes, "attempts": int, "answered_us": int, "received_us": int, "queue_us": int}
    requests |= {"processing_us": int, "flags": int, "params": str, "answer": str}
    rollups = {"bucket_s": int, "method": str, "count": int, "errors": int, "sum_us": int, "max_us": int}
    rollups |= {"queue_us": int, "histogram": bytes}
    workers = {"worker_id": str, "at_us": int, "pool": str, "pid": int, "host": str, "state": str}
    workers |= {"in_flight": int, "processed": int, "started_us": int, "last_seen_us": int, "version": str}
    workers |= {"cpu_s": float, "rss_bytes": int}
    gauges = {"bucket_s": int, "name": str, "subject": str, "at_us": int, "value": float, "max_value": float}
    totals = {"method": str, "code": str, "count": int, "sum_us": int}
    progress = {"epoch": int, "seq": int}
    request_index = {"first_id": int, "last_id": int, "hashes": bytes}
    db.table("requests").create(requests, pk="id", if_not_exists=True)
    db.table("rollups").create(rollups, pk=("bucket_s", "method"), if_not_exists=True)
    db.table("totals").create(totals, pk=("method", "code"), if_not_exists=True)
    db.table("workers").create(workers, pk="worker_id", if_not_exists=True)
    db.table("gauges").create(gauges, pk=("bucket_s", "name", "subject"), if_not_exists=True)
    db.table("request_index").create(request_index, pk="first_id", if_not_exists=True)
    db.table("progress").create(progress, pk="epoch", if_not_exists=True)
    db.create_view("request_logs", _FIRST_LOGS, replace=True)


def _traces(db: "Database") -> None:
    """Add what a request's trace is drawn from; at the end, for most rows have none of it."""
    requests = db.table("requests")
    for name in ("tries", "steps"):
        if name not in requests.columns_dict:
            requests.add_column(name, str)
    db.create_view("request_logs", REQUEST_LOGS, replace=True)


MIGRATIONS: Sequence[Callable[["Database"], None]] = (_first, _traces)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date; each step may be run again after a crash in its middle."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version >= len(MIGRATIONS):
        return
    from sqlite_utils import Database  # noqa: PLC0415 - a second to import, needed once in a file's life

    db = Database(connection)
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        step(db)
        connection.execute(f"PRAGMA user_version = {number}")
