"""Turns a stretch of records into what one transaction writes."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import NamedTuple

import msgspec

from tacore.store import histogram
from tacore.store.pace import Pause, at_once
from tacore.store.request_hash import hash_name
from tacore.wire.records import Answers, Gauge, Record, Rows, WorkerStatus, decode_rows

BUCKET_US = 10_000_000
UNKNOWN_METHOD = "(unknown)"

Value = str | int | bytes | None
_DECIMALS = tuple(f".{number:03d}" for number in range(1_000))


class Rollup:
    """What happened to one method in ten seconds, as far as this batch knows."""

    __slots__ = ("errors", "processing_us", "queue_us")

    def __init__(self) -> None:
        self.errors = 0
        self.queue_us = 0
        self.processing_us: list[int] = []

    def histogram(self) -> dict[int, int]:
        """Count the processing times by bucket."""
        return histogram.count_values(Counter(self.processing_us).items())


class Insert(NamedTuple):
    """The rows of one batch of answers, ready to be bound.

    ``shared`` holds what is the same in all of them: method, worker, answered_us and, where they are
    ``plain``, the principal. ``rows`` lays the others out one row after the other: request_id, client,
    received_us, queue_us, processing_us, params, answer; where not plain, principal, code, attempts, flags,
    tries, steps.
    """

    plain: bool
    shared: tuple[Value, ...]
    rows: list[Value]


class Batch:
    """Rows, rollups, totals, workers, gauges and log lines, waiting for one commit.

    ``malformed`` counts answers whose rows could not be decoded or did not pair up with the broker's.
    """

    def __init__(self, *, lines: bool, pause: Pause = at_once) -> None:
        self.inserts: list[Insert] = []
        self.hashes = array("I")
        self.rollups: dict[tuple[int, str], Rollup] = {}
        self.totals: dict[tuple[str, str], list[int]] = {}
        self.workers: dict[str, WorkerStatus] = {}
        self.gauges: dict[tuple[int, str, str], list[float]] = {}
        self.lines: list[str] | None = [] if lines else None
        self.malformed = 0
        self.seq = 0
        self._pause = pause

    def add(self, records: Iterable[Record]) -> None:
        """Take one chunk's records."""
        for record in records:
            if isinstance(record, Answers):
                self._add_answers(record)
                self._pause()
            elif isinstance(record, WorkerStatus):
                self._add_worker(record)
            else:
                self._add_gauge(record)

    def spell_out_large_ids(self) -> None:
        """Turn integer ids that SQLite cannot hold (over 63 bits) into text."""
        for insert in self.inserts:
            insert.rows[:] = [str(value) if _too_large(value) else value for value in insert.rows]

    def _add_answers(self, record: Answers) -> None:
        try:
            rows = _paired(record, decode_rows(record.rows))
        except (msgspec.DecodeError, ValueError):
            self.malformed += len(record.clients)
            return
        if not rows.request_ids:
            return
        self.inserts.append(_insert(record, rows))
        names = [str(each) for each in rows.request_ids]
        self.hashes.extend([hash_name(name.encode()) for name in names])
        self._count(record, rows)
        if self.lines is not None:
            self.lines.append(_lines(record, names, rows))

    def _count(self, record: Answers, rows: Rows) -> None:
        times = rows.processing_us
        codes = Counter(rows.codes or {None: len(times)})
        method = record.method or UNKNOWN_METHOD
        if record.worker_id is None and "unknown_method" in codes:
            method = UNKNOWN_METHOD
        second = record.answered_us // BUCKET_US * 10
        rollup = self.rollups.get((second, method))
        if rollup is None:
            rollup = self.rollups[second, method] = Rollup()
        rollup.errors += len(times) - codes[None]
        rollup.queue_us += sum(record.queue_us)
        rollup.processing_us += times
        for code, count in codes.items():
            total = self.totals.setdefault((method, code or ""), [0, 0])
            total[0] += count
            total[1] += sum(
                times
                if rows.codes is None
                else (t for t, c in zip(times, rows.codes, strict=True) if c == code)
            )

    def _add_worker(self, record: WorkerStatus) -> None:
        known = self.workers.get(record.worker_id)
        if known is None or known.at_us <= record.at_us:
            self.workers[record.worker_id] = record

    def _add_gauge(self, record: Gauge) -> None:
        key = (record.at_us // BUCKET_US * 10, record.name, record.subject)
        known = self.gauges.setdefault(key, [record.at_us, record.value, record.value])
        if record.at_us >= known[0]:
            known[:2] = [record.at_us, record.value]
        known[2] = max(known[2], record.value)


def _too_large(value: Value) -> bool:
    return isinstance(value, int) and value.bit_length() > 63  # noqa: PLR2004 - SQLite's integers


def _paired(record: Answers, rows: Rows) -> Rows:
    """Give the rows if every column is as long as the broker's; ValueError where one is not."""
    columns: list[Sequence[object] | None] = [record.received_us, record.queue_us, record.attempts]
    columns += [rows.request_ids, rows.processing_us, rows.params, rows.answers, rows.codes, rows.flags]
    columns += [record.tries, rows.steps]
    columns.append(record.principals if isinstance(record.principals, list) else None)
    if any(each is not None and len(each) != len(record.clients) for each in columns):
        raise ValueError("the columns differ in length")
    return rows


def _insert(record: Answers, rows: Rows) -> Insert:
    count, who = len(rows.request_ids), record.principals
    nothing: Sequence[Value] = [None] * count
    columns: list[Iterable[Value]] = [
        rows.request_ids,
        record.clients,
        record.received_us,
        record.queue_us,
        rows.processing_us,
        nothing if rows.params is None else _texts(rows.params),
        nothing if rows.answers is None else _texts(rows.answers),
    ]
    shared = record.method, record.worker_id, record.answered_us
    first_tries = record.attempts is None or set(record.attempts) == {1}
    traced = record.tries is not None or rows.steps is not None
    if isinstance(who, str) and rows.codes is None and rows.flags is None and first_tries and not traced:
        return Insert(True, (*shared, who), list(chain.from_iterable(zip(*columns, strict=True))))
    columns += [
        [who] * count if isinstance(who, str) else who,
        rows.codes or nothing,
        record.attempts or [1] * count,
        rows.flags or [0] * count,
        nothing if record.tries is None else _texts(record.tries),
        nothing if rows.steps is None else _texts(rows.steps),
    ]
    return Insert(False, shared, list(chain.from_iterable(zip(*columns, strict=True))))


def _texts(column: Sequence[bytes | None]) -> Sequence[str | None]:
    """Decode JSON, for text binds twice as fast as bytes; a cut may have left part of a character."""
    try:
        return [None if each is None else each.decode() for each in column]
    except UnicodeDecodeError:
        return [None if each is None else each.decode(errors="ignore") for each in column]


def _lines(record: Answers, names: Sequence[str], rows: Rows) -> str:
    """Write a line per answer, ending in the milliseconds; control characters are escaped."""
    moment = datetime.fromtimestamp(record.answered_us / 1_000_000, UTC)
    prefix = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z INFO performance request_id="
    about = f" method={record.method or '-'} worker={record.worker_id or 'broker'} status="
    lines = [
        f"{prefix}{name}{about}{code or 'success'} processing_time {took // 1000}{_DECIMALS[took % 1000]}"
        for name, code, took in zip(
            names, rows.codes or repeat(None, len(names)), rows.processing_us, strict=True
        )
    ]
    if not "".join([about, *names, *filter(None, rows.codes or ())]).isprintable():
        lines = [line.encode("unicode_escape").decode() for line in lines]
    return "\n".join(lines)
