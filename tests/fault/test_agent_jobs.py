"""Agent jobs that are stopped: by their operator, by their limits, and by kill -9 of whatever serves them."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from tacore.errors import TacoreError
from tests.support.agent_service import AgentService
from tests.support.service import wait_until

CALLS = 11
"""Of a run of the market analyst alone."""
MIDDLE = 6
"""A call in its middle: the research manager's."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentService]:
    with AgentService(tmp_path_factory.mktemp("agents")) as started:
        yield started


@pytest.fixture
def service(running: AgentService) -> AgentService:
    running.server.reset()
    return running


def stuck(service: AgentService, **params: Any) -> str:
    """Begin a job whose sixth call hangs; give its id once that call is there."""
    service.server.fail("hang", from_call=MIDDLE, calls=1)
    job_id: str = service.ask(analysts=["market"], **params)["job_id"]
    service.server.wait_for_calls(MIDDLE)
    return job_id


def test_job_when_cancelled_in_the_middle_is_gone_and_calls_no_model_again(service: AgentService) -> None:
    job_id = stuck(service)
    (run,) = service.runs()
    job = service.call("cancel.job", job_id=job_id)
    assert job["state"] == "cancelled"
    assert not psutil.pid_exists(run.pid) or run.status() == psutil.STATUS_ZOMBIE
    assert service.runs() == []
    other = service.whole(analysts=["market"])
    assert len(service.server.calls) == MIDDLE + CALLS == MIDDLE + other["tokens"]["calls"]


def test_job_when_cancelled_and_taken_up_again_pays_for_no_node_twice(service: AgentService) -> None:
    job_id = stuck(service)
    service.call("cancel.job", job_id=job_id)
    service.call("retry.job", job_id=job_id)
    assert service.ended(job_id)["state"] == "done"
    assert service.server.answered == CALLS


def test_job_when_it_has_ended_can_not_be_cancelled_and_one_that_is_done_not_taken_up(
    service: AgentService,
) -> None:
    job_id = service.whole(analysts=["market"])["job_id"]
    for method in ("cancel.job", "retry.job"):
        with pytest.raises(TacoreError) as refused:
            service.call(method, job_id=job_id)
        assert refused.value.code == "denied"


LIMITS: dict[str, tuple[dict[str, Any], str]] = {
    "seconds": ({"max_s": 1.5}, "time_limit"),
    "tokens": ({"max_tokens": 1500}, "token_limit"),
    "money": ({"max_cost": 0.002}, "cost_limit"),
}


@pytest.mark.parametrize("limit, code", LIMITS.values(), ids=LIMITS)
def test_job_when_a_limit_is_reached_is_stopped(
    service: AgentService, limit: dict[str, Any], code: str
) -> None:
    if code == "time_limit":
        service.server.mode = "hang"
    job = service.whole(analysts=["market"], **limit)
    assert (job["state"], job["error"]["code"]) == ("failed", code)
    assert service.runs() == []
    made = len(service.server.calls)
    service.server.release()
    other = service.whole(analysts=["market"])
    assert (made < CALLS, len(service.server.calls)) == (True, made + other["tokens"]["calls"])


def kill_run(service: AgentService) -> None:
    (run,) = service.runs()
    run.kill()


def kill_manager(service: AgentService) -> None:
    service.manager().kill()


def kill_manager_and_run(service: AgentService) -> None:
    (run,) = service.runs()
    service.manager().kill()
    run.kill()


def kill_broker(service: AgentService) -> None:
    pid = service.broker_pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(pid), "the broker is gone")


@pytest.mark.parametrize("kill", [kill_run, kill_manager, kill_manager_and_run, kill_broker])
@pytest.mark.parametrize("engine", ["tradingagents_cn", "tradingagents"])
def test_job_when_something_is_killed_in_the_middle_goes_on_and_pays_for_no_node_twice(
    service: AgentService, kill: Callable[[AgentService], None], engine: str
) -> None:
    job_id = stuck(service, engine=engine)
    kill(service)
    service.wait_ready()
    if kill is kill_broker:
        service.server.release()  # its run was not harmed, and waits for the call that hangs
    job = service.ended(job_id)
    assert (job["state"], job["recommendation"]) == ("done", "buy"), job["error"]
    calls = CALLS if engine == "tradingagents_cn" else CALLS - 1
    # The call that was broken off counts too, as far as somebody was there to count it.
    assert (service.server.answered, job["tokens"]["calls"]) == (calls, calls + (kill is kill_run))
    assert [each["kind"] for each in job["events"]].count("ended") == 1


def stop_all(service: AgentService) -> None:
    service.end("up")
    service.wait_gone()


def kill_all(service: AgentService) -> None:
    for each in service.living():
        each.kill()
    service.bury("up")
    service.wait_gone()


@pytest.mark.parametrize("end", [stop_all, kill_all])
def test_job_when_all_of_the_service_ends_in_the_middle_goes_on_with_the_next_start(
    service: AgentService, end: Callable[[AgentService], None]
) -> None:
    job_id = stuck(service)
    end(service)
    service.start()
    job = service.ended(job_id)
    assert (job["state"], job["recommendation"]) == ("done", "buy"), job["error"]
    assert (service.server.answered, job["tokens"]["calls"]) == (CALLS, CALLS + (end is stop_all))


def test_run_when_its_manager_is_killed_ends_by_itself(service: AgentService) -> None:
    stuck(service)
    (run,) = service.runs()
    service.manager().kill()
    wait_until(lambda: run.pid not in {each.pid for each in service.runs()}, "the run has ended")
    service.server.reset()
    service.wait_ready()
    wait_until(lambda: not service.call("list.jobs", state=["queued", "running"])["jobs"], "all have ended")


def test_service_when_fifty_jobs_hang_answers_everything_else(service: AgentService) -> None:
    service.server.mode = "hang"
    jobs = [service.ask(analysts=["market"])["job_id"] for _ in range(50)]
    service.server.wait_for_calls(2)
    assert service.health()["status"] in {"healthy", "degraded"}
    assert service.call("scan.market", market="US", symbols=["AAPL"])["opportunities"] is not None
    counts = service.call("list.jobs", limit=1)["counts"]
    assert (counts["running"], counts["queued"]) == (2, 48)
    for each in reversed(jobs):
        service.call("cancel.job", job_id=each)
    assert service.runs() == []
    assert len(service.server.calls) == 2
