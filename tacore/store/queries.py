"""The read queries over tacore.db that monitor, TUI and command line share.

None scans the whole table: a view goes by id, looks at a bounded stretch of ids, or reads the rollups.
"""

import re
import sqlite3
import time
from array import array
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tacore.errors import InvalidParams, NotFound
from tacore.store import histogram, statistics
from tacore.store.request_hash import hash_of
from tacore.store.rows import (
    Counters,
    Filters,
    GaugeValue,
    Latency,
    LogRow,
    MethodRate,
    Page,
    Point,
    Total,
    Window,
    Worker,
)
from tacore.store.schema import TRACED

MAX_SCAN = 50_000
DISORDER_US = 10_000_000
"""How far apart neighbours' times may be out of order."""

MAX_SAME_ID = 1_000
WATCHER = "watch"
"""How the routing ids of screens begin, so that their own looks can be told from what clients ask."""
_WATCHED = f"substr(r.client, 1, {len(WATCHER) + 1}) = x'{WATCHER.encode().hex()}2d'"
ANY = Filters()
_WORK = (
    "iif(?3 IS NULL, method NOT IN ('health.check', 'describe.methods', '(unknown)') "
    "AND method NOT LIKE 'admin.%', method = ?3)"
)


class Reader:
    """A read-only connection, for one thread at a time; also a context manager.

    NotFound where there is no database, or none with tables yet.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        if not path.is_file():
            raise NotFound(
                f"there is no journal at {path}: no broker has run there yet", details={"journal": str(path)}
            )
        self._connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2.0, check_same_thread=False
        )
        self._connection.text_factory = _text
        try:
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error as problem:
            self._connection.close()
            raise NotFound(
                f"{path} cannot be read as a journal: {problem}", details={"journal": str(path)}
            ) from problem
        if not version:
            self._connection.close()
            raise NotFound(
                f"the journal at {path} is empty: its writer has not started yet",
                details={"journal": str(path)},
            )
        self._select = _select(version)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def tail(self, limit: int = 100, filters: Filters = ANY, *, max_scan: int = MAX_SCAN) -> Page:
        """Give the newest rows, newest first."""
        return self.before(self._ids()[1] + 1, limit, filters, max_scan=max_scan)

    def before(self, id_: int, limit: int = 100, filters: Filters = ANY, *, max_scan: int = MAX_SCAN) -> Page:
        """Give rows older than an id, newest first."""
        oldest, newest = self._range(filters)
        last = min(id_ - 1, newest)
        first = max(oldest, last - max_scan + 1)
        rows = self._rows(filters, first, last, limit, descending=True)
        next_id = rows[-1].id if len(rows) == limit else first
        return Page(rows, next_id, next_id <= oldest)

    def since(self, id_: int, limit: int = 100, filters: Filters = ANY, *, max_scan: int = MAX_SCAN) -> Page:
        """Give rows newer than an id, oldest first."""
        oldest, newest = self._range(filters)
        first = max(id_ + 1, oldest)
        last = min(newest, first + max_scan - 1)
        rows = self._rows(filters, first, last, limit, descending=False)
        next_id = rows[-1].id if len(rows) == limit else max(id_, last)
        return Page(rows, next_id, next_id >= newest)

    def skip(self, id_: int, count: int, filters: Filters = ANY, *, max_scan: int = MAX_SCAN) -> int:
        """Give the id of the last of ``count`` rows older than an id, or where the look ended."""
        if not count:
            return id_
        oldest, newest = self._range(filters)
        last = min(id_ - 1, newest)
        first = max(oldest, last - max_scan - count + 1)
        where, values = _conditions(filters)
        query = f"SELECT r.id FROM requests r WHERE r.id BETWEEN ? AND ?{where}"  # noqa: S608 - our own names
        query += " ORDER BY r.id DESC LIMIT 1 OFFSET ?"
        found = self._connection.execute(query, (first, last, *values, count - 1)).fetchone()
        return first if found is None else int(found[0])

    def row(self, id_: int) -> LogRow:
        """Give the row of an id; NotFound where there is none (any more)."""
        found = self._connection.execute(f"{self._select} WHERE r.id = ?", (id_,)).fetchone()
        if found is None:
            oldest, newest = self._ids()
            raise NotFound(f"the journal has no row {id_}; it has {oldest} to {newest}", details={"id": id_})
        return LogRow._make(found)

    def newest(self) -> tuple[int, int]:
        """Give the newest row's id and when it was answered (epoch microseconds); zeros without rows."""
        query = "SELECT id, answered_us FROM requests ORDER BY id DESC LIMIT 1"
        found = self._connection.execute(query).fetchone()
        return (0, 0) if found is None else (found[0], found[1])

    def by_request_id(self, request_id: str | int, filters: Filters = ANY) -> list[LogRow]:
        """Give every row of that id, newest first; it matches as an integer and as a text."""
        ids = self._find(request_id)
        where, values = _conditions(filters._replace(request_id=request_id))
        marks = ", ".join("?" * len(ids))
        query = f"{self._select} WHERE r.id IN ({marks}){where} ORDER BY r.id DESC"
        return [LogRow._make(row) for row in self._connection.execute(query, (*ids, *values))]

    def rates(self, window_s: int = 300, *, now_s: float | None = None) -> list[MethodRate]:
        """Give each method's rates over about the last ``window_s`` seconds, busiest first."""
        return self.window(window_s, now_s=now_s).methods

    def window(self, window_s: int = 300, *, now_s: float | None = None) -> Window:
        """Give what was answered over about the last ``window_s`` seconds, by method and altogether."""
        now_s = time.time() if now_s is None else now_s
        start = int(now_s - window_s) // 10 * 10
        query = "SELECT * FROM rollups WHERE bucket_s >= ? AND bucket_s <= ?"
        return statistics.window(self._connection.execute(query, (start, int(now_s))), now_s - start)

    def overall(
        self, window_s: int = 300, method: str | None = None, *, now_s: float | None = None
    ) -> MethodRate | None:
        """Give the rates of one method, or of all together; None where there were no answers.

        All are those that did some work: neither the broker's own (health.check, admin.*) nor what no method
        serves, or whoever asks often how the service is would hide that it is slow.
        """
        now_s = time.time() if now_s is None else now_s
        start = int(now_s - window_s) // 10 * 10
        query = f"SELECT * FROM rollups WHERE bucket_s >= ?1 AND bucket_s <= ?2 AND {_WORK}"  # noqa: S608 - our own
        rows = self._connection.execute(query, (start, int(now_s), method))
        return statistics.overall(rows, now_s - start, method or "all")

    def series(
        self, window_s: int = 3600, method: str | None = None, *, now_s: float | None = None
    ) -> list[Point]:
        """Give a point for each ten seconds that had answers, oldest first."""
        now_s = time.time() if now_s is None else now_s
        start = int(now_s - window_s) // 10 * 10
        query = (
            "SELECT * FROM rollups WHERE bucket_s >= ? AND bucket_s <= ? AND (? IS NULL OR method = ?)"
            " ORDER BY bucket_s"
        )
        return statistics.series(self._connection.execute(query, (start, int(now_s), method, method)))

    def totals(self) -> list[Total]:
        """Give the all-time totals by method and code."""
        query = "SELECT method, nullif(code, ''), count, sum_us / 1000.0 / count FROM totals ORDER BY 1, 2"
        return [Total._make(row) for row in self._connection.execute(query)]

    def latencies(self) -> list[Latency]:
        """Give the all-time latencies by method."""
        query = "SELECT method, count, sum_us / 1e6, histogram FROM latencies ORDER BY method"
        return [
            Latency(method, count, sum_s, histogram.decode_large(blob))
            for method, count, sum_s, blob in self._connection.execute(query)
        ]

    def counters(self) -> Counters:
        """Give what counts up for ever, as of one commit, so that its figures agree."""
        self._connection.execute("BEGIN")
        try:
            return Counters(self.totals(), self.latencies())
        finally:
            self._connection.execute("COMMIT")

    def workers(self) -> list[Worker]:
        """Give the newest status of each worker."""
        query = f"SELECT {', '.join(Worker._fields)} FROM workers ORDER BY worker_id"  # noqa: S608 - our own names
        return [Worker._make(row) for row in self._connection.execute(query)]

    def gauges(self, window_s: int = 60, *, now_s: float | None = None) -> list[GaugeValue]:
        """Give each gauge's newest value within the window."""
        newest = {(each.name, each.subject): each for each in self.gauge_history(window_s, now_s=now_s)}
        return sorted(newest.values(), key=lambda each: (each.name, each.subject))

    def gauge_history(
        self, window_s: int = 3600, name: str | None = None, *, now_s: float | None = None
    ) -> list[GaugeValue]:
        """Give the gauges' values of each ten seconds, oldest first."""
        now_s = time.time() if now_s is None else now_s
        start = int(now_s - window_s) // 10 * 10
        query = (
            "SELECT * FROM gauges WHERE bucket_s >= ? AND bucket_s <= ? AND (? IS NULL OR name = ?)"
            " ORDER BY bucket_s"
        )
        rows = self._connection.execute(query, (start, int(now_s), name, name))
        return [GaugeValue._make(row) for row in rows]

    def _rows(self, filters: Filters, first: int, last: int, limit: int, *, descending: bool) -> list[LogRow]:
        if filters.request_id is not None:
            rows = [row for row in self.by_request_id(filters.request_id, filters) if first <= row.id <= last]
            return rows[:limit] if descending else rows[::-1][:limit]
        where, values = _conditions(filters)
        order = "DESC" if descending else "ASC"
        query = f"{self._select} WHERE r.id BETWEEN ? AND ?{where} ORDER BY r.id {order} LIMIT ?"
        return [LogRow._make(row) for row in self._connection.execute(query, (first, last, *values, limit))]

    def _ids(self) -> tuple[int, int]:
        """Give the oldest and the newest id; (1, 0) when there are no rows."""
        oldest, newest = self._connection.execute(
            "SELECT (SELECT min(id) FROM requests), (SELECT max(id) FROM requests)"
        ).fetchone()
        return (1, 0) if oldest is None else (oldest, newest)

    def _range(self, filters: Filters) -> tuple[int, int]:
        """Narrow the ids down by the filters' times, with room for some disorder."""
        oldest, newest = self._ids()
        first, last = oldest, newest
        if filters.since_us is not None:
            first = self._id_at(filters.since_us - DISORDER_US, oldest, newest)
        if filters.until_us is not None:
            last = self._id_at(filters.until_us + DISORDER_US, oldest, newest) - 1
        return first, last

    def _id_at(self, at_us: int, oldest: int, newest: int) -> int:
        """Find by bisection the first id answered at that time or later, else one past the newest."""
        find = "SELECT answered_us FROM requests WHERE id >= ? ORDER BY id LIMIT 1"
        low, high = oldest, newest + 1
        while low < high:
            middle = (low + high) // 2
            row = self._connection.execute(find, (middle,)).fetchone()
            if row is not None and row[0] < at_us:
                low = middle + 1
            else:
                high = middle
        return low

    def _find(self, request_id: str | int) -> list[int]:
        """Find the ids that may have this request_id: by hash where indexed, else by looking."""
        needle = re.compile(re.escape(array("I", [hash_of(request_id)]).tobytes()))
        found: list[int] = []
        indexed = 0
        for first, last, hashes in self._connection.execute("SELECT * FROM request_index ORDER BY first_id"):
            found += [first + position for position in _positions(hashes, needle)]
            indexed = last
        query = "SELECT id FROM requests WHERE id > ? AND CAST(request_id AS TEXT) = ?"
        found += [id_ for (id_,) in self._connection.execute(query, (indexed, str(request_id)))]
        return found[-MAX_SAME_ID:]


