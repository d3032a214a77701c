"""The writer's side of tacore.db: one transaction per batch."""

import sqlite3
from array import array
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import astuple

from tacore.store import histogram
from tacore.store.batch import Batch, Insert, Rollup
from tacore.store.pace import Pause, at_once
from tacore.store.request_hash import hash_of
from tacore.store.schema import migrate
from tacore.wire.records import WorkerStatus

INDEX_ROWS = 8_192

ROWS_A_STATEMENT = 64
_INSERT = {
    True: """
INSERT INTO requests (method, worker, answered_us, principal, request_id, client, received_us, queue_us,
  processing_us, params, answer, attempts, flags) VALUES """,
    False: """
INSERT INTO requests (method, worker, answered_us, request_id, client, received_us, queue_us, processing_us,
  params, answer, principal, code, attempts, flags, tries, steps) VALUES """,
}
_SHARED = {True: 4, False: 3}  # values bound once a statement: a plain one's end with the principal
_WIDTHS = {True: 7, False: 13}  # values bound for each row
_LITERALS = {True: ", 1, 0", False: ""}
_TOTAL = """
INSERT INTO totals VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET count = count + excluded.count, sum_us = sum_us + excluded.sum_us
"""
_WORKER = """
INSERT INTO workers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET at_us = excluded.at_us, pool = excluded.pool, pid = excluded.pid,
  host = excluded.host, state = excluded.state, in_flight = excluded.in_flight,
  processed = excluded.processed, started_us = excluded.started_us, last_seen_us = excluded.last_seen_us,
  version = excluded.version, cpu_s = excluded.cpu_s, rss_bytes = excluded.rss_bytes
WHERE excluded.at_us >= workers.at_us
"""
_GAUGE = """
INSERT INTO gauges VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET max_value = max(max_value, excluded.max_value),
  value = iif(excluded.at_us >= at_us, excluded.value, value), at_us = max(at_us, excluded.at_us)
"""


