"""Turns a stretch of records into what one transaction writes."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import repeat
from operator import itemgetter
from typing import Annotated

import msgspec

from tacore.store import histogram
from tacore.store.request_hash import hash_name
from tacore.wire.records import Answers, Gauge, Record, WorkerStatus

BUCKET_US = 10_000_000
UNKNOWN_METHOD = "(unknown)"

Value = str | int | bytes | None
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
WireRow = tuple[str | int, str | None, Count, bytes | None, bytes | None, Count]
_DECIMALS = tuple(f".{number:03d}" for number in range(1_000))
_decode_rows = msgspec.msgpack.Decoder(list[WireRow]).decode
_code, _processing_us = itemgetter(1), itemgetter(2)


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


class Batch:
    """Rows, rollups, totals, workers, gauges and log lines, waiting for one commit.

    ``malformed`` counts answers whose rows could not be decoded or did not pair up with the broker's.
    """

    def __init__(self, *, lines: bool) -> None:
        self.values: list[Value] = []
        self.hashes = array("I")
        self.rollups: dict[tuple[int, str], Rollup] = {}
        self.totals: dict[tuple[str, str], list[int]] = {}
        self.workers: dict[str, WorkerStatus] = {}
        self.gauges: dict[tuple[int, str, str], list[float]] = {}
        self.lines: list[str] | None = [] if lines else None
        self.malformed = 0
        self.seq = 0

    def add(self, records: Iterable[Record]) -> None:
        """Take one chunk's records."""
        for record in records:
            if isinstance(record, Answers):
                self._add_answers(record)
            elif isinstance(record, WorkerStatus):
                self._add_worker(record)
            else:
                self._add_gauge(record)

    def spell_out_large_ids(self) -> None:
        """Turn integer ids that SQLite cannot hold (over 63 bits) into text."""
        self.values = [str(value) if _too_large(value) else value for value in self.values]

    def _add_answers(self, record: Answers) -> None:
        try:
            rows = _decode_rows(record.rows)
        except msgspec.DecodeError:
            rows = []
        self.malformed += abs(len(record.metas) - len(rows))
        del rows[len(record.metas) :]
        if not rows:
            return
        self.values += _values(record, rows)
        names = [str(row[0]) for row in rows]
        self.hashes.extend([hash_name(name.encode()) for name in names])
        self._count(record, rows)
        if self.lines is not None:
            self.lines.append(_lines(record, names, rows))

    def _count(self, record: Answers, rows: Sequence[WireRow]) -> None:
        codes = Counter(map(_code, rows))
        method = record.method or UNKNOWN_METHOD
        if record.worker_id is None and "unknown_method" in codes:
            method = UNKNOWN_METHOD
        second = record.answered_us // BUCKET_US * 10
        rollup = self.rollups.get((second, method))
        if rollup is None:
            rollup = self.rollups[second, method] = Rollup()
        rollup.errors += len(rows) - codes[None]
        rollup.queue_us += sum([meta.queue_us for meta in record.metas])
        times = list(map(_processing_us, rows))
        rollup.processing_us += times
        for code, count in codes.items():
            total = self.totals.setdefault((method, code or ""), [0, 0])
            total[0] += count
            total[1] += sum(times) if len(codes) == 1 else sum(row[2] for row in rows if row[1] == code)

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


def _values(record: Answers, rows: Sequence[WireRow]) -> list[Value]:
    """Lay the rows out one after the other, in the order of the INSERT.

    Text binds twice as fast as bytes. A cut may have left part of a character, which is dropped.
    """
    method, worker, answered = record.method, record.worker_id, record.answered_us
    who = record.principals
    values: list[Value] = []
    try:
        for (request_id, code, took, params, answer, flags), meta, principal in zip(
            rows, record.metas, repeat(who) if isinstance(who, str) else who, strict=False
        ):
            values += (
                request_id,
                method,
                worker,
                principal,
                code,
                meta.client,
                meta.attempts,
                answered,
                meta.received_us,
                meta.queue_us,
                took,
                flags,
                None if params is None else params.decode(),
                None if answer is None else answer.decode(),
            )
    except UnicodeDecodeError:
        return _values(record, [_whole_characters(row) for row in rows])
    return values


def _whole_characters(row: WireRow) -> WireRow:
    request_id, code, took, params, answer, flags = row
    params = params and params.decode(errors="ignore").encode()
    answer = answer and answer.decode(errors="ignore").encode()
    return request_id, code, took, params, answer, flags


def _lines(record: Answers, names: Sequence[str], rows: Sequence[WireRow]) -> str:
    """Write a line per answer, ending in the milliseconds; control characters are escaped."""
    moment = datetime.fromtimestamp(record.answered_us / 1_000_000, UTC)
    prefix = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z INFO performance request_id="
    about = f" method={record.method or '-'} worker={record.worker_id or 'broker'} status="
    lines = [
        f"{prefix}{name}{about}{code or 'success'} processing_time {took // 1000}{_DECIMALS[took % 1000]}"
        for name, (_, code, took, _, _, _) in zip(names, rows, strict=True)
    ]
    if not "".join([about, *names, *filter(None, map(_code, rows))]).isprintable():
        lines = [line.encode("unicode_escape").decode() for line in lines]
    return "\n".join(lines)
