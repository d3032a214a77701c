"""Tries and steps in tacore.db, and databases from before there were any."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tacore.errors import NotFound
from tacore.store import schema
from tacore.store.batch import Batch
from tacore.store.database import Database
from tacore.store.queries import Reader
from tacore.wire.records import Answers, Record, decode_rows
from tests.support import journal_version_1
from tests.support.journal import T0_US, answers
from tests.support.journal_columns import Row

TRIES = (
    b'[{"at_us":0,"worker_id":"w1","until_us":5,"lost":"killed"},{"at_us":6,"worker_id":"w2","until_us":9}]'
)
STEPS = b'[{"name":"quotes","at_us":10,"us":2000}]'
PLAIN = Row("r", None, 1_000, b"{}", b"{}")


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    opened = Database(home / "tacore.db")
    yield opened
    opened.close()


def store(database: Database, *records: Record) -> None:
    batch = Batch(lines=False)
    batch.add(records)
    assert batch.malformed == 0
    batch.seq = database.committed_seq(1) + 1
    database.commit(batch, 1)


def traced(
    count: int, *, tries: list[bytes | None] | None = None, steps: list[bytes | None] | None = None
) -> Answers:
    ids: list[str | int] = [f"r{number}" for number in range(count)]
    rows = msgspec.msgpack.encode([ids, [1_000] * count, None, None, None, None, steps])
    times = [T0_US] * count, [0] * count, None
    return Answers("m", "w2", T0_US + 9, "local", [b"c"] * count, *times, rows, tries)


def test_row_when_it_has_a_trace_keeps_it_and_neighbours_have_none(home: Path, database: Database) -> None:
    store(database, traced(3, tries=[None, TRIES, None], steps=[STEPS, None, None]), answers([PLAIN]))
    with Reader(home / "tacore.db") as reader:
        found = {row.request_id: (row.tries, row.steps) for row in reader.tail().rows}
    assert found == {
        "r0": (None, STEPS.decode()),
        "r1": (TRIES.decode(), None),
        "r2": (None, None),
        "r": (None, None),
    }


def test_row_when_its_trace_is_of_another_length_is_malformed() -> None:
    batch = Batch(lines=False)
    batch.add([traced(2, tries=[TRIES]), traced(2, steps=[STEPS, None, None])])
    assert (batch.malformed, batch.inserts) == (4, [])


def test_rows_when_many_are_traced_are_inserted_in_order(home: Path, database: Database) -> None:
    count = 150
    steps: list[bytes | None] = [b"[%d]" % number if number % 3 else None for number in range(count)]
    store(database, traced(count, steps=steps))
    with Reader(home / "tacore.db") as reader:
        rows = reader.since(0, count).rows
    assert [row.steps for row in rows] == [each and each.decode() for each in steps]
    assert [row.request_id for row in rows] == [f"r{number}" for number in range(count)]


def test_database_when_of_the_first_version_gets_the_columns_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "tacore.db"
    journal_version_1.make(path)
    database = Database(path)
    store(database, traced(1, tries=[TRIES], steps=[STEPS]))
    database.close()
    with Reader(path) as reader:
        new, old = reader.tail().rows
    assert (old.request_id, old.request_data, old.tries, old.steps) == ("old", '{"market":"US"}', None, None)
    assert old.created_at == "2023-11-14T22:13:20.000000Z"
    assert (new.id, new.tries, new.steps) == (2, TRIES.decode(), STEPS.decode())


def test_database_when_migrated_is_the_same_as_a_new_one(tmp_path: Path, migrated: Path) -> None:
    path = tmp_path / "tacore.db"
    journal_version_1.make(path)
    Database(path).close()
    assert shape(path) == shape(migrated)


def test_migration_when_it_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, untouched = tmp_path / "tacore.db", tmp_path / "old.db"
    journal_version_1.make(path)
    journal_version_1.make(untouched)

    def full(_db: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, full))
        with pytest.raises(sqlite3.OperationalError, match="disk is full"):
            Database(path)
    assert shape(path) == shape(untouched)
    Database(path).close()
    assert shape(path)["version"] == str(len(schema.MIGRATIONS))


def test_database_when_new_is_never_seen_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "tacore.db", []

    def look(_db: object) -> None:
        with pytest.raises(NotFound, match="its writer has not started yet"):
            Reader(path)
        seen.append(True)

    steps = [each for step in schema.MIGRATIONS for each in (step, look)]
    monkeypatch.setattr(schema, "MIGRATIONS", tuple(steps))
    Database(path).close()
    assert seen == [True] * (len(steps) // 2)


def test_reader_when_the_database_is_of_the_first_version_shows_it_without_traces(tmp_path: Path) -> None:
    path = tmp_path / "tacore.db"
    journal_version_1.make(path)
    with Reader(path) as reader:
        (row,) = reader.by_request_id("old")
        assert reader.tail().rows == [row]
    assert (row.worker_id, row.processing_time_ms, row.tries, row.steps) == ("fast-1", 0.9, None, None)


def test_rows_when_an_older_worker_made_them_have_no_steps() -> None:
    rows = decode_rows(msgspec.msgpack.encode([["r"], [5], None, None, None, None]))
    assert (rows.request_ids, rows.steps) == (["r"], None)


def shape(path: Path) -> dict[str, list[tuple[str, str]] | str]:
    """Give every table's columns, the view's text, and the version."""
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            )
        ]
        columns: dict[str, list[tuple[str, str]] | str] = {
            name: [(each[1], each[2]) for each in connection.execute(f"PRAGMA table_info({name})")]
            for name in names
        }
        (view,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'request_logs'").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return {**columns, "view": view, "version": str(version)}
