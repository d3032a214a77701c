"""Fills a journal through the real writer process; prints its CPU time per row and how long the queries take.

python benchmarks/journal.py --rows 5000000
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tacore.store.link import JournalLink
from tacore.store.options import WriterOptions
from tacore.store.queries import Reader
from tacore.store.rows import Filters
from tacore.wire.records import Answers, RowMaker, encode_chunk

BATCH = 32
MOST_WAITING = 16 << 20
RECORDS_PER_CHUNK = 4
METHODS = ("debug.echo", "health.check", "get.market_data", "scan.market", "analyze.stock", "evaluate.risk")
ERRORS = 0.01
ROW_TIME_US = 200
"""Rows are dated this far apart, up to the present: 5,000 a second."""


def record(first: int, total: int, now_us: int, rng: random.Random) -> Answers:
    """Make one batch of answers, with typical payloads."""
    answered_us = now_us - (total - first) * ROW_TIME_US
    numbers = range(first, min(first + BATCH, total))
    codes = ["invalid_params" if rng.random() < ERRORS else None for _ in numbers]
    rows = RowMaker()(
        [f"{number:032x}" for number in numbers],
        [int(rng.lognormvariate(7, 1)) for _ in numbers],
        [b'{"symbols":["AAPL","MSFT"]}'] * len(numbers),
        [b'{"echo":"' + b"x" * 60 + b'"}'] * len(numbers),
        codes if any(codes) else None,
    )
    clients, received, queued = [b"\0\x12\x34\x56\x78"], [answered_us - 2000], [150]
    known = clients * len(numbers), received * len(numbers), queued * len(numbers), None
    return Answers(rng.choice(METHODS), f"fast-{rng.randrange(4)}", answered_us, "local", *known, rows)


def ahead(link: JournalLink, sent: int, rate: int, began: float) -> bool:
    """Tell whether to wait: for the writer, or because so many rows a second were asked for."""
    too_early = bool(rate) and time.perf_counter() < began + sent / rate
    return too_early or link.status()["backlog_bytes"] > MOST_WAITING


def fill(link: JournalLink, total: int, rate: int) -> tuple[float, float]:
    """Send that many rows at a rate; give the seconds it took and the writer's CPU seconds so far."""
    rng = random.Random(1)  # noqa: S311 - no secret
    now_us = time.time_ns() // 1000
    began = time.perf_counter()
    step = BATCH * RECORDS_PER_CHUNK
    for first in range(0, total, step):
        starts = range(first, min(first + step, total), BATCH)
        link.append(encode_chunk([record(at, total, now_us, rng) for at in starts]), min(step, total - first))
        link.pump()
        while ahead(link, first, rate, began):
            time.sleep(0.005)
            link.pump()
    while link.status()["rows_waiting"]:
        time.sleep(0.005)
        link.pump()
    times = psutil.Process(link.status()["writer_pid"]).cpu_times()
    return time.perf_counter() - began, times.user + times.system


def timed(name: str, query: Callable[[], object]) -> None:
    """Print the first and the median time of a query."""
    times = []
    for _ in range(7):
        began = time.perf_counter()
        query()
        times.append((time.perf_counter() - began) * 1000)
    print(f"{name:44} first {times[0]:8.2f} ms   median {sorted(times)[3]:8.2f} ms")


def queries(path: Path, total: int) -> None:
    """Time each regular view."""
    rid = f"{total // 3:032x}"
    with Reader(path) as reader:
        timed("last 100", lambda: reader.tail(100))
        timed("since an id, 100 back", lambda: reader.since(total - 100, 1000))
        timed("5-minute rate and p95 by method", lambda: reader.rates(300))
        timed("one request_id", lambda: reader.by_request_id(rid))
        timed("last 100 errors", lambda: reader.tail(100, Filters(status="error")))
        timed(
            "one hour ago, 100",
            lambda: reader.tail(100, Filters(until_us=time.time_ns() // 1000 - 900_000_000)),
        )
        timed("text that is nowhere (one bounded look)", lambda: reader.tail(100, Filters(text="nowhere")))


def main() -> None:
    """Fill, measure, and delete the files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rate", type=int, default=0, help="rows a second (as fast as it goes)")
    parser.add_argument("--no-performance-log", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tacore-journal-", dir=".") as folder:
        home = Path(folder)
        log = "" if given.no_performance_log else str(home / "performance.log")
        options = WriterOptions(str(home / "tacore.db"), str(home / "tacore.lock"), log)
        link = JournalLink(options.argv())
        while link.status()["rows_committed"] == 0:
            link.append(encode_chunk([]), 1)
            time.sleep(0.05)
            link.pump()
        started = psutil.Process(link.status()["writer_pid"]).cpu_times()
        wall, cpu = fill(link, given.rows, given.rate)
        cpu -= started.user + started.system
        print(f"{given.rows:,} rows in {wall:.1f} s; writer {cpu / given.rows * 1e6:.2f} us of CPU a row")
        queries(home / "tacore.db", given.rows)
        link.close(60)
        print(f"file {(home / 'tacore.db').stat().st_size / given.rows:.0f} bytes a row")


if __name__ == "__main__":
    main()
