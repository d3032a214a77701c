"""Agent jobs of the real service: stand-ins of both engines, a scripted model server, the sample market."""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tacore.errors import InvalidParams, TacoreError
from tests.support.agent_service import KEY, PRICE, AgentService
from tests.support.model_answers import Wish

CALLS = {"tradingagents_cn": 16, "tradingagents": 15}
NEAR = 432.0
"""A target near AAPL's price on that day, which was 441.40."""
ABOVE = 480.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentService]:
    with AgentService(tmp_path_factory.mktemp("agents"), agents={"warm": 1}) as started:
        yield started


@pytest.fixture
def service(running: AgentService) -> AgentService:
    running.server.reset()
    return running


def flaws(job: dict[str, Any]) -> set[str]:
    """Give the codes of a finished job's flaws."""
    assert job["state"] == "done", job["error"]
    found = {each["code"] for each in job["quality"]["flaws"]}
    assert job["quality"]["verdict"] == ("degraded" if found else "ok")
    assert all(each["message"] for each in job["quality"]["flaws"])
    return found


@pytest.mark.parametrize("engine", ["tradingagents_cn", "tradingagents"])
def test_job_when_all_goes_well_decides_and_counts_as_the_model_server_does(
    service: AgentService, engine: str
) -> None:
    service.server.change(wish=Wish(target=ABOVE))
    job = service.whole(engine=engine, analysts=["market"])
    assert flaws(job) == set()
    assert (job["recommendation"], job["decision"]["target_price"]) == ("buy", ABOVE)
    assert (job["price"], job["currency"], job["simulated"]) == (441.4, "USD", False)
    assert (job["progress"], job["attempts"]) == (1, 1)
    server = service.server
    assert job["tokens"]["calls"] == server.answered == len(server.calls)
    assert job["tokens"]["input"] == sum(read for read, _ in server.usage.values())
    assert job["tokens"]["output"] == sum(written for _, written in server.usage.values())
    cost = sum(
        (read * PRICE[model]["input"] + written * PRICE[model]["output"]) / 1e6
        for model, (read, written) in server.usage.items()
    )
    assert job["cost"]["amount"] == pytest.approx(cost) and job["cost"]["complete"]
    assert {each["name"] for each in job["reports"]} >= {"market", "final_trade_decision"}
    assert {each["debate"] for each in job["debates"]} == {"investment", "risk"}
    assert {each["tool"] for each in job["tool_calls"]} >= {"prices"}


@pytest.mark.parametrize("engine", ["tradingagents_cn", "tradingagents"])
def test_job_when_all_analysts_look_makes_the_calls_of_the_real_one_and_names_what_had_no_data(
    service: AgentService, engine: str
) -> None:
    job = service.whole(engine=engine)
    assert len(service.server.calls) == CALLS[engine] == job["tokens"]["calls"]
    assert "no_data" in flaws(job)  # of news and figures the sample market has none
    assert {call.model for call in service.server.calls} == {"quick-model", "deep-model"}


SILENT: dict[str, tuple[str, Wish, str]] = {
    "nonsense, held by the Chinese engine with 0.7": ("tradingagents_cn", Wish(), "default_decision"),
    "nonsense, held by Tauric's": ("tradingagents", Wish(), "default_decision"),
    "advice against buying, read as a buy": (
        "tradingagents_cn",
        Wish(phrases={"请提取投资决策": "我不建议买入"}),
        "default_decision",
    ),
    "an empty report": ("tradingagents_cn", Wish(phrases={"行情与技术指标": ""}), "empty_report"),
    "no look at data": ("tradingagents_cn", Wish(uses_tools=False), "no_evidence"),
    "no look at data, Tauric's": ("tradingagents", Wish(uses_tools=False), "no_evidence"),
    "a target far outside the range": ("tradingagents_cn", Wish(target=9000.0), "target_out_of_range"),
    "a target far outside, Tauric's": ("tradingagents", Wish(target=9000.0), "target_out_of_range"),
    "a buy below the price": ("tradingagents_cn", Wish(target=NEAR), "target_contradicts"),
    "a confidence of 80": ("tradingagents_cn", Wish(confidence=80), "unparseable_signal"),
    "a rating in prose": ("tradingagents", Wish(phrases={"Decide.": "Do not buy"}), "default_decision"),
}


@pytest.mark.parametrize("engine, wish, code", SILENT.values(), ids=SILENT)
def test_job_when_the_engine_fails_in_silence_is_degraded_with_the_reason(
    service: AgentService, engine: str, wish: Wish, code: str
) -> None:
    service.server.change(wish=wish)
    if wish == Wish():
        service.server.mode = "garbage"
    assert code in flaws(service.whole(engine=engine, analysts=["market"]))


def test_job_when_the_signals_action_means_nothing_fails_and_holds_nothing(service: AgentService) -> None:
    service.server.change(wish=Wish(action="观望再说"))
    job = service.whole(engine="tradingagents_cn", analysts=["market"])
    assert job["state"] == "failed" or "unparseable_signal" in flaws(job)
    assert job["state"] == "done" or (job["recommendation"] is None and job["error"]["message"])


