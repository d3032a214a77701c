"""analyze.agents and its kin on the sample market, called as the manager's process calls them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tacore.analysis.agents.data import AgentData
from tacore.clock import ManualClock
from tacore.errors import InvalidParams, NotFound, TacoreError, Unavailable
from tacore.market.router import Markets
from tacore.methods import analyze_agents, cancel_job, get_job, list_jobs, retry_job
from tacore.model.jobs import Ask
from tacore.ports import Context, Later, Method, Ports
from tacore.worker.params import ParamsReader
from tests.support.job_world import JobWorld
from tests.support.markets import open_markets
from tests.support.scripted_analyst import finished, used, wrote


@pytest.fixture
def world(tmp_path: Path) -> Iterator[JobWorld]:
    with JobWorld(tmp_path) as made:
        yield made


def call(
    world: JobWorld,
    method: Method,
    params: Mapping[str, Any],
    key: str = "1",
    markets: Markets | None = None,
) -> Any:
    """Call a method, with as many turns as it needs; numbers are floats."""
    ports = Ports(markets or open_markets(), jobs=world.desk)
    deadline = world.clock.monotonic() + 5
    clock: ManualClock = world.clock
    context = Context(key, method.name, "local", deadline, clock, ports)
    typed, warnings = ParamsReader(method).read(msgspec.Raw(msgspec.json.encode(params)))
    later: Later[Any] = method.handler(typed, context)
    told: list[Any] = []
    later.then(lambda value, error: told.extend([value, error]))
    for _ in range(3):
        world.desk.turn()
    if not told:
        world.pass_time(5)
    value, error = told
    if error is not None:
        raise error
    value.warnings.extend(warnings)
    return msgspec.json.decode(msgspec.json.Encoder(decimal_format="number").encode(value))


def ask(world: JobWorld, key: str = "1", **params: Any) -> Any:
    return call(world, analyze_agents.METHOD, {"symbol": "AAPL", **params}, key)


def test_agents_when_asked_give_a_job_at_once_in_our_own_spelling(world: JobWorld) -> None:
    data = ask(world, symbol="aapl", analysisType="Agents", analysts="news, market", debateRounds=2)
    assert (data["symbol"], data["market"], data["date"]) == ("AAPL", "US", "2013-03-01")
    assert (data["analysts"], data["debate_rounds"], data["risk_rounds"]) == (["market", "news"], 2, 1)
    assert (data["quick_model"], data["deep_model"], data["joined"]) == ("small", "large", False)
    assert (data["engine"], data["decision"], data["limits"]["max_s"]) == ("tradingagents_cn", None, 600)
    assert data["tokens"] == {"input": 0, "output": 0, "total": 0, "calls": 0}


@pytest.mark.parametrize("asked", [{}, {"date": "2013-06-15"}])
def test_agents_when_the_feed_ended_months_ago_are_asked_as_of_the_session_due_and_warn(
    world: JobWorld, asked: dict[str, Any]
) -> None:
    """The sample ends on 2013-03-01; Friday 2013-06-14 had a session, Saturday had none."""
    late = open_markets({"US": {"provider": "sample", "replay": {"at": "2013-06-15"}}})
    data = call(world, analyze_agents.METHOD, {"symbol": "AAPL", **asked}, markets=late)
    assert data["date"] == "2013-06-14"
    stale = [each for each in data["warnings"] if each.startswith("stale: ")]
    assert stale == ["stale: AAPL ends on 2013-03-01, but a session was due on 2013-06-14"]
    ask = Ask(
        engine="tradingagents",
        market="US",
        symbol="AAPL",
        date=data["date"],
        analysts=("market",),
        debate_rounds=1,
        risk_rounds=1,
        quick_model="q",
        deep_model="d",
    )
    seen = AgentData(late, world.clock).seen(ask)
    assert (seen.stale, seen.as_of) == (True, "2013-03-01")


def test_agents_when_a_standing_replay_is_at_its_close_are_not_stale(world: JobWorld) -> None:
    data = ask(world)
    assert (data["date"], data["warnings"]) == ("2013-03-01", [])


def test_agents_when_the_day_had_no_session_look_from_the_last_before(world: JobWorld) -> None:
    saturday = ask(world, date="2013-02-23")
    assert (saturday["date"], len(saturday["warnings"])) == ("2013-02-22", 1)
    assert ask(world, "2", date="2013-02-22")["job_id"] == saturday["job_id"]


def test_agents_when_the_models_server_or_the_engine_is_another_decide_anew(tmp_path: Path) -> None:
    other = {"base_url": "http://127.0.0.1:9/v1", "quick": "small", "deep": "large"}
    for settings, version, joined in (
        ({}, "1.0", False),
        ({}, "1.0", True),
        ({"model": other}, "1.0", False),
        ({"model": other | {"temperature": 0.7}}, "1.0", False),
        ({"model": other | {"max_answer_tokens": 500}}, "1.0", False),
        ({}, "1.1", False),
        ({}, "1.0", True),
    ):
        with JobWorld(tmp_path, **settings) as world:
            world.analyst.version = version
            assert ask(world, f"{settings}{version}{joined}")["joined"] is joined
            if not joined:
                world.say(finished())


def test_agents_when_the_same_request_comes_after_settings_changed_give_its_job(tmp_path: Path) -> None:
    ids = []
    for version in ("1.0", "1.1"):
        with JobWorld(tmp_path) as world:
            world.analyst.version = version
            ids.append(ask(world, "same")["job_id"])
    assert ids[0] == ids[1]


def test_agents_when_they_run_under_other_settings_than_asked_for_decide_for_those(tmp_path: Path) -> None:
    with JobWorld(tmp_path) as world:
        job_id = ask(world, "a")["job_id"]
    with JobWorld(tmp_path) as world:
        world.analyst.version = "1.1"
        world.desk.turn()
        world.say(finished())
        assert ask(world, "b")["job_id"] == job_id


def test_agents_when_waited_for_answer_with_the_job_as_it_is_before_patience_ends(world: JobWorld) -> None:
    assert ask(world, wait=True)["state"] == "running"


@pytest.mark.parametrize(
    ("params", "error", "field", "said"),
    [
        ({"symbol": "../../../evil"}, InvalidParams, "symbol", "no symbol"),
        ({"symbol": ""}, InvalidParams, "symbol", "no symbol"),
        ({"symbol": "NOSUCH"}, NotFound, "symbol", "NOSUCH"),
        ({"market": "MARS"}, InvalidParams, "market", "US"),
        ({"date": "2031-01-01"}, InvalidParams, "date", "future"),
        ({"date": "someday"}, InvalidParams, "date", "no date"),
        ({"date": "1950-01-02"}, InvalidParams, "date", "history"),
        ({"analysts": ["astrologer"]}, InvalidParams, "analysts", "allowed: market"),
        ({"analysts": "nwes"}, InvalidParams, "analysts", "did you mean news"),
        ({"analysts": ["news", "news"]}, InvalidParams, "analysts", "more than once"),
        ({"analysts": []}, InvalidParams, "analysts", "none is named"),
        ({"engine": "tradingagent"}, InvalidParams, "engine", "did you mean tradingagents"),
        ({"debate_rounds": 9}, InvalidParams, "debate_rounds", "5"),
        ({"quick_model": "smal"}, InvalidParams, "quick_model", "did you mean small"),
        ({"max_s": 601}, InvalidParams, "max_s", "at most 600"),
        ({"max_tokens": 0}, InvalidParams, "max_tokens", "more than 0"),
        ({"max_cost": True}, InvalidParams, "max_cost", "a number"),
        ({"analysis_type": "technical"}, InvalidParams, "analysis_type", "agents"),
    ],
)
def test_agents_when_a_param_is_wrong_queue_nothing_and_name_it(
    world: JobWorld, params: dict[str, Any], error: type[TacoreError], field: str, said: str
) -> None:
    with pytest.raises(error, match=said) as refused:
        ask(world, **params)
    assert field in refused.value.details
    assert sum(world.desk.counts().values()) == 0


def test_agents_when_a_cost_is_limited_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    with JobWorld(tmp_path, prices={}) as world, pytest.raises(InvalidParams, match="needs a price of"):
        ask(world, max_cost=1)


def test_agents_when_nothing_is_configured_are_unavailable_and_name_what_to_set(tmp_path: Path) -> None:
    with JobWorld(tmp_path, model={}, prices={}) as world:
        world.analyst.lacks = "TRADINGAGENTS_PATH"
        with pytest.raises(Unavailable) as refused:
            ask(world)
        assert refused.value.details["set"] == ["agents.model.quick", "TRADINGAGENTS_PATH"]


def test_job_methods_when_a_job_lives_show_and_change_it(world: JobWorld) -> None:
    job_id = ask(world)["job_id"]
    world.say(used())
    shown = call(world, get_job.METHOD, {"jobId": job_id, "after_id": 2})
    assert [each["kind"] for each in shown["events"]] == ["usage"]
    assert shown["cost"] == {"amount": 0.002, "currency": "USD", "complete": True}
    assert call(world, cancel_job.METHOD, {"job_id": job_id})["state"] == "cancelled"
    assert call(world, retry_job.METHOD, {"job_id": job_id})["state"] == "queued"
    world.desk.turn()
    world.say(finished())
    listed = call(world, list_jobs.METHOD, {"state": "done,failed", "symbol": "aapl", "since": "2020-01-01"})
    assert [each["signal"] for each in listed["jobs"]] == ["buy"]
    assert (listed["counts"]["done"], listed["next_before_id"]) == (1, None)
    hidden = {"reports", "debates", "tool_calls", "usage", "events"}
    assert not hidden & listed["jobs"][0].keys()
    assert not {"text", "reasoning"} & listed["jobs"][0]["decision"].keys()
    shown = call(world, get_job.METHOD, {"job_id": job_id})
    assert (shown["decision"]["text"], shown["debates"][0]["text"]) == ("Buy it.", "Up!")


def test_job_when_it_is_followed_is_told_in_whole_at_first_at_its_end_and_where_asked_for(
    world: JobWorld,
) -> None:
    job_id = ask(world)["job_id"]
    long = {"reports", "debates", "tool_calls", "usage"}
    world.say(used(), wrote())

    def told(**params: Any) -> set[str]:
        return long & set(call(world, get_job.METHOD, {"job_id": job_id, **params}))

    assert (told(), told(after_id=2), told(after_id=2, whole=True)) == (long, set(), long)
    assert told(whole=False) == set()
    world.say(finished())
    assert told(after_id=2) == long


def test_job_methods_when_this_process_owns_no_jobs_are_unavailable(world: JobWorld) -> None:
    context = Context("1", "get.job", "local", 9e9, world.clock, Ports(open_markets()))
    with pytest.raises(Unavailable, match="owns no jobs"):
        get_job.METHOD.handler(get_job.Params(job_id="j1"), context)
