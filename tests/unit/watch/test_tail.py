"""The tail of a journal: every row once, oldest first, and no more than a screen can take."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tacore.errors import NotFound
from tacore.store.rows import Filters
from tacore.watch.tail import Tail
from tacore.watch.watch import Watch
from tests.support.kept import Journal

NOBODY = "tcp://127.0.0.1:1"


def run(test: Any) -> None:
    asyncio.run(test())


@asynccontextmanager
async def watching(path: Path) -> AsyncIterator[Watch]:
    async with Watch(NOBODY, path) as watch:
        yield watch


def test_tail_when_it_begins_gives_the_newest_and_then_only_what_is_new(path: Path) -> None:
    async def test() -> None:
        journal = Journal(path)
        journal.write(10)
        async with watching(path) as watch:
            tail = Tail(watch)
            assert [row.id for row in await tail.begin(limit=3)] == [8, 9, 10]
            assert await tail.look() == ([], 0)
            journal.write(4)
            assert [row.id for row in (await tail.look()).rows] == [11, 12, 13, 14]

    run(test)


def test_tail_when_it_takes_up_after_an_id_misses_nothing(path: Path) -> None:
    async def test() -> None:
        Journal(path).write(10)
        async with watching(path) as watch:
            tail = Tail(watch, page=4)
            seen = [row.id for row in await tail.begin(last=2)]
            while fresh := (await tail.look()).rows:
                seen += [row.id for row in fresh]
            assert seen == list(range(3, 11))

    run(test)


def test_tail_when_too_much_came_shows_the_newest_and_counts_the_rest(path: Path) -> None:
    async def test() -> None:
        journal = Journal(path)
        journal.write(1)
        async with watching(path) as watch:
            tail = Tail(watch, page=5)
            await tail.begin()
            journal.write(40)
            fresh = await tail.look()
            assert [row.id for row in fresh.rows] == list(range(37, 42))
            assert fresh.skipped == 35

    run(test)


def test_tail_when_the_journal_is_replaced_begins_anew(path: Path, tmp_path: Path, migrated: Path) -> None:
    async def test() -> None:
        Journal(path).write(10)
        async with watching(path) as watch:
            tail = Tail(watch)
            await tail.begin()
            other = tmp_path / "other.db"
            other.write_bytes(migrated.read_bytes())
            Journal(other).write(2)
            other.replace(path)
            assert [row.id for row in (await tail.look()).rows] == [1, 2]

    run(test)


def test_rows_of_screens_when_not_asked_for_are_left_out(path: Path) -> None:
    async def test() -> None:
        journal = Journal(path)
        journal.write(1, client=b"watch-0123")
        journal.write(1, client=b"watchful")
        journal.write(1, client=b"\x00k\x8bEg")
        async with watching(path) as watch:
            others = await watch.tail(10, Filters(watchers=False))
            assert [row.id for row in others.rows] == [3, 2]
            assert len((await watch.tail(10)).rows) == 3

    run(test)


def test_row_when_asked_by_its_id_is_that_one(path: Path) -> None:
    async def test() -> None:
        Journal(path).write(3)
        async with watching(path) as watch:
            assert (await watch.row(2)).request_id == 2
            with pytest.raises(NotFound, match="the journal has no row 4; it has 1 to 3"):
                await watch.row(4)
            assert [row.id for row in await watch.by_request_id(3)] == [3]

    run(test)


def test_watch_when_nothing_is_there_says_so_and_never_waits(tmp_path: Path) -> None:
    async def test() -> None:
        async with watching(tmp_path / "none.db") as watch:
            health = await watch.health()
            assert (health.status, health.up, health.since_s) == ("down", False, None)
            assert health.reasons == [f"no broker at {NOBODY}"]
            assert "there is no journal at" in health.journal_error
            with pytest.raises(NotFound):
                await watch.tail()
            with pytest.raises(NotFound):
                await watch.workers()

    run(test)


def test_series_when_summed_has_the_percentiles_of_its_ten_seconds(path: Path) -> None:
    async def test() -> None:
        journal = Journal(path)
        at_us = 1_700_000_001_000_000
        for took_us, count in ((1_000, 50), (10_000, 45), (100_000, 5)):
            journal.write(count, took_us=took_us, answered_us=at_us)
        journal.write(1, took_us=7_000, answered_us=at_us + 60_000_000)
        async with watching(path) as watch:
            (point,) = await watch.series(60, now_s=1_700_000_030.0)
            assert (point.start_s, point.requests, point.errors) == (1_700_000_000, 100, 0)
            assert point.mean_ms == pytest.approx(10.0)
            assert point.p50_ms == pytest.approx(1.0, rel=1 / 16)
            assert point.p95_ms == pytest.approx(10.0, rel=1 / 16)
            assert point.p99_ms == pytest.approx(100.0, rel=1 / 16)

    run(test)