class Database:
    """An open tacore.db; whatever goes wrong is a sqlite3.Error, after which it is closed and opened anew.

    Ids have no gaps, so a request's id follows from where its hash stands: every 8,192 rows or so their
    hashes become one row of request_index, at a fraction of the cost of an index on request_id.
    """

    def __init__(self, path: Path, pause: Pause = at_once) -> None:
        self._pause = pause
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(
            path, timeout=1.0, isolation_level=None, cached_statements=2 * ROWS_A_STATEMENT
        )
        try:
            self._open()
        except BaseException:
            self.connection.close()
            raise

    def _open(self) -> None:
        run = self.connection.execute
        for pragma in ("page_size = 8192", "journal_mode = WAL", "synchronous = FULL"):
            run(f"PRAGMA {pragma}")
        for pragma in ("wal_autocheckpoint = 2000", "journal_size_limit = 67108864", "cache_size = -16384"):
            run(f"PRAGMA {pragma}")
        migrate(self.connection)
        (self._indexed,) = run("SELECT coalesce(max(last_id), 0) FROM request_index").fetchone()
        tail = run(
            "SELECT id, request_id FROM requests WHERE id > ? ORDER BY id", (self._indexed,)
        ).fetchall()
        self._indexed = tail[0][0] - 1 if tail else self._indexed
        self._hashes = array("I", [hash_of(request_id) for _, request_id in tail])

    def committed_seq(self, epoch: int) -> int:
        """Give the number of the last chunk of a link's epoch that is in the file, zero if none is."""
        found = self.connection.execute("SELECT seq FROM progress WHERE epoch = ?", (epoch,)).fetchone()
        return int(found[0]) if found else 0

    def commit(self, batch: Batch, epoch: int) -> None:
        """Write the batch and how far it reaches, all or nothing, unless a failed attempt did after all."""
        if self.committed_seq(epoch) >= batch.seq:
            return
        try:
            self._transaction(batch, epoch)
        except OverflowError:
            batch.spell_out_large_ids()
            self._transaction(batch, epoch)
        if len(self._hashes) >= INDEX_ROWS:
            self._indexed += len(self._hashes)
            self._hashes = array("I")
        self._hashes.extend(batch.hashes)

    def close(self) -> None:
        """Close, folding the WAL into the file where nobody else reads it."""
        self.connection.close()

    def _transaction(self, batch: Batch, epoch: int) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            self._write(batch, epoch)
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def _write(self, batch: Batch, epoch: int) -> None:
        run, each = self.connection.execute, self.connection.executemany
        for insert in batch.inserts:
            self._insert(insert)
        counted = {key: rollup.histogram() for key, rollup in batch.rollups.items()}
        self._add_latencies(batch, counted)
        for key, rollup in batch.rollups.items():
            values = self._merged(*key, rollup, counted[key])
            run("REPLACE INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        each(_TOTAL, [(*key, *total) for key, total in batch.totals.items()])
        each(_WORKER, [_worker_values(record) for record in batch.workers.values()])
        each(_GAUGE, [(*key, *gauge) for key, gauge in batch.gauges.items()])
        run("REPLACE INTO progress VALUES (?, ?)", (epoch, batch.seq))
        if len(self._hashes) >= INDEX_ROWS:
            first, last = self._indexed + 1, self._indexed + len(self._hashes)
            run("INSERT INTO request_index VALUES (?, ?, ?)", (first, last, self._hashes.tobytes()))

    def _insert(self, insert: Insert) -> None:
        """Insert many rows a statement, which binds what they share once: a third less time."""
        run, width = self.connection.execute, _WIDTHS[insert.plain]
        step = width * ROWS_A_STATEMENT
        for start in range(0, len(insert.rows), step):
            rows = insert.rows[start : start + step]
            run(_statement(insert.plain, len(rows) // width), (*insert.shared, *rows))
            self._pause()

    def _add_latencies(self, batch: Batch, counted: Mapping[tuple[int, str], dict[int, int]]) -> None:
        """Add to the all-time latency of each method of the batch, whose histograms are ``counted``."""
        added: dict[str, tuple[list[int], dict[int, int]]] = {}
        for key, rollup in batch.rollups.items():
            sums, counts = added.setdefault(key[1], ([0, 0], {}))
            sums[0] += len(rollup.processing_us)
            sums[1] += sum(rollup.processing_us)
            histogram.merge(counts, counted[key])
        find = "SELECT count, sum_us, histogram FROM latencies WHERE method = ?"
        for method, (sums, counts) in added.items():
            count, sum_us, blob = self.connection.execute(find, (method,)).fetchone() or (0, 0, b"")
            histogram.merge(counts, histogram.decode_large(blob))
            values = (method, count + sums[0], sum_us + sums[1], histogram.encode_large(counts))
            self.connection.execute("REPLACE INTO latencies VALUES (?, ?, ?, ?)", values)

    def _merged(self, second: int, method: str, new: Rollup, counts: dict[int, int]) -> tuple[Any, ...]:
        """Add to the stored bucket, if there is one; ``counts`` is the new one's histogram."""
        find = "SELECT count, errors, sum_us, max_us, queue_us, histogram FROM rollups"
        known = self.connection.execute(f"{find} WHERE bucket_s = ? AND method = ?", (second, method))
        count, errors, total, most, queue, blob = known.fetchone() or (0, 0, 0, 0, 0, b"")
        histogram.merge(counts, histogram.decode(blob))
        times = new.processing_us
        numbers = (count + len(times), errors + new.errors, total + sum(times), max(most, *times, 0))
        return second, method, *numbers, queue + new.queue_us, histogram.encode(counts)


@cache
def _statement(plain: bool, count: int) -> str:
    """Write the INSERT of that many rows, whose shared values have the first numbers.

    The others have none: from Python 3.12 on, each bound value is looked for among the numbered ones.
    """
    shared = [f"?{number + 1}" for number in range(_SHARED[plain])]
    row = f"({', '.join([*shared, *['?'] * _WIDTHS[plain]])}{_LITERALS[plain]})"
    return _INSERT[plain] + ", ".join([row] * count)


def _worker_values(record: WorkerStatus) -> tuple[Any, ...]:
    return record.worker_id, record.at_us, *astuple(record)[2:]
