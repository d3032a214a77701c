"""jobs.db of an earlier tacore, brought up to date."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tacore.jobs import schema
from tacore.ports.jobs import JobFilter
from tests.support.job_world import JobWorld, now
from tests.support.scripted_analyst import finished, used

_WHOLE = (
    "UPDATE jobs SET outcome = (SELECT outcome FROM outcomes WHERE job = number)",
    "DROP TABLE outcomes",
    "ALTER TABLE spent DROP COLUMN complete",
    "ALTER TABLE spent DROP COLUMN estimated",
    "ALTER TABLE spent DROP COLUMN estimated_cost",
    "DROP INDEX jobs_by_request",
    "ALTER TABLE jobs DROP COLUMN key_kind",
    "PRAGMA user_version = 1",
)


def test_jobs_when_an_earlier_tacore_kept_them_are_told_the_same(tmp_path: Path) -> None:
    with JobWorld(tmp_path) as world:
        job_id = world.submit().job.job_id
        world.say(used(), used(node="n", model="unpriced"), finished())
        before = world.view(job_id)
    with closing(sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)) as file:
        for statement in _WHOLE:
            file.execute(statement)
        made = _columns(file)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as file:
        for statement in schema.MIGRATIONS[0]:
            file.execute(statement)
        assert made == _columns(file)
    with JobWorld(tmp_path) as world:
        assert world.view(job_id) == before
        assert world.submit("other").joined


def test_list_when_decisions_are_long_does_not_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JobWorld(tmp_path) as world:
        world.submit()
        world.say(finished())
        read: list[str] = []
        rows = world.store._rows

        def heard(sql: str, values: Sequence[Any] = ()) -> list[Any]:
            found = rows(sql, values)
            read.extend(map(str, found))
            return found

        monkeypatch.setattr(world.store, "_rows", heard)
        now(world.desk.jobs(JobFilter()))
        assert read
        assert not [each for each in read if "Buy it." in each or "Up!" in each]


def _columns(file: sqlite3.Connection) -> list[tuple[str, str]]:
    sql = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    return sorted(file.execute(sql))
