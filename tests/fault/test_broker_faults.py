"""A broker that is killed or stopped under load, and what its clients and its journal see of it."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

import psutil
import pytest

from tacore.client import Client
from tests.support import journal_rows
from tests.support.load import Answers, keep_in_flight, request
from tests.support.seed_client import SeedClient
from tests.support.service import Service, wait_until

LOSS_S = 0.1


class Answered(NamedTuple):
    """An answer that a client got, and when (monotonic seconds)."""

    request_id: str
    at: float
    attempts: int


def test_broker_when_killed_and_restarted_is_found_again_by_clients_and_workers(tmp_path: Path) -> None:
    with Service(tmp_path, workers=2) as service, ThreadPoolExecutor(6) as pool:
        workers = sorted(service.registered())
        back: list[float] = []
        loads = [pool.submit(_retrying_load, service.endpoint, f"load{n}", back) for n in range(4)]
        _wait_for_answers(service, 500)
        seed = pool.submit(_seed_call, service.endpoint)
        _wait_for_answers(service, 200)
        service.kill(service.broker_pid())
        killed = time.monotonic()
        service.bury("broker")
        service.start_broker()
        restarted = time.monotonic()
        service.wait_ready()
        back.append(time.monotonic())
        assert sorted(service.registered()) == workers
        answered = [each for load in loads for each in load.result()]
        assert seed.result() >= 1
        _journal_lost_at_most(service, answered, killed, restarted)


def test_worker_when_stopped_as_the_broker_restarts_is_killed_and_replaced(tmp_path: Path) -> None:
    with Service(tmp_path, workers=1, worker__start_s=8) as service:
        victim = psutil.Process(service.registered()[0])
        service.kill(victim.pid, signal.SIGSTOP)
        service.kill(service.broker_pid())
        service.bury("broker")

        service.start_broker()

        service.wait_ready([victim.pid])
        wait_until(lambda: not victim.is_running(), "the stopped worker is gone")
        assert service.client.call("debug.echo", {"a": 1}) == {"a": 1}


def _seed_call(endpoint: str) -> int:
    """Have a request in flight when the broker dies; give the time-outs it took until it was answered."""
    with SeedClient(endpoint) as client:
        assert client.call("seed", "debug.sleep", {"seconds": 4})["data"]["slept_s"] == 4
        return client.timeouts


def _retrying_load(endpoint: str, prefix: str, back: list[float]) -> list[Answered]:
    """Call one after the other until a while after the service is back."""
    answered = []
    with Client(endpoint, timeout_s=2.0, retries=8) as client:
        number = 0
        while not back or time.monotonic() < back[0] + 1:
            reply = client.request("debug.echo", {"n": number}, request_id=f"{prefix}-{number}")
            assert (reply.error, reply.data) == (None, {"n": number})
            answered.append(Answered(f"{prefix}-{number}", time.monotonic(), len(reply.attempts)))
            number += 1
    return answered


def _wait_for_answers(service: Service, count: int) -> None:
    with Client(service.endpoint, timeout_s=5.0) as client:
        for number in range(count):
            client.call("debug.echo", {"pace": number})


def _journal_lost_at_most(
    service: Service, answered: list[Answered], killed: float, restarted: float
) -> None:
    rows = journal_rows.counts(journal_rows.rows(service, "load"))
    before = [each for each in answered if each.at < killed - LOSS_S]
    # What came between was answered in the last moments before the kill, or by the new broker.
    after = [each for each in answered if each.at > restarted and each.attempts == 1]
    assert before and after
    assert {each.request_id: rows[each.request_id] for each in before if rows[each.request_id] != 1} == {}
    assert {each.request_id: rows[each.request_id] for each in after if rows[each.request_id] != 1} == {}
    retried = [each for each in answered if each.attempts > 1]
    assert {each.request_id for each in retried if rows[each.request_id] not in (1, 2)} == set()
    assert journal_rows.integrity(service.database) == "ok"


@pytest.mark.parametrize("how", ["children", "up"])
def test_service_when_told_to_end_under_load_answers_and_logs_what_it_accepted(
    tmp_path: Path, how: Literal["children", "up"]
) -> None:
    told: list[float] = []
    name = "up" if how == "up" else "broker"
    with Service(tmp_path, workers=2, how=how) as service:

        def tell() -> None:
            told.append(time.monotonic())
            service.kill(service.child(name).pid, signal.SIGTERM)

        answers = keep_in_flight(service.endpoint, _until_told(told), at={5_000: tell}, silence_s=2.0)
        assert service.bury(name) == 0
        service.stop()
    _every_answer_has_its_row(service, answers)


def _until_told(told: list[float]) -> Iterator[tuple[str, bytes]]:
    """Go on for a while after the service was told to end, with a slow one among the quick."""
    number = 0
    while not told or time.monotonic() < told[0] + 1:
        name = f"end-{number}"
        slow = number % 500 == 499
        yield name, request(name, *(("debug.sleep", {"seconds": 0.1}) if slow else ("debug.echo", {})))
        number += 1


def _every_answer_has_its_row(service: Service, answers: Answers) -> None:
    assert len(answers.replies) >= 5_000
    assert set(answers.codes().values()) <= {"unavailable"}
    logged = journal_rows.stored(service.database, "end-")
    assert journal_rows.counts(logged) == dict.fromkeys(answers.replies, 1)
    refused = {row.request_id for row in logged if row.status == "error"}
    assert refused == set(answers.codes())
    assert journal_rows.integrity(service.database) == "ok"


def test_up_when_killed_leaves_no_orphan_and_a_whole_journal(tmp_path: Path) -> None:
    with Service(tmp_path, how="up") as service:
        for number in range(200):
            service.client.call("debug.echo", request_id=f"kept-{number}")
        service.kill(service.child("up").pid)
        service.bury("up")
        service.wait_gone()
        logged = journal_rows.stored(service.database, "kept-")
        assert journal_rows.counts(logged) == {f"kept-{number}": 1 for number in range(200)}
        assert journal_rows.integrity(service.database) == "ok"
