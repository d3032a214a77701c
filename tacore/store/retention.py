"""Forgets old rows in slices, so that no commit waits long for it.

The newest row always stays, so that ids never start anew. SQLite reuses the pages that become free; the file
does not shrink.
"""

import sqlite3
from typing import NamedTuple

DAY_US = 86_400_000_000
SLICE_ROWS = 5_000
_ENDS = "SELECT (SELECT min(id) FROM requests), (SELECT max(id) FROM requests)"  # both in one reads every row


class Retention(NamedTuple):
    """How long to keep what; zero means for ever."""

    row_days: float = 14.0
    max_rows: int = 10_000_000
    rollup_days: float = 90.0


def prune(connection: sqlite3.Connection, keep: Retention, now_us: int, slice_rows: int = SLICE_ROWS) -> bool:
    """Delete one slice of what is too old or too much; tell whether there may be more."""
    oldest, newest = connection.execute(_ENDS).fetchone()
    if oldest is None:
        return False
    end = min(oldest + slice_rows, newest)
    first_kept = oldest
    if keep.max_rows:
        first_kept = max(first_kept, min(end, newest - keep.max_rows + 1))
    if keep.row_days:
        first_kept = max(
            first_kept, _first_younger(connection, oldest, end, now_us - int(keep.row_days * DAY_US))
        )
    if first_kept == oldest:
        return False
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM requests WHERE id < ?", (first_kept,))
        connection.execute("DELETE FROM request_index WHERE last_id < ?", (first_kept,))
    return bool(first_kept == end)


def prune_summaries(connection: sqlite3.Connection, keep: Retention, now_us: int) -> None:
    """Delete rollups, gauges and departed workers that are too old."""
    if not keep.rollup_days:
        return
    before_us = now_us - int(keep.rollup_days * DAY_US)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM rollups WHERE bucket_s < ?", (before_us // 1_000_000,))
        connection.execute("DELETE FROM gauges WHERE bucket_s < ?", (before_us // 1_000_000,))
        connection.execute("DELETE FROM workers WHERE last_seen_us < ?", (min(before_us, now_us - DAY_US),))


def _first_younger(connection: sqlite3.Connection, first: int, end: int, cutoff_us: int) -> int:
    """Find the first id in [first, end) that was answered at the cutoff or later, else ``end``."""
    find = "SELECT id FROM requests WHERE id >= ? AND id < ? AND answered_us >= ? ORDER BY id LIMIT 1"
    found = connection.execute(find, (first, end, cutoff_us)).fetchone()
    return int(found[0]) if found else end
