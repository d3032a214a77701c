"""A journal writer that dies or has no room: requests are answered all the same, and rows come back."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support import journal_rows
from tests.support.load import keep_in_flight, request
from tests.support.service import Service, wait_until

COUNT = 5_000


def _echoes(prefix: str, count: int = COUNT) -> Iterator[tuple[str, bytes]]:
    for number in range(count):
        name = f"{prefix}-{number}"
        yield name, request(name, "debug.echo", {"text": "x" * 200})


def test_writer_when_killed_under_load_has_a_successor_that_writes_each_row_once(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        victim = service.writer_pid()
        answers = keep_in_flight(service.endpoint, _echoes("w"), at={1_500: lambda: service.kill(victim)})
        assert len(answers.replies) == COUNT
        assert answers.codes() == {}
        logged = journal_rows.rows(service, "w-")
        assert journal_rows.counts(logged) == {f"w-{number}": 1 for number in range(COUNT)}
        assert service.writer_pid() != victim
        journal = service.health()["components"]["journal"]
        assert (journal["writer_restarts"], journal["rows_dropped"]) == (1, 0)
        assert journal_rows.integrity(service.database) == "ok"


@pytest.mark.skipif(not hasattr(psutil, "RLIMIT_FSIZE"), reason="limits of other processes are Linux's")
def test_writer_when_its_files_may_not_grow_degrades_health_and_catches_up_when_they_may(
    tmp_path: Path,
) -> None:
    with Service(tmp_path) as service:
        journal_rows.rows(service)
        writer = psutil.Process(service.writer_pid())
        before = writer.rlimit(psutil.RLIMIT_FSIZE)
        writer.rlimit(psutil.RLIMIT_FSIZE, (200_000, before[1]))
        answers = keep_in_flight(service.endpoint, _echoes("full"))
        assert len(answers.replies) == COUNT
        assert answers.codes() == {}
        wait_until(lambda: service.health()["status"] == "degraded", "health is degraded")
        health = service.health()
        assert any(each.startswith("journal:") for each in health["reasons"]), health["reasons"]
        assert service.client.call("debug.echo", {"still": 1}, request_id="full-last") == {"still": 1}
        writer.rlimit(psutil.RLIMIT_FSIZE, before)
        logged = journal_rows.rows(service, "full-")
        expected = {f"full-{number}": 1 for number in range(COUNT)} | {"full-last": 1}
        assert journal_rows.counts(logged) == expected
        wait_until(lambda: service.health()["status"] == "healthy", "health is good again")
        assert journal_rows.integrity(service.database) == "ok"
