"""Examinations of a situation made by hand, and how findings are run, repaired and shown."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tacore import __version__
from tacore.cli.doctor import left_behind, report, running
from tacore.cli.doctor.examinations import clock, databases, disk, journal, service, sqlite, workers
from tacore.cli.doctor.finding import Finding, ok, problem, warning
from tacore.cli.doctor.situation import Broker, Situation
from tacore.errors import NoBroker, Unavailable
from tacore.store.batch import Batch
from tacore.store.database import Database
from tests.support.configuration import load
from tests.support.journal import T0_US, answers
from tests.support.journal_columns import Row
from tests.support.service import wait_until

MIB, GIB = 1 << 20, 1 << 30


def situation(home: Path, broker: Broker | None = None, **changes: Any) -> Situation:
    silent = Broker({}, NoBroker("no broker at tcp://127.0.0.1:1"))
    made = Situation(home, "tcp://127.0.0.1:1", broker or silent, load(home, TACORE_HOME=str(home)))
    return replace(made, **changes)


def answering(*workers: dict[str, Any], timestamp: int = 1000, **parts: Any) -> Broker:
    parts = {"workers": {"workers": list(workers)}, **parts}
    health = {"version": __version__, "status": "healthy", "reasons": [], "home": "/h", "pid": 1}
    return Broker(health | {"components": parts}, None, 1000.2, 1000.7, timestamp)


def worker(name: str = "w1", **changes: Any) -> dict[str, Any]:
    return {"worker_id": name, "host": "h", "pid": 9, "version": __version__, "clock_ahead_s": 0.0} | changes


def levels(found: Sequence[Finding]) -> list[str]:
    return [each.level for each in found]


# -- the disk --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "free", "level"),
    [
        (100 * GIB, 50 * GIB, "ok"),
        (100 * GIB, 9 * GIB, "warning"),
        (100 * GIB, GIB, "problem"),
        (10_000 * GIB, 50 * GIB, "ok"),  # little of much is enough
        (GIB, 500 * MIB, "ok"),
        (GIB, 150 * MIB, "problem"),  # health.check is degraded from 200 MiB down
    ],
)
def test_disk_when_so_much_is_free_is(tmp_path: Path, total: int, free: int, level: str) -> None:
    found = disk.examine(situation(tmp_path, disk_usage=lambda _: (total, total - free, free)))
    assert levels(found) == [level]


def test_disk_when_low_names_the_largest_files(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name, size in (("a.db", 3), ("b.db", 9), ("c.db", 1), ("d.db", 5)):
        (tmp_path / "data" / name).write_bytes(bytes(size * MIB))
    (found,) = disk.examine(situation(tmp_path, disk_usage=lambda _: (GIB, GIB - MIB, MIB)))
    assert [name for name in ("b.db", "d.db", "a.db", "c.db") if name in found.advice] == [
        "b.db",
        "d.db",
        "a.db",
    ]


# -- SQLite ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ("3.40.1", ["WAL-reset"]),
        ("3.44.5", ["WAL-reset"]),
        ("3.44.6", []),
        ("3.45.0", ["WAL-reset"]),
        ("3.50.6", ["WAL-reset"]),
        ("3.50.7", []),
        ("3.51.2", ["WAL-reset"]),
        ("3.51.3", []),
        ("3.52.0", ["withdrawn"]),
        ("3.53.0", []),
        ("3.35.4", ["WAL-reset", "DROP COLUMN"]),
        ("3.34.1", ["too old"]),
    ],
)
def test_sqlite_when_of_a_version_names_its_known_faults(version: str, known: list[str]) -> None:
    found = sqlite.judge(version)
    told = [each for each in found if each.level != "ok"]
    assert len(told) == len(known)
    assert all(word in each.seen for word, each in zip(known, told, strict=True))
    assert all(each.advice for each in told)


# -- clocks and versions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timestamp", "told"),
    [
        (1000, None),
        (1002, None),  # 1.3 s ahead at least: within what is allowed
        (1003, "2.3 s ahead of"),
        (998, None),
        (996, "3.2 s behind"),
        (0, "999.2 s behind"),
    ],
)
def test_clock_when_the_broker_answered_counts_only_what_the_way_can_not_explain(
    tmp_path: Path, timestamp: int, told: str | None
) -> None:
    (found,) = clock.examine(situation(tmp_path, answering(timestamp=timestamp)))
    assert found.level == ("ok" if told is None else "problem")
    assert told is None or told in found.seen


def test_clock_when_one_worker_of_a_host_is_late_goes_by_the_quickest(tmp_path: Path) -> None:
    late = [worker("a", clock_ahead_s=-4.0), worker("b", clock_ahead_s=-0.1), worker("c", clock_ahead_s=None)]
    assert levels(clock.examine(situation(tmp_path, answering(*late)))) == ["ok"]
    (found,) = clock.examine(situation(tmp_path, answering(late[0])))
    assert "the workers' (on h) clock is 4.0 s behind the broker's" in found.seen


def test_workers_when_of_several_other_versions_are_told_by_host_and_version(tmp_path: Path) -> None:
    broker = answering(
        worker("a", version="0.0.1"),
        worker("b", version="0.0.1"),
        worker("c"),
        worker("d", host="g", version="9"),
    )
    found = workers.examine(situation(tmp_path, broker))
    assert levels(found) == ["problem", "problem"]
    assert "on g version 9" in found[0].seen
    assert "a (pid 9), b (pid 9)" in found[1].seen


# -- the service and its journal -------------------------------------------------------------------


def test_service_when_degraded_gives_its_reasons_but_those_that_others_look_at(tmp_path: Path) -> None:
    reasons = ["workers: 1 of 2 workers are up", "cache: Redis is away", "stores: no worker owns the store"]
    broker = answering()
    broker = broker._replace(health={**broker.health, "status": "degraded", "reasons": reasons})
    found = service.examine(situation(tmp_path, broker))
    assert [each.seen for each in found[1:]] == ["1 of 2 workers are up", "stores: no worker owns the store"]
    assert levels(found) == ["ok", "problem", "problem"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, None),
        ({"lag_ms": 9000.0, "rows_waiting": 12}, "lags 9.0 s behind (12 rows wait)"),
        ({"status": "degraded", "reason": "the disk is full"}, "the disk is full"),
        ({"rows_dropped": 7}, "7 rows were dropped"),
    ],
)
def test_journal_when_its_writer_does_not_keep_up_says_so(
    tmp_path: Path, changes: dict[str, Any], told: str | None
) -> None:
    report = {
        "status": "healthy",
        "reason": None,
        "lag_ms": 1.0,
        "rows_waiting": 0,
        "rows_dropped": 0,
    } | changes
    found = journal.examine(situation(tmp_path, answering(journal=report)))
    problems = [each.seen for each in found if each.level == "problem"]
    assert (told is None) == (problems == [])
    assert told is None or told in problems[0]


def written(home: Path) -> None:
    """Make a journal of a few rows."""
    batch, database = Batch(lines=False), Database(home / "data" / "tacore.db")
    batch.add([answers([Row(number, None, 1_000, b"{}", b"{}") for number in range(50)])])
    batch.seq = 1
    database.commit(batch, 1)
    database.close()


def test_journal_when_a_query_takes_longer_than_the_bound_names_it(tmp_path: Path) -> None:
    written(tmp_path)
    assert levels(journal.examine(situation(tmp_path, slow_ms=60_000.0))) == ["ok"]
    (found,) = journal.examine(situation(tmp_path, slow_ms=0.0))
    assert found.level == "problem"
    assert all(what in found.seen for what in ("last 100", "rates of 5 minutes", "one request_id"))


def test_clock_when_the_journal_was_written_in_the_future_says_how_far(tmp_path: Path) -> None:
    written(tmp_path)
    (found,) = clock.examine(situation(tmp_path, now=lambda: T0_US / 1e6 - 7200))
    assert "7,200 s in the future" in found.seen
    assert levels(clock.examine(situation(tmp_path, now=lambda: T0_US / 1e6 + 1))) == ["ok"]


def test_databases_when_time_is_over_say_that_they_were_not_checked_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path)
    monkeypatch.setattr(databases, "STEPS", 1)
    (found,) = databases.examine(situation(tmp_path, wait_s=0.0))
    assert found.level == "warning"
    assert "--wait" in found.advice


# -- what dead processes left ----------------------------------------------------------------------


def test_lock_when_a_process_holds_it_is_known_and_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    code = (
        f"import fcntl, sys; file = open({str(path)!r}, 'w'); fcntl.flock(file, fcntl.LOCK_EX); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert left_behind.is_held(path)
        assert left_behind.holder(path) == process.pid
        assert left_behind.remove_lock(path) == "left, for a process holds it by now"
        (tmp_path / "x.json").write_text('{"pid": 999999999, "started": 1}')
        assert left_behind.remove_record(tmp_path / "x.json") == "left, for its successor is there by now"
        process.kill()
    wait_until(lambda: not left_behind.is_held(path), "the kernel lets go of it")
    assert left_behind.holder(path) is None
    assert left_behind.remove_record(tmp_path / "x.json") == "removed"
    assert left_behind.remove_lock(path) == "removed"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "x"}', '{"pid": null}', "\x00"])
def test_pid_file_when_it_makes_no_sense_names_no_process(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert left_behind.announced(tmp_path / "x.json") == (None, False, False)


# -- running, repairing, showing -------------------------------------------------------------------


def test_examination_when_it_hangs_is_left_behind(tmp_path: Path) -> None:
    never = threading.Event()

    def hang(_situation: Situation) -> list[Finding]:
        never.wait(60)
        return []

    (found,) = running.findings("x", hang, situation(tmp_path, wait_s=0.05))
    never.set()
    assert found.level == "problem"
    assert "not finished within 0.05 s" in found.seen


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Unavailable("no way"), "no way"),
        (PermissionError(13, "Permission denied", "x"), "can't be looked at: [Errno 13]"),
        (KeyError("k"), "failed: KeyError: 'k'"),
    ],
)
def test_examination_when_it_fails_is_a_finding_itself(tmp_path: Path, error: Exception, told: str) -> None:
    def fail(_situation: Situation) -> list[Finding]:
        raise error

    (found,) = running.findings("x", fail, situation(tmp_path))
    assert found.level == "problem"
    assert told in found.seen


def test_repair_when_it_fails_stays_a_problem_that_says_why() -> None:
    def fail() -> str:
        raise PermissionError(13, os.strerror(13), "x.lock")

    left = running.repaired(problem("it is stale", "remove it", fail))
    assert left.level == "problem"
    assert left.repair is None
    assert "Permission denied" in left.seen
    assert running.repaired(problem("it is stale", "remove it", lambda: "removed")).level == "fixed"
    assert running.repaired(warning("a", "b")) == warning("a", "b")


def test_report_when_laid_out_wraps_and_shows_what_to_do_below() -> None:
    found = [
        ("redis", problem("it is down at redis://somewhere", "start it and look again")),
        ("disk", ok("fine")),
    ]
    assert list(report.lines(found, 48, color=False)) == [
        "problem  redis          it is down at",
        "                        redis://somewhere",
        "                        → start it and look",
        "                          again",
        "ok       disk           fine",
    ]
    assert next(iter(report.lines(found, 80, color=True))).startswith("\x1b[1;31mproblem  \x1b[0mredis")


def test_summary_when_there_is_something_to_fix_says_how() -> None:
    every = [problem("a", "b", lambda: "c"), problem("a", "b"), warning("a", "b"), ok("a")]
    assert report.summary(every) == "2 problems, 1 warning: `tacore doctor --fix` repairs 1 of them"
    assert report.summary([ok("a")]) == "no problems, no warnings"
