"""The journal: how quickly it is read, and whether its writer keeps up."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from tacore.cli.doctor.finding import Finding, ok, problem, warning
from tacore.cli.doctor.situation import Situation
from tacore.errors import NotFound
from tacore.store.queries import Reader
from tacore.store.rows import Filters

LAG_MS = 5000.0
TRIES = 2
"""A busy machine slows the first; what is slow by itself is so each time."""
ENOUGH_S = 1.0
"""After so long it is known to be slow."""


def examine(situation: Situation) -> Sequence[Finding]:
    """Time what monitor, terminal screen and commands ask of the real database, and look at the writer."""
    return [*chain(_queries(situation), _writer(situation))]


def _queries(situation: Situation) -> Iterable[Finding]:
    if not situation.database.is_file():
        yield ok(f"there is none at {situation.database} yet")
        return
    try:
        reader = Reader(situation.database)
    except NotFound as error:
        yield warning(error.message, "see what is said of databases above")
        return
    try:
        times = {what: _time_ms(ask) for what, ask in _asked(reader)}
        newest = next((row.id for row in reader.tail(1).rows), 0)
    except sqlite3.Error as error:
        yield problem(f"{situation.database} can't be read: {error}", "see what is said of databases above")
        return
    finally:
        reader.close()
    slow = [f"{what} {ms:,.0f} ms" for what, ms in times.items() if ms > situation.slow_ms]
    if not slow:
        yield ok(f"the slowest query took {max(times.values()):.1f} ms (newest row: {newest:,})")
        return
    yield problem(
        f"slow queries on {situation.database} (over {situation.slow_ms:g} ms): {', '.join(slow)}",
        "see `tacore ps` for what keeps the machine busy, and whether the disk is slow; keep less "
        "(journal.max_rows, journal.retention_days, journal.rollup_retention_days); then, with the service "
        f"stopped, `sqlite3 {situation.database} VACUUM`",
    )


def _asked(reader: Reader) -> Iterable[tuple[str, Callable[[], object]]]:
    now_us = time.time_ns() // 1000
    yield "last 100", lambda: reader.tail(100)
    yield (
        "last hour's errors",
        lambda: reader.tail(100, Filters(status="error", since_us=now_us - 3_600_000_000)),
    )
    yield "rates of 5 minutes", lambda: reader.rates(300)
    yield "an hour's series", lambda: reader.series(3600)
    yield "gauges", lambda: reader.gauges(60)
    yield "one request_id", lambda: reader.by_request_id("doctor: no such request")


def _time_ms(ask: Callable[[], object]) -> float:
    took: list[float] = []
    while len(took) < TRIES and sum(took) < ENOUGH_S:
        started = time.perf_counter()
        ask()
        took.append(time.perf_counter() - started)
    return min(took) * 1000


def _writer(situation: Situation) -> Iterable[Finding]:
    told = situation.broker.parts.get("journal")
    if told is None:
        return
    if told["status"] != "healthy":
        yield problem(
            f"the writer does not get on: {told['reason']}", "the reason says it; see also disk and databases"
        )
    elif told["lag_ms"] > LAG_MS:
        yield problem(
            f"the journal lags {told['lag_ms'] / 1000:.1f} s behind ({told['rows_waiting']:,} rows wait)",
            "the disk is slow, or the machine busy: `tacore ps`; journal.payloads: none makes rows smaller",
        )
    if told["rows_dropped"]:
        yield problem(
            f"{told['rows_dropped']:,} rows were dropped since the broker started: its writer was too slow",
            "raise journal.buffer_mb, or give it a quicker disk; orders are not concerned",
        )
