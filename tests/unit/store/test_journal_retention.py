import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tacore.store.batch import Batch
from tacore.store.database import Database
from tacore.store.link import JournalLink
from tacore.store.queries import Reader
from tacore.store.retention import DAY_US, Retention, prune, prune_summaries
from tacore.wire.records import Gauge, WorkerStatus
from tests.support.journal import T0_US, answers, chunk, options, pump_until
from tests.support.journal_columns import Row


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    opened = Database(home / "tacore.db")
    batch = Batch(lines=False)
    for hour in range(100):
        batch.add([answers([Row(hour, None, 0)], answered_us=T0_US + hour * 3_600_000_000)])
    batch.seq = 1
    opened.commit(batch, 1)
    yield opened
    opened.close()


def kept(database: Database) -> list[int]:
    return [hour for (hour,) in database.connection.execute("SELECT request_id FROM requests ORDER BY id")]


NOW_US = T0_US + 100 * 3_600_000_000


def test_prune_when_rows_are_too_old_deletes_them_slice_by_slice(database: Database) -> None:
    keep = Retention(row_days=1, max_rows=0)

    assert prune(database.connection, keep, NOW_US, slice_rows=50)
    assert kept(database) == list(range(50, 100))
    assert not prune(database.connection, keep, NOW_US, slice_rows=50)
    assert kept(database) == list(range(76, 100))
    assert not prune(database.connection, keep, NOW_US, slice_rows=50)


def test_prune_when_there_are_too_many_rows_keeps_the_newest(database: Database) -> None:
    prune(database.connection, Retention(row_days=0, max_rows=10), NOW_US)

    assert kept(database) == list(range(90, 100))


def test_prune_when_everything_is_too_old_keeps_one_so_that_ids_go_on(database: Database) -> None:
    prune(database.connection, Retention(row_days=1, max_rows=0), NOW_US + 10 * DAY_US)
    assert kept(database) == [99]

    batch = Batch(lines=False)
    batch.add([answers([Row(100, None, 0)])])
    batch.seq = 2
    database.commit(batch, 1)

    assert database.connection.execute("SELECT id FROM requests ORDER BY id").fetchall() == [(100,), (101,)]


def test_prune_when_nothing_is_limited_deletes_nothing(database: Database) -> None:
    assert not prune(database.connection, Retention(0, 0, 0), NOW_US + 1_000 * DAY_US)
    prune_summaries(database.connection, Retention(0, 0, 0), NOW_US + 1_000 * DAY_US)

    assert len(kept(database)) == 100
    assert database.connection.execute("SELECT count(*) FROM rollups").fetchone() == (100,)


def test_prune_when_summaries_are_too_old_deletes_them(database: Database) -> None:
    batch = Batch(lines=False)
    batch.seq = 2
    gone = WorkerStatus(T0_US, "w", "fast", 1, "h", "dead", 0, 0, T0_US, T0_US, "0", 0.0, 0)
    batch.add([Gauge(T0_US, "cpu", "broker", 1.0), gone])
    database.commit(batch, 1)

    prune_summaries(database.connection, Retention(0, 0, rollup_days=1), NOW_US)

    counts = [
        database.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - names below
        for table in ("rollups", "gauges", "workers")
    ]
    assert counts == [24, 0, 0]


def test_writer_when_over_its_row_limit_prunes_and_still_finds_what_is_left(home: Path) -> None:
    link = JournalLink(options(home, max_rows=9_000, performance_log="").argv())
    for number in range(100):
        link.append(chunk(number * 300, 300), 300)
    pump_until(link, lambda: row_count(home) == 9_000)

    with Reader(home / "tacore.db") as reader:
        assert reader.by_request_id(100) == []
        assert [row.id for row in reader.by_request_id(29_000)] == [29_001]
        assert [row.id for row in reader.by_request_id(21_500)] == [21_501]
        assert reader.since(0, 1).rows[0].request_id == 21_000
    link.close(10)


def row_count(home: Path) -> int:
    connection = sqlite3.connect(home / "tacore.db")
    (count,) = connection.execute("SELECT count(*) FROM requests").fetchone()
    connection.close()
    return int(count)


def steps_of_a_look(database: Database) -> int:
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    database.connection.set_progress_handler(count, 1)
    prune(database.connection, Retention(row_days=14, max_rows=10_000_000), NOW_US)
    database.connection.set_progress_handler(None, 1)
    return steps


def test_prune_when_nothing_is_too_old_takes_as_long_however_many_rows_there_are(database: Database) -> None:
    few = steps_of_a_look(database)
    batch = Batch(lines=False)
    batch.add([answers([Row(number, None, 0)], answered_us=NOW_US) for number in range(1000)])
    batch.seq = 2
    database.commit(batch, 1)

    assert steps_of_a_look(database) == few
