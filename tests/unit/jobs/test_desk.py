"""The job desk on a manual clock: what becomes of jobs by what their runs say and by what is asked."""

import sqlite3
from collections.abc import Iterator
from contextvars import copy_context
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tacore.clock import DEADLINE
from tacore.errors import (
    DeadlineExceeded,
    Denied,
    IdempotencyMismatch,
    NotFound,
    Overloaded,
    TacoreError,
    Unavailable,
)
from tacore.jobs import apart, pruning, waiting
from tacore.jobs.file import Fenced
from tacore.jobs.store import Store
from tacore.jobs.views import elapsed_s
from tacore.model.jobs import Limits, Spent
from tacore.ports.analyst import Used
from tacore.ports.jobs import JobFilter
from tacore.ports.orders import Key
from tests.support.job_world import JobWorld, now
from tests.support.scripted_analyst import broke, finished, looked, noted, stage, used, wrote


@pytest.fixture
def world(tmp_path: Path) -> Iterator[JobWorld]:
    with JobWorld(tmp_path) as made:
        yield made


def test_job_when_submitted_runs_in_a_private_folder_and_ends_with_its_decision(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    run = world.run()
    assert (run.folder, run.folder.stat().st_mode & 0o777) == (world.agents / job_id, 0o700)
    world.clock.advance(30)
    world.say(looked(), used(2000, 300), wrote(), stage("market", "news", 0.25), noted("slow"))
    view = world.view(job_id)
    assert (view.state, view.stage, view.progress, view.elapsed_s) == ("running", "news", 0.25, 30.0)
    assert (view.tokens.total, view.tokens.calls, view.warnings) == (2300, 1, ["slow"])
    assert [each.name for each in view.reports or []] == ["market"]
    world.clock.advance(10)
    world.say(finished())
    view = world.view(job_id)
    assert (view.state, view.signal, view.confidence, view.price) == ("done", "buy", 0.8, Decimal("100.25"))
    assert (view.elapsed_s, view.progress, view.error) == (40.0, 1.0, None)
    assert [each.name for each in view.reports or []] == ["market", "p"]
    assert len(view.tool_calls or []) == 1
    kinds = [each.kind for each in world.events(job_id)]
    assert kinds == ["queued", "started", "tool", "usage", "report", "stage", "warning", "ended"]
    assert [each.id for each in world.events(job_id)] == list(range(1, 9))
    assert not world.analyst.alive


def test_job_when_its_decision_is_degraded_says_so_with_its_reasons(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    world.say(finished("hold", "default_decision"))
    view = world.view(job_id)
    assert view.quality
    assert (view.quality.verdict, view.warnings) == (
        "degraded",
        ["DEGRADED: default_decision: there is default_decision"],
    )
    assert world.events(job_id)[-1].text == "hold, DEGRADED"


def test_calls_when_a_node_is_done_are_counted_once_and_priced(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    whole = Spent(node="market", model="small", calls=2, input_tokens=3000, output_tokens=300)
    world.say(
        used(1000, 100), used(2000, 200), stage("market", spent=[whole]), used(1, 1, model="x", node="n")
    )
    view = world.view(job_id)
    assert [(each.node, each.calls, each.input_tokens, each.output_tokens) for each in view.usage or []] == [
        ("market", 2, 3000, 300),
        ("n", 1, 1, 1),
    ]
    assert (view.cost.amount, view.cost.complete) == (Decimal("0.006"), False)


def test_calls_when_their_tokens_are_not_counted_have_no_cost(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    world.say(used(0, 0), used(1000, 100, node="n"))
    view = world.view(job_id)
    assert [(each.node, each.cost) for each in view.usage or []] == [
        ("market", None),
        ("n", Decimal("0.002")),
    ]
    assert (view.cost.amount, view.cost.complete) == (Decimal("0.002"), False)


@pytest.mark.parametrize("unknown", [used(0, 0), used(0, 0, model="small", estimated=True)])
def test_calls_when_one_is_not_counted_leave_what_is_known_of_the_others(
    world: JobWorld, unknown: Used
) -> None:
    limits = Limits(max_s=600, max_tokens=10**6, max_cost=Decimal("0.01"))
    job_id = world.submit(limits=limits).job.job_id
    world.say(used(9000, 0), unknown, used(500, 0))
    view = world.view(job_id)
    assert (view.cost.amount, view.cost.complete) == (Decimal("0.0095"), False)
    (sums,) = view.usage or []
    assert (sums.calls, sums.cost, sums.complete) == (3, Decimal("0.0095"), False)
    world.say(used(501, 0))
    fault = world.job(job_id).fault
    assert fault
    assert (fault.code, "0.010001 USD" in fault.message) == ("cost_limit", True)


def test_calls_when_their_tokens_are_estimates_count_for_limits_and_are_marked(world: JobWorld) -> None:
    limits = Limits(max_s=600, max_tokens=10**6, max_cost=Decimal("0.01"))
    job_id = world.submit(limits=limits).job.job_id
    world.say(used(1000, 0), used(8000, 0, estimated=True))
    view = world.view(job_id)
    assert (view.tokens.total, view.cost.amount, view.cost.complete) == (9000, Decimal("0.001"), False)
    (sums,) = view.usage or []
    assert (sums.estimated, sums.estimated_cost) == (True, Decimal("0.008"))
    assert "guessed" in world.events(job_id)[-1].text
    world.say(used(2000, 0, estimated=True))
    fault = world.job(job_id).fault
    assert fault
    assert fault.code == "cost_limit"
    assert "0.011 USD by an estimate" in fault.message
    retried = now(world.desk.retry(job_id, world.asker())).job.limits
    assert retried.max_cost == Decimal("0.021")


@pytest.mark.parametrize("bad", [used(10**20), used(-5), used(1, -5), wrote(text="\ud800")])
def test_job_when_its_run_says_what_can_not_be_written_fails_alone(tmp_path: Path, bad: Any) -> None:
    with JobWorld(tmp_path, concurrency=2) as world:
        job_id, other = world.submit().job.job_id, world.submit("b", symbol="MSFT").job.job_id
        world.run(0).say(used(500, 50))
        world.run(1).say(used(7, 7))
        world.say(bad, used(1, 1), index=0)
        job = world.job(job_id)
        assert job.fault
        assert (job.state, job.fault.code, world.run(0).alive) == ("failed", "unwritable", False)
        assert [(each.calls, each.input_tokens) for each in job.spent] == [(2, 501)]
        world.say(finished(), index=1)
        assert (world.job(other).state, world.job(other).spent[0].input_tokens) == ("done", 7)


@pytest.mark.parametrize(
    ("limits", "said", "code", "figures"),
    [
        (Limits(max_s=600, max_tokens=1000), [used(900, 200)], "token_limit", ["1,100", "1,000"]),
        (
            Limits(max_s=600, max_tokens=10**6, max_cost=Decimal("0.01")),
            [used(9000, 200)],
            "cost_limit",
            ["0.011 USD", "0.01 USD"],
        ),
    ],
)
def test_job_when_it_passes_a_limit_is_stopped_and_names_the_figures(
    world: JobWorld, limits: Limits, said: list[Any], code: str, figures: list[str]
) -> None:
    job_id = world.submit(limits=limits).job.job_id
    world.say(*said, used(7, 7), wrote("late"))
    job = world.job(job_id)
    assert job.fault
    assert (job.state, job.fault.code, world.run().alive) == ("failed", code, False)
    assert all(each in job.fault.message for each in figures)
    assert sum(each.calls for each in job.spent) == 2  # what was used until then counts
    assert world.events(job_id)[-1].kind == "ended"


def test_job_when_its_time_is_over_in_all_attempts_together_is_stopped(world: JobWorld) -> None:
    job_id = world.submit(limits=Limits(max_s=100, max_tokens=10**6)).job.job_id
    world.clock.advance(60)
    world.say(broke())
    world.pass_time(2)
    assert world.job(job_id).state == "running"
    world.pass_time(39)
    assert world.job(job_id).state == "running"
    world.pass_time(2)
    job = world.job(job_id)
    assert job.fault
    assert (job.state, job.fault.code, job.attempts) == ("failed", "time_limit", 2)
    assert "allowed: 100 s" in job.fault.message
    assert not world.analyst.alive


@pytest.mark.parametrize("leap_s", [7200, -7200])
def test_job_when_the_wall_clock_is_set_ran_for_what_really_passed(world: JobWorld, leap_s: int) -> None:
    job_id = world.submit().job.job_id
    world.clock.advance(10)
    world.clock._wall_us += leap_s * 1_000_000
    world.clock.advance(10)
    assert world.view(job_id).elapsed_s == 20
    (listed,) = now(world.desk.jobs(JobFilter()))
    assert elapsed_s(listed, world.clock.wall_us()) == 20
    world.say(broke(passing=False))
    assert (world.job(job_id).ran_s, world.view(job_id).elapsed_s) == (20, 20)


def test_run_when_the_model_turns_it_away_is_tried_again_after_longer_waits(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    waits = []
    for _ in range(2):
        world.say(broke("model_overloaded"))
        assert world.job(job_id).state == "queued"
        waits.append(world.events(job_id, "retry")[-1].data["delay_s"])
        world.pass_time(waits[-1])
        assert world.job(job_id).state == "running"
    assert waits == [2, 4]
    world.say(broke("model_overloaded"))
    job = world.job(job_id)
    assert job.fault
    assert (job.state, job.fault.code, job.attempts) == ("failed", "model_overloaded", 3)
    assert {run.folder for run in world.analyst.runs} == {world.agents / job_id}


def test_run_when_it_gets_on_is_tried_again_as_often_as_at_first(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    for progress in (0.2, 0.4, 0.6, 0.8):
        world.say(stage("n", "next", progress), broke())
        assert world.events(job_id, "retry")[-1].data["delay_s"] == 2
        world.pass_time(2)
    world.say(stage("", "next", 0.8), stage("n", "next", 0.8), broke())
    world.pass_time(10)
    assert world.job(job_id).state == "running"
    world.say(broke())
    job = world.job(job_id)
    assert (job.state, job.attempts) == ("failed", 6)


def test_run_when_it_finishes_the_same_again_and_again_is_given_up(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    for _ in range(4):
        if world.job(job_id).state == "running":
            world.say(stage("n", "next", 0.5), broke())
            world.pass_time(10)
    job = world.job(job_id)
    assert (job.state, job.attempts) == ("failed", 3)


def test_run_when_the_server_says_when_to_come_back_comes_back_then(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    world.say(broke(retry_after_s=50))
    world.pass_time(49)
    assert world.job(job_id).state == "queued"
    world.pass_time(2)
    assert world.job(job_id).state == "running"


def test_run_when_it_breaks_for_good_fails_at_once(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    world.say(broke("model_unauthorized", passing=False), used())
    job = world.job(job_id)
    assert job.fault
    assert (job.state, job.fault.code, job.attempts, list(job.spent)) == (
        "failed",
        "model_unauthorized",
        1,
        [],
    )


@pytest.mark.parametrize("error", [OSError("no fork"), Unavailable("set it", retryable=False)])
def test_run_when_it_can_not_be_started_fails_with_the_reason(world: JobWorld, error: Exception) -> None:
    world.analyst.refuses = error
    job_id = world.submit().job.job_id
    world.desk.turn()
    job = world.job(job_id)
    assert job.fault
    assert job.state == "failed"
    assert str(error) in job.fault.message


def test_job_when_the_same_is_asked_for_again_is_one(world: JobWorld) -> None:
    first = world.submit("a")
    assert (first.joined, world.submit("b").joined) == (False, True)
    smaller = Limits(max_s=10, max_tokens=10)
    assert world.submit("c", limits=smaller).job.job_id == first.job.job_id
    assert world.submit("d", symbol="MSFT").job.job_id != first.job.job_id
    assert len(world.analyst.runs) == 2


def test_job_when_more_is_wanted_than_the_running_one_may_use_is_another(world: JobWorld) -> None:
    small = world.submit("a", limits=Limits(max_s=10, max_tokens=10))
    assert world.submit("b").job.job_id != small.job.job_id


@pytest.mark.parametrize(
    ("flaws", "hours", "fresh", "joined"),
    [
        ([], 23, False, True),
        ([], 25, False, False),
        (["empty_report"], 1, False, False),
        ([], 1, True, False),
    ],
)
def test_decision_when_it_is_to_be_trusted_and_new_answers_again(
    world: JobWorld, flaws: list[str], hours: float, fresh: bool, joined: bool
) -> None:
    world.submit("a")
    world.say(finished("buy", *flaws))
    world.clock.advance(hours * 3600)
    assert world.submit("b", fresh=fresh).joined is joined


def test_fresh_request_when_it_comes_again_finds_the_job_that_it_made(world: JobWorld) -> None:
    first = world.submit("same", fresh=True)
    again, other = world.submit("same", fresh=True), world.submit("other", fresh=True)
    assert (again.job.job_id, again.joined) == (first.job.job_id, True)
    assert other.job.job_id != first.job.job_id


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("kind", ["explicit", "request"])
@pytest.mark.parametrize("end", [finished(), finished("buy", "empty_report"), broke(passing=False), None])
def test_request_when_it_comes_again_finds_its_job_whatever_became_of_it(
    world: JobWorld, end: Any, kind: Any, fresh: bool
) -> None:
    first = world.submit(Key("same", kind), fresh=fresh)
    world.clock.advance(61)
    if end is not None:
        world.say(end)
    world.clock.advance(23 * 3600)
    again = world.submit(Key("same", kind), fresh=fresh)
    assert (again.job.job_id, again.joined, len(world.analyst.runs)) == (first.job.job_id, True, 1)


@pytest.mark.parametrize(("kind", "joined"), [("explicit", True), ("request", False)])
def test_request_when_it_comes_again_after_days_is_the_same_only_by_its_key(
    world: JobWorld, kind: Any, joined: bool
) -> None:
    world.submit(Key("same", kind))
    world.say(broke(passing=False))
    world.clock.advance(30 * 3600)
    assert world.submit(Key("same", kind)).joined is joined


def test_request_when_its_key_has_made_another_job_is_refused_and_that_named(world: JobWorld) -> None:
    first = world.submit(Key("same", "explicit"))
    with pytest.raises(IdempotencyMismatch, match=f"{first.job.job_id} of AAPL"):
        world.submit(Key("same", "explicit"), symbol="MSFT")
    by_id = world.submit(Key("same", "request"), symbol="MSFT")
    assert by_id.job.ask.symbol == "MSFT"
    assert world.submit(Key("same", "request"), symbol="GOOG").joined is False


def test_jobs_when_there_are_many_wait_for_their_turn_and_over_the_bound_are_refused(tmp_path: Path) -> None:
    with JobWorld(tmp_path, concurrency=2, queue_limit=3) as world:
        ids = [world.submit(symbol=f"S{number}").job.job_id for number in range(5)]
        assert world.desk.counts() == {"running": 2, "queued": 3, "done": 0, "failed": 0, "cancelled": 0}
        with pytest.raises(Overloaded) as refused:
            world.submit(symbol="S9")
        assert refused.value.details["retry_after_ms"] > 0
        world.say(finished(), index=0)
        assert [world.job(each).state for each in ids] == ["done", "running", "running", "queued", "queued"]


def test_cancel_when_it_runs_is_answered_with_its_process_gone(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    world.run().say(used(500, 50))
    story = now(world.desk.cancel(job_id, world.asker()))
    assert (story.job.state, world.run().alive) == ("cancelled", False)
    assert story.job.spent[0].input_tokens == 500
    assert now(world.desk.cancel(job_id, world.asker())).job.state == "cancelled"
    assert len(world.events(job_id, "ended")) == 1


@pytest.mark.parametrize("how", ["cancel", "tokens", "time", "close", "unwritable"])
def test_calls_when_they_are_told_while_the_run_is_killed_are_booked_before_its_end(
    world: JobWorld, how: str
) -> None:
    job_id = world.submit(limits=Limits(max_s=100, max_tokens=1000)).job.job_id
    world.run().last = [used(300, 0), used(400, 0)]
    if how == "cancel":
        now(world.desk.cancel(job_id, world.asker()))
    elif how == "tokens":
        world.say(used(1001, 0))
    elif how == "time":
        world.pass_time(101)
    elif how == "unwritable":
        world.say(used(-1, 0))
    else:
        world.close()
        world.open()
    job = world.job(job_id)
    states = {"cancel": "cancelled", "close": "queued"}
    assert job.state == states.get(how, "failed")
    assert job.spent[0].input_tokens == 700 + 1001 * (how == "tokens")
    assert world.events(job_id)[-1].kind == ("resumed" if how == "close" else "ended")


def test_cancel_when_it_waits_is_done_at_once(tmp_path: Path) -> None:
    with JobWorld(tmp_path, concurrency=1) as world:
        world.submit()
        job_id = world.submit(symbol="MSFT").job.job_id
        assert now(world.desk.cancel(job_id, world.asker())).job.state == "cancelled"
        world.say(finished())
        assert world.job(job_id).state == "cancelled"
        assert len(world.analyst.runs) == 1


def test_cancel_when_it_has_ended_is_denied(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    world.run().say(finished())
    with pytest.raises(Denied, match="done"):
        world.desk.cancel(job_id, world.asker())
    with pytest.raises(NotFound, match="no-such"):
        world.desk.cancel("no-such", world.asker())


def test_retry_when_it_failed_goes_on_with_as_much_again(world: JobWorld) -> None:
    job_id = world.submit(limits=Limits(max_s=100, max_tokens=1000)).job.job_id
    with pytest.raises(Denied, match="running"):
        world.desk.retry(job_id, world.asker())
    world.clock.advance(10)
    world.say(used(1500, 0))
    assert world.job(job_id).state == "failed"
    story = now(world.desk.retry(job_id, world.asker()))
    assert (story.job.state, story.job.fault, story.job.ended_us) == ("queued", None, None)
    assert (story.job.limits.max_tokens, story.job.limits.max_s) == (2500, 110)
    world.desk.turn()
    world.say(used(900, 0))
    assert world.job(job_id).state == "running"
    world.say(finished())
    assert (world.job(job_id).state, world.job(job_id).attempts) == ("done", 2)


def test_retry_when_another_job_does_the_same_work_is_denied_and_that_named(world: JobWorld) -> None:
    first = world.submit("a").job.job_id
    now(world.desk.cancel(first, world.asker()))
    second = world.submit("b").job.job_id
    with pytest.raises(Denied, match=f"{second} does the same work and is running") as refused:
        world.desk.retry(first, world.asker())
    assert refused.value.details["other_job_id"] == second
    world.say(broke(passing=False))
    assert now(world.desk.retry(first, world.asker())).job.state == "queued"


def test_retry_when_it_comes_twice_has_the_job_go_on_once(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    world.say(broke(passing=False))
    states = []
    for _ in range(3):
        states.append(now(world.desk.retry(job_id, world.asker())).job.state)
        if len(states) == 2:
            world.desk.turn()
    assert (states, len(world.events(job_id, "queued"))) == (["queued", "queued", "running"], 2)


def test_waiting_request_when_the_job_ends_is_answered_then(world: JobWorld) -> None:
    told = world.submitted(wait=True, patience_s=60)
    world.desk.turn()
    assert not told.done
    world.say(stage("market"))
    assert not told.done
    world.say(finished())
    assert now(told).job.state == "done"


@pytest.mark.parametrize(("patience_s", "before_s"), [(60.0, 0.5), (2.0, 0.2), (0.2, 0.05)])
def test_waiting_request_when_its_patience_ends_is_answered_in_time(
    world: JobWorld, patience_s: float, before_s: float
) -> None:
    told = world.submitted(wait=True, patience_s=patience_s)
    world.pass_time(patience_s - before_s - 0.01)
    assert not told.done
    world.pass_time(0.02)
    assert now(told).job.state == "running"


def test_look_when_it_waits_is_answered_by_the_next_event_or_its_time(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    last = world.job(job_id).last_event_id

    def look(wait_s: float) -> Any:
        return world.desk.job(job_id, after_id=last, wait_s=wait_s, asker=world.asker(60))

    told = look(20)
    assert not told.done
    world.say(noted("hello"))
    assert [each.text for each in now(told).events] == ["hello"]
    last = world.job(job_id).last_event_id
    told = look(3)
    world.pass_time(2.9)
    assert not told.done
    world.pass_time(0.2)
    assert now(told).events == []


def test_waiting_requests_when_there_are_too_many_are_answered_one_by_one(world: JobWorld) -> None:
    told = [world.submitted(f"k{each}", wait=True, patience_s=60) for each in range(waiting.MOST + 1)]
    assert [each.done for each in told] == [True] + [False] * waiting.MOST


def test_waiting_requests_when_the_manager_leaves_are_answered(world: JobWorld) -> None:
    told = world.submitted(wait=True, patience_s=60)
    world.desk.leave()
    assert now(told).job.state == "queued"
    assert world.submitted("b", wait=True).done


def test_manager_when_it_is_lost_has_its_jobs_taken_over(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    world.say(used(500, 50), stage("market"))
    world.clock.advance(30)
    world.desk.turn()
    world.crash()
    world.open()
    assert world.job(job_id).state == "queued"
    assert world.events(job_id)[-1].kind == "resumed"
    world.desk.turn()
    assert world.run().folder == world.agents / job_id
    world.say(used(500, 50), finished())
    job = world.job(job_id)
    assert (job.state, job.attempts, job.ran_s) == ("done", 2, 30.0)
    assert [(each.calls, each.input_tokens) for each in job.spent] == [(2, 1000)]


def test_manager_when_it_is_lost_again_and_again_gives_the_job_up(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    for _ in range(3):
        world.crash()
        world.open()
        world.desk.turn()
    job = world.job(job_id)
    assert job.fault
    assert (job.state, job.fault.code, world.analyst.runs) == ("failed", "manager_lost", [])


def test_manager_when_it_ends_in_order_lets_jobs_go_on_without_counting_it(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    for _ in range(5):
        world.clock.advance(10)
        world.run().say(used(1, 1))
        run = world.run()
        world.close()
        assert not run.alive
        world.open()
        world.desk.turn()
    job = world.job(job_id)
    assert (job.state, job.attempts, job.ran_s, job.spent[0].calls) == ("running", 6, 50.0, 5)


def test_manager_when_a_later_one_has_its_jobs_writes_nothing_more(world: JobWorld) -> None:
    world.submit()
    with Successor(world):
        world.run().say(finished())
        with pytest.raises(Fenced):
            world.desk.turn()


class Successor:
    def __init__(self, world: JobWorld) -> None:
        self._store = Store(world.path, world.clock)

    def __enter__(self) -> None:
        self._store.take()

    def __exit__(self, *_: object) -> None:
        self._store.close()


def test_jobs_db_when_it_can_not_be_written_loses_nothing_that_was_said(world: JobWorld) -> None:
    job_id = world.submit().job.job_id
    blocker = sqlite3.connect(world.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    world.say(used(500, 50), wrote())
    with pytest.raises(Unavailable):
        world.submitted(symbol="MSFT")
    with pytest.raises(Unavailable):
        world.desk.cancel(job_id, world.asker())
    assert world.job(job_id).state == "running"
    assert not world.analyst.alive
    blocker.execute("ROLLBACK")
    blocker.close()
    world.pass_time(2)
    job = world.job(job_id)
    assert (job.state, job.spent[0].calls, len(job.reports)) == ("cancelled", 1, 1)


def test_engine_when_it_lacks_something_is_unavailable_and_all_of_it_named(world: JobWorld) -> None:
    world.analyst.lacks = "TRADINGAGENTS_PATH"
    with pytest.raises(Unavailable) as refused:
        world.submit(quick_model="", deep_model="")
    assert refused.value.details["set"] == ["agents.model.quick", "TRADINGAGENTS_PATH"]
    with pytest.raises(Unavailable, match="not served"):
        world.submit(engine="tradingagents")
    assert world.desk.counts()["queued"] == 0


def test_jobs_when_they_are_listed_come_newest_first_and_by_page(world: JobWorld) -> None:
    ids = [world.submit(symbol=f"S{number % 2}", date=f"2012-09-1{number}").job.job_id for number in range(5)]
    world.say(finished(), index=0)

    def listed(**only: Any) -> list[str]:
        return [each.job_id for each in now(world.desk.jobs(JobFilter(**only)))]

    assert listed() == ids[::-1]
    assert listed(limit=2, before_id=ids[3]) == [ids[2], ids[1]]
    assert listed(symbol="S1") == [ids[3], ids[1]]
    assert listed(states=("done", "failed")) == [ids[0]]
    assert listed(engine="tradingagents") == []
    assert listed(since_us=world.clock.wall_us() + 1) == []
    with pytest.raises(NotFound):
        listed(before_id="j9-none")


def test_jobs_when_they_are_old_are_removed_with_their_folders(world: JobWorld) -> None:
    old = world.submit(symbol="OLD").job.job_id
    kept = world.submit(symbol="KEPT").job.job_id
    world.say(finished(), index=0)
    stray = world.agents / "j99-0000"
    stray.mkdir()
    world.clock.advance(91 * 86_400)
    world.desk.turn()
    with pytest.raises(NotFound):
        world.job(old)
    assert [each.name for each in world.agents.iterdir()] == [kept]


def test_folders_when_they_can_not_be_read_are_left_and_jobs_go_on(
    world: JobWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Path) -> Any:
        raise OSError(5, "Input/output error")

    job_id = world.submit().job.job_id
    monkeypatch.setattr(Path, "iterdir", refuse)
    world.clock.advance(pruning.EVERY_S)
    world.say(finished())
    assert "folders_unreadable" in caplog.text
    assert world.job(job_id).state == "done"


def test_ids_when_the_newest_job_was_removed_are_never_given_again(world: JobWorld) -> None:
    first = world.submit().job.job_id
    world.say(finished())
    world.clock.advance(91 * 86_400)
    world.desk.turn()
    assert world.submit().job.job_id != first


def test_processes_when_they_are_to_be_warm_are_made_so_at_start_and_after_each_run(tmp_path: Path) -> None:
    with JobWorld(tmp_path, warm=1) as world:
        assert world.analyst.warmed == 1
        world.submit()
        assert world.analyst.warmed == 2


def test_request_when_nobody_waits_any_more_begins_no_job(world: JobWorld) -> None:
    with pytest.raises(DeadlineExceeded, match="too late"):
        world.submitted(patience_s=0)
    assert sum(world.desk.counts().values()) == 0


def test_question_when_its_turn_comes_too_late_is_not_asked(world: JobWorld) -> None:
    asked: list[int] = []
    context = copy_context()
    context.run(DEADLINE.set, world.clock.monotonic())
    told = context.run(world.desk.apart, lambda: asked.append(1))
    world.desk.turn()
    with pytest.raises(DeadlineExceeded):
        now(told)
    assert asked == []


def test_questions_when_their_answers_do_not_come_are_bounded(world: JobWorld) -> None:
    told = [world.desk.apart(lambda: 5) for _ in range(apart.MOST)]
    with pytest.raises(Overloaded) as refused:
        world.desk.apart(lambda: 5)
    assert refused.value.details["retry_after_ms"] > 0
    world.desk.turn()
    assert [now(each) for each in told] == [5] * apart.MOST
    assert not world.desk.apart(lambda: 5).done


def test_question_when_asked_apart_comes_back_in_a_turn(world: JobWorld) -> None:
    def refuse() -> int:
        raise NotFound("no such symbol")

    def stumble() -> int:
        raise KeyError("odd")

    told = [world.desk.apart(each) for each in (lambda: 5, refuse, stumble)]
    assert not any(each.done for each in told)
    world.desk.turn()
    assert now(told[0]) == 5
    for each, message in ((told[1], "no such symbol"), (told[2], "its log has the details")):
        with pytest.raises(TacoreError, match=message):
            now(each)
