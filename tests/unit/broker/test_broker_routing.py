"""Requests of one method that another one serves, by the value of a param."""

import json
from typing import Any

import pytest

from tests.support.broker_world import KILL, SimWorker, World, method

JUDGE = method(
    "judge",
    aliases=("judge.symbol",),
    renames={"kindOf": "kind", "other": "elsewhere"},
    routes={"kind": {"agents": "judge.agents", "agent": "judge.agents"}},
)
AGENTS = method("judge.agents", pool="agents", max_s=5.0, waits=True)


def world_of() -> tuple[World, SimWorker, SimWorker]:
    world = World(JUDGE, AGENTS)
    here = world.worker("w1", ["judge"])
    there = world.worker("a1", ["judge.agents"], pool="agents", credit=512, batch=1, store=("jobs-a", 1))
    return world, here, there


@pytest.mark.parametrize(
    "params",
    [
        {"kind": "agents"},
        {"kind": " Agents "},
        {"kindOf": "AGENT"},
        {"kind": "agents", "kindOf": "agent", "symbol": "A"},
    ],
)
@pytest.mark.parametrize("name", ["judge", "judge.symbol"])
def test_request_when_its_param_says_so_goes_to_the_other_method(name: str, params: dict[str, Any]) -> None:
    world, here, there = world_of()
    world.ask("1", name, params=params)
    assert here.batches == []
    assert [(each.method, each.requests[0]["params"]) for each in there.batches] == [("judge.agents", params)]
    there.answer()
    assert world.reply()["data"]["by"] == "a1"
    assert [row[1] for row in world.rows()] == ["judge.agents"]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"kind": "technical"},
        {"kind": "agents", "kindOf": "technical"},
        {"kind": ["agents"]},
        {"kind": {"agents": 1}},
        {"other": "agents"},
        {"nested": {"kind": "agents"}},
        ["agents"],
        None,
    ],
)
def test_request_when_its_param_says_nothing_of_the_kind_stays(params: Any) -> None:
    world, here, there = world_of()
    world.ask("1", "judge", params=params)
    assert [each.method for each in here.batches] == ["judge"]
    assert there.batches == []


def test_request_when_its_bytes_are_odd_is_routed_as_json_reads_them() -> None:
    world, here, there = world_of()
    world.send(
        b'{"request_id": "1", "method": "judge", "params": {"k\\u0069nd": "\\u0041gents", "kind2": 1}}'
    )
    world.step()
    assert [each.ids for each in there.batches] == [["1"]]
    assert here.batches == []


def test_retry_when_the_first_was_sent_on_joins_it() -> None:
    world, _, there = world_of()
    for client in (b"A", b"B"):
        world.ask("same", "judge", client, params={"kind": "agents"})
    assert len(there.batches) == 1
    there.answer()
    assert world.reply(b"A")["data"] == world.reply(b"B")["data"]


def test_request_when_nobody_serves_the_other_method_is_unavailable_with_the_command() -> None:
    world = World(JUDGE, AGENTS)
    world.worker("w1", ["judge"])
    world.ask("1", "judge", params={"kind": "agents"}, timeout_ms=60_000)
    world.pass_time(3)
    assert world.error()["details"]["start"] == "tacore worker spawn --pool agents"


def test_method_when_described_tells_where_it_sends_requests_on() -> None:
    told = World(JUDGE, AGENTS).call("describe.methods", {"method": "judge"})["data"]
    assert json.dumps({"agents": "judge.agents", "agent": "judge.agents"}) in json.dumps(told)


def test_waiting_request_when_its_client_is_patient_does_not_make_its_worker_hung() -> None:
    world, _, there = world_of()
    world.ask("1", "judge.agents", timeout_ms=60_000)
    world.pass_time(64)
    assert KILL not in there.kinds()
    world.pass_time(2)
    assert "a1" not in world.core.pools["agents"].workers
