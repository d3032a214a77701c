import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tacore.store.inbox import HELLO
from tacore.store.link import JournalLink
from tests.support.journal import chunk, committed, options, pump_until


@contextmanager
def running(link: JournalLink) -> Iterator[JournalLink]:
    try:
        yield link
    finally:
        link.close(10)


def request_ids(folder: Path) -> list[int]:
    with sqlite3.connect(folder / "tacore.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = connection.execute("SELECT request_id FROM requests ORDER BY id").fetchall()
    connection.close()
    return [request_id for (request_id,) in rows]


def feed(link: JournalLink, chunks: int, rows: int = 50, first: int = 0) -> None:
    for number in range(chunks):
        link.append(chunk(first + number * rows, rows), rows)


def test_link_when_chunks_are_appended_commits_each_row_once_in_order(tmp_path: Path) -> None:
    with running(JournalLink(options(tmp_path).argv())) as link:
        feed(link, 200)
        pump_until(link, committed(link))
        assert link.status()["status"] == "healthy"
        assert link.status()["rows_committed"] == 10_000

    assert request_ids(tmp_path) == list(range(10_000))


def test_link_when_closed_hands_over_everything_and_leaves_no_process(home: Path) -> None:
    link = JournalLink(options(home).argv())
    pid = link.status()["writer_pid"]
    feed(link, 100)

    link.close(20)

    assert request_ids(home) == list(range(5_000))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert sorted(file.name for file in home.iterdir()) == ["performance.log", "tacore.db"]


def test_writer_when_killed_again_and_again_loses_and_repeats_nothing(home: Path) -> None:
    with running(JournalLink(options(home, commit_ms=2).argv())) as link:
        for round_ in range(4):
            before = link.status()["rows_committed"]
            feed(link, 100, rows=20, first=round_ * 2_000)
            pump_until(link, lambda before=before: link.status()["rows_committed"] > before)  # type: ignore[misc]
            feed(link, 100, rows=20, first=8_000 + round_ * 2_000)
            link.pump()
            os.kill(link.status()["writer_pid"], signal.SIGKILL)
        pump_until(link, committed(link))
        assert link.status()["writer_restarts"] == 4

    assert sorted(request_ids(home)) == list(range(16_000))


def test_writer_when_interrupted_or_terminated_goes_on(home: Path) -> None:
    with running(JournalLink(options(home).argv())) as link:
        feed(link, 1)
        pump_until(link, committed(link))
        pid = link.status()["writer_pid"]
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
        feed(link, 1, first=50)
        pump_until(link, committed(link))
        assert link.status()["writer_pid"] == pid


BROKER = """
import sys, time
from tacore.store.link import JournalLink
from tests.support.journal import chunk
link = JournalLink(sys.argv[1:])
link.append(chunk(0, 50), 50)
while not link.status()["rows_committed"]:
    link.pump()
for number in range(1, 100):
    link.append(chunk(number * 50, 50), 50)
while link._backlog.unsent or link._writer.busy:
    link.pump()
print(link.status()["writer_pid"], flush=True)
time.sleep(60)
"""


def test_writer_when_its_broker_is_killed_commits_what_had_arrived_and_ends(home: Path) -> None:
    argv = options(home).argv()
    broker = subprocess.Popen([sys.executable, "-c", BROKER, *argv], stdout=subprocess.PIPE, text=True)
    assert broker.stdout is not None
    broker.stdout.readline()
    broker.kill()
    broker.wait()
    broker.stdout.close()

    with running(JournalLink(argv)) as successor:
        feed(successor, 1, first=5_000)
        pump_until(successor, committed(successor))

    assert request_ids(home) == list(range(5_050))


def test_writer_when_another_holds_the_lock_waits_and_says_so(home: Path) -> None:
    with running(JournalLink(options(home).argv())) as first:
        feed(first, 1)
        pump_until(first, committed(first))
        with running(JournalLink(options(home).argv())) as second:
            feed(second, 1, first=50)
            pump_until(second, lambda: "another writer holds" in str(second.status()["reason"]))
            assert second.status()["status"] == "degraded"
            assert request_ids(home) == list(range(50))
            first.close(10)
            pump_until(second, committed(second))
            assert second.status()["status"] == "healthy"

    assert request_ids(home) == list(range(100))


def test_writer_when_the_disk_refuses_writes_degrades_and_recovers(home: Path) -> None:
    with running(JournalLink(options(home, performance_log="").argv())) as link:
        feed(link, 1)
        pump_until(link, committed(link))
        pid = link.status()["writer_pid"]
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (64_000, hard))
        feed(link, 200, first=50)
        pump_until(link, lambda: link.status()["status"] == "degraded")
        assert "tacore.db" in link.status()["reason"]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        pump_until(link, committed(link))
        assert link.status()["status"] == "healthy"
        assert link.status()["writer_pid"] == pid

    assert request_ids(home) == list(range(10_050))


def test_writer_when_orphaned_before_an_unreachable_database_gives_up(tmp_path: Path) -> None:
    (tmp_path / "tacore.db").mkdir()
    mine, theirs = socket.socketpair()
    argv = [*options(tmp_path, give_up_s=0.1).argv(), "--fd", str(theirs.fileno())]
    writer = subprocess.Popen(argv, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True)
    theirs.close()
    mine.sendall(HELLO.pack(1, 1) + chunk(0, 10))
    mine.close()

    _, stderr = writer.communicate(timeout=20)

    assert writer.returncode == 1
    assert "journal_rows_lost" in stderr


def test_link_when_its_backlog_is_full_drops_and_counts_rows(home: Path) -> None:
    one = chunk(0, 10)
    with running(JournalLink(options(home).argv(), max_backlog_bytes=3 * len(one))) as link:
        for _ in range(5):
            link.append(one, 10)
        assert link.status()["rows_dropped"] == 20
        assert link.status()["status"] == "degraded"
        pump_until(link, committed(link))

    assert len(request_ids(home)) == 30


def test_link_when_the_writer_cannot_start_stays_degraded_and_never_raises() -> None:
    link = JournalLink(["/nowhere/python"])
    link.append(chunk(0, 10), 10)
    link.pump()

    assert "does not start" in link.status()["reason"]
    began = time.monotonic()
    link.close(0.3)
    assert time.monotonic() - began < 5
    assert link.status()["rows_waiting"] == 10


def test_link_when_the_writer_dies_at_once_backs_off() -> None:
    link = JournalLink([sys.executable, "-c", "raise SystemExit(3)"])
    pump_until(link, lambda: "died with 3" in str(link.status()["reason"]))
    restarts = link.status()["writer_restarts"]
    link.pump()

    assert link.status()["writer_pid"] is None
    assert link.status()["writer_restarts"] == restarts
    link.close(1)


def test_link_when_the_writer_is_stopped_never_blocks_the_broker(home: Path) -> None:
    with running(JournalLink(options(home).argv())) as link:
        feed(link, 1)
        pump_until(link, committed(link))
        pid = link.status()["writer_pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            feed(link, 2_000, first=50)
            for _ in range(50):
                link.pump()
            assert time.monotonic() - began < 5
            assert link.status()["rows_waiting"] == 100_000
        finally:
            os.kill(pid, signal.SIGCONT)
        pump_until(link, committed(link))

    assert request_ids(home) == list(range(100_050))
