"""Journal records, a link to a real writer process, and a straightforward oracle over what was written."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tacore.store.link import JournalLink
from tacore.store.options import WriterOptions
from tacore.wire.records import Answers, encode_chunk
from tests.support.journal_columns import Row, encode_rows

T0_US = 1_700_000_000_000_000


def options(folder: Path, **changes: object) -> WriterOptions:
    """Give a writer's options with files in ``folder`` and rows kept for ever."""
    made = WriterOptions(
        db=str(folder / "tacore.db"),
        lock=str(folder / "tacore.lock"),
        performance_log=str(folder / "performance.log"),
        retention_days=0,
        rollup_days=0,
        commit_ms=10,
    )
    return made._replace(**changes)  # type: ignore[arg-type]


def answers(
    rows: Sequence[Row],
    *,
    method: str | None = "debug.echo",
    worker_id: str | None = "fast-1",
    answered_us: int = T0_US,
    principals: str | list[str] = "local",
    client: bytes = b"\0\x01\x02\x03\xff",
    queue_us: int = 100,
    attempts: list[int] | None = None,
) -> Answers:
    """Pair rows with what a broker knows of them."""
    count = len(rows)
    known = [client] * count, [answered_us - 5_000] * count, [queue_us] * count, attempts
    return Answers(method, worker_id, answered_us, principals, *known, encode_rows(rows))


def chunk(first: int, count: int, *, answered_us: int = T0_US) -> bytes:
    """Make a chunk of rows whose request_ids are the numbers from ``first`` on."""
    rows = [Row(number, None, 1_000, b"{}", b"{}") for number in range(first, first + count)]
    return encode_chunk([answers(rows, answered_us=answered_us)])


def pump_until(link: JournalLink, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Do the broker's part until something holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited too long; the link says {link.status()}")
        link.pump()
        time.sleep(0.002)


def committed(link: JournalLink) -> Callable[[], bool]:
    """Give the condition that everything appended is committed."""
    return lambda: link.status()["rows_waiting"] == 0