def _select(version: int) -> str:
    """Write the beginning of a query for rows; an older file, whose writer is still away, has no traces."""
    lacking = () if version >= TRACED else ("tries", "steps")
    columns = ", ".join("NULL" if name in lacking else f"l.{name}" for name in LogRow._fields)
    return f"SELECT {columns} FROM requests r JOIN request_logs l ON l.id = r.id"  # noqa: S608 - our own names


def _positions(hashes: bytes, needle: re.Pattern[bytes]) -> Sequence[int]:
    # A pattern goes through many megabytes in two thirds of the time of bytes.find.
    found = []
    at = needle.search(hashes)
    while at is not None:
        if at.start() % 4 == 0:
            found.append(at.start() // 4)
        at = needle.search(hashes, at.start() + 1)
    return found


def _conditions(filters: Filters) -> tuple[str, list[str | int]]:
    """Give the filters' SQL, each term beginning with AND, and their values."""
    if filters.status not in {None, "success", "error"}:
        raise InvalidParams("status is success or error", details={"status": filters.status})
    terms: list[tuple[str, str | int | None]] = [
        ("r.method = ?", filters.method),
        ("(r.code IS NULL) = ?", None if filters.status is None else filters.status == "success"),
        ("coalesce(r.worker, 'broker') = ?", filters.worker),
        ("r.answered_us >= ?", filters.since_us),
        ("r.answered_us < ?", filters.until_us),
        ("CAST(r.request_id AS TEXT) = ?", None if filters.request_id is None else str(filters.request_id)),
        ("instr(coalesce(r.params, '') || char(10) || coalesce(r.answer, ''), ?)", filters.text),
    ]
    used = [(term, value) for term, value in terms if value is not None]
    hidden = "" if filters.watchers else f" AND NOT coalesce({_WATCHED}, 0)"
    return "".join(f" AND {term}" for term, _ in used) + hidden, [value for _, value in used]


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
