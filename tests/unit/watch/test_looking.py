"""What a tail skips, where it resumes, and which dead workers are worth a word."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tacore.errors import NotFound, Unavailable
from tacore.execution.ledger.glance import open_orders
from tacore.store.rows import Filters, Worker
from tacore.watch import workers
from tacore.watch.tail import Tail
from tacore.watch.watch import Watch
from tests.support.journal_columns import Row
from tests.support.monitors import NOBODY, Kept


def run(test: Any) -> None:
    asyncio.run(test())


def test_tail_when_rare_rows_are_among_many_finds_them_all_and_skips_none(tmp_path: Path) -> None:
    async def test() -> None:
        kept = Kept(tmp_path / "tacore.db")
        kept.add(1)
        async with Watch(NOBODY, kept.path) as watch:
            tail = Tail(watch, Filters(method="rare"), page=5)
            assert await tail.begin() == []
            assert tail.at == 1
            kept.add(20)
            kept.write([Row("r", None, 10)], method="rare")
            kept.add(20)
            fresh = await tail.look()
            assert ([row.id for row in fresh.rows], fresh.skipped, tail.at) == ([22], 0, 42)

    run(test)


def test_tail_when_it_resumes_where_it_was_misses_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        kept = Kept(tmp_path / "tacore.db")
        kept.add(5)
        async with Watch(NOBODY, kept.path) as watch:
            first = Tail(watch)
            await first.begin()
            kept.add(3)
            again = Tail(watch)
            assert [row.id for row in await again.begin(first.at)] == [6, 7, 8]

    run(test)


def kept_worker(name: str, seen_s: float) -> Worker:
    us = int(seen_s * 1e6)
    return Worker(name, us, "fast", 1, "h", "ready", 0, 1, us, us, "0.1", 0.0, 0)


@pytest.mark.parametrize(("told", "expected"), [([], ["new"]), (None, ["new", "old"])])
def test_worker_when_it_belongs_to_an_earlier_broker_is_not_called_dead(
    told: list[Any] | None, expected: list[str]
) -> None:
    seen = [kept_worker("old", 50.0), kept_worker("new", 150.0)]
    since_s = 100.0 if told is not None else 0.0
    found = workers.merge(told, seen, workers.Loads(), 200.0, since_s=since_s)
    assert [each.worker_id for each in found] == expected


def test_ledger_when_it_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nobody has placed orders there yet"):
        open_orders(tmp_path / "ledger.db")
    (tmp_path / "ledger.db").write_bytes(b"no database at all, but long enough to be looked at" * 50)
    with pytest.raises(Unavailable, match="cannot be read"):
        open_orders(tmp_path / "ledger.db")