@pytest.mark.parametrize("engine", ["tradingagents_cn", "tradingagents"])
def test_job_when_the_judges_model_stays_down_fails_instead_of_holding(
    service: AgentService, engine: str
) -> None:
    judge = 11 if engine == "tradingagents_cn" else 10
    service.server.fail("500", from_call=judge)
    job = service.whole(engine=engine, analysts=["market"])
    assert (job["state"], job["error"]["code"]) == ("failed", "model_unavailable")
    assert (job["recommendation"], job["decision"], job["attempts"]) == (None, None, 3)
    assert service.server.answered == judge - 1
    assert len(service.server.calls) == judge - 1 + 3  # one call for each attempt, none repeated by a client


def test_job_when_the_key_is_refused_fails_after_one_call(service: AgentService) -> None:
    service.server.mode = "401"
    job = service.whole()
    assert (job["state"], job["error"]["code"], job["attempts"]) == ("failed", "model_unauthorized", 1)
    assert len(service.server.calls) == 1


def test_job_when_the_server_answers_what_is_no_json_fails_with_that(service: AgentService) -> None:
    service.server.mode = "malformed"
    job = service.whole()
    assert (job["state"], job["error"]["code"]) == ("failed", "model_answer_unreadable")


@pytest.mark.parametrize("mode", ["429", "503"])
def test_job_when_turned_away_for_a_while_goes_on_after_the_last_node(
    service: AgentService, mode: Any
) -> None:
    service.server.change(retry_after_s=0.2)
    service.server.fail(mode, from_call=6, calls=2)
    job = service.whole(analysts=["market"])
    assert (job["state"], job["attempts"]) == ("done", 3)
    assert service.server.answered == job["tokens"]["calls"] == 11
    assert len(service.server.calls) == 11 + 2


def test_job_when_the_server_counts_no_tokens_says_that_its_cost_is_not_whole(service: AgentService) -> None:
    service.server.mode = "uncounted"
    job = service.whole(analysts=["market"])
    assert job["state"] == "done"
    assert not job["cost"]["complete"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a ticker that climbs": ({"symbol": "../../../evil"}, "symbol"),
    "a date in the future": ({"date": "2999-01-01"}, "date"),
    "an unknown analyst": ({"analysts": ["market", "bogus"]}, "analysts"),
    "an unknown engine": ({"engine": "crystal_ball"}, "engine"),
    "a model that is not configured": ({"quick_model": "gpt-nobody-knows"}, "quick_model"),
    "more tokens than allowed": ({"max_tokens": 10**9}, "max_tokens"),
    "rounds without end": ({"debate_rounds": 99}, "debate_rounds"),
}


@pytest.mark.parametrize("params, field", BAD.values(), ids=BAD)
def test_ask_when_it_is_bad_is_refused_by_name_and_costs_nothing(
    service: AgentService, params: dict[str, Any], field: str
) -> None:
    before = service.call("list.jobs")["counts"]
    with pytest.raises(InvalidParams) as refused:
        service.ask(**params)
    assert field in str(refused.value.details) + str(refused.value)
    assert service.call("list.jobs")["counts"] == before
    assert service.server.calls == []


def test_jobs_when_they_ask_the_same_are_one(service: AgentService) -> None:
    service.server.mode = "hang"
    same = {"fresh": False, "analysts": ["market"], "risk_rounds": 2}
    first, second = service.ask(**same), service.ask(**same)
    assert first["job_id"] == second["job_id"] and second["joined"]
    service.server.wait_for_calls(1)
    service.server.reset()
    service.call("cancel.job", job_id=first["job_id"])


def test_stock_when_analysed_by_agents_becomes_a_job(service: AgentService) -> None:
    params = {"symbol": "AAPL", "analysis_type": "agents", "analysts": ["market"], "fresh": True}
    job = service.ended(service.call("analyze.stock", **params)["job_id"])
    assert job["state"] == "done"


def test_job_when_unknown_is_not_found(service: AgentService) -> None:
    with pytest.raises(TacoreError) as refused:
        service.job("j-nobody")
    assert refused.value.code == "not_found"


def test_key_when_jobs_have_run_and_failed_is_nowhere(service: AgentService) -> None:
    service.server.mode = "hang"
    job = service.ask(analysts=["market"])
    service.server.wait_for_calls(1)
    processes = [psutil.Process(each.pid) for each in service.living()]
    assert service.runs()
    assert [each for each in processes if KEY in " ".join(each.cmdline())] == []
    service.call("cancel.job", job_id=job["job_id"])
    service.server.mode = "401"
    refused = service.whole(analysts=["market"])
    assert service.server.keys_seen == {KEY}
    answers = [refused, service.call("list.jobs"), service.health()]
    assert KEY not in str(answers)
    assert holding(service) == ["secrets/model_key"]


def holding(service: AgentService) -> list[str]:
    """List the files of the home, of databases and engines too, that hold the key or a telling part of it."""
    part = KEY[:20].encode()
    files = [each for each in service.home.rglob("*") if each.is_file()]
    return [str(each.relative_to(service.home)) for each in files if part in each.read_bytes()]
