"""health.check, describe.methods and admin.*, which the broker answers with no worker alive."""

from typing import Any

import pytest

from tests.support.broker_world import ABOUT, RESTART, SCALE, STOP, World, frame, method


def test_health_when_no_worker_is_there_is_degraded_and_names_the_command() -> None:
    data = World().call("health.check")["data"]
    assert data["status"] == "degraded"
    assert any("`tacore worker spawn`" in reason for reason in data["reasons"])
    assert {key: data[key] for key in ABOUT} == ABOUT
    assert "components" not in data


def test_health_when_all_is_well_is_healthy_and_counts_its_uptime() -> None:
    world = World(probes={"journal": lambda: {"status": "healthy", "rows": 3}})
    world.supervisor(wanted=1)
    world.worker()
    world.clock.advance(2.5)
    data = world.call("health.check", {"detailed": True})["data"]
    assert (data["status"], data["reasons"], data["uptime_s"], data["workers"]) == ("healthy", [], 2.5, 1)
    parts = data["components"]
    assert parts["journal"] == {"status": "healthy", "rows": 3}
    assert {name: part["status"] for name, part in parts.items()} == dict.fromkeys(
        ["broker", "workers", "queues", "stores", "cache", "journal"], "healthy"
    )
    assert parts["workers"]["workers"][0]["worker_id"] == "w1"


@pytest.mark.parametrize(
    ("wanted", "gave_up", "reason"), [(2, [], "1 of 2 workers are up"), (1, ["w9"], "w9")]
)
def test_health_when_workers_are_missing_says_why(wanted: int, gave_up: list[str], reason: str) -> None:
    world = World()
    world.supervisor(wanted=wanted, gave_up=gave_up)
    world.worker()
    data = world.call("health.check")["data"]
    assert data["status"] == "degraded"
    assert reason in data["reasons"][0]


def test_health_when_a_part_is_unhealthy_is_so_itself() -> None:
    world = World(
        probes={
            "journal": lambda: {"status": "unhealthy", "reason": "its file is gone"},
            "disk": lambda: {"status": "degraded"},
        }
    )
    data = world.call("health.check")["data"]
    assert data["status"] == "unhealthy"
    assert {"journal: its file is gone", "disk: degraded"} <= set(data["reasons"])


def test_health_when_requests_wait_counts_them() -> None:
    world = World()
    world.ask("1")
    data = world.call("health.check", {"detailed": True})["data"]
    assert data["in_flight"] == 1
    assert data["components"]["queues"]["methods"] == {"m": 1}
    assert data["components"]["queues"]["pools"]["fast"] == {"queued": 1, "workers": 0}


@pytest.mark.parametrize(("name", "params"), [("health.check", {"detailed": "yes"}), ("admin.scale", {})])
def test_own_method_when_a_param_is_wrong_names_it(name: str, params: dict[str, Any]) -> None:
    world = World()
    world.ask("1", name, params=params)
    error = world.error()
    assert error["code"] == "invalid_params"
    assert error["details"]


@pytest.mark.parametrize("params", [[], "x", 5, None])
def test_own_method_when_params_are_no_object_is_invalid_params(params: object) -> None:
    world = World()
    world.ask("1", "health.check", params=params)
    assert world.error()["code"] == "invalid_params"


def test_own_method_when_a_param_is_unknown_ignores_and_names_it() -> None:
    data = World().call("health.check", {"market_conditions": 1, "detailed": False})["data"]
    assert len(data["warnings"]) == 1
    assert "market_conditions" in data["warnings"][0]


def test_admin_method_when_a_param_is_unknown_refuses() -> None:
    world = World()
    world.ask("1", "admin.drain", params={"extra": 1})
    assert world.error()["code"] == "invalid_params"
    assert world.stops == []


def test_describe_when_asked_for_all_lists_methods_served_anywhere() -> None:
    world = World(method("scan.market", pool="fast", aliases=("scan",)))
    listed = {each["name"]: each for each in world.call("describe.methods")["data"]["methods"]}
    assert {"scan.market", "health.check", "describe.methods", "admin.workers"} <= set(listed)
    assert (listed["scan.market"]["pool"], listed["scan.market"]["idempotent"]) == ("fast", True)
    assert listed["health.check"]["pool"] == "broker"
    assert list(listed) == sorted(listed)


def test_describe_when_asked_by_alias_gives_that_method() -> None:
    world = World(method("scan.market", aliases=("scan",)))
    (only,) = world.call("describe.methods", {"method": "scan"})["data"]["methods"]
    assert only["name"] == "scan.market"


def test_describe_when_the_method_is_unknown_says_so() -> None:
    world = World()
    world.ask("1", "describe.methods", params={"method": "nope"})
    error = world.error()
    assert (error["code"], error["message"].startswith("Unsupported method")) == ("unknown_method", True)


def test_own_methods_when_called_without_an_id_or_in_a_dialect_answer_in_kind() -> None:
    world = World()
    world.send(b'{"jsonrpc":"2.0","id":4,"method":"health.check"}')
    world.step()
    reply = world.reply()
    assert (reply["id"], reply["result"]["status"]) == (4, "degraded")
    assert "error" not in reply


# -- admin -----------------------------------------------------------------------------------------


def test_admin_workers_when_some_are_there_shows_what_worker_ls_shows() -> None:
    world = World()
    worker = world.worker("w1")
    world.ask("1")
    world.clock.advance(1.0)
    (row,) = world.call("admin.workers")["data"]["workers"]
    shown = {key: row[key] for key in ("worker_id", "pool", "host", "state", "in_flight", "processed")}
    assert shown == {
        "worker_id": "w1",
        "pool": "fast",
        "host": "host",
        "state": "busy",
        "in_flight": 1,
        "processed": 0,
    }
    assert (row["uptime_s"], row["version"], row["supervisor"]) == (1.0, "1.2.3", "s1")
    worker.answer()
    (row,) = world.call("admin.workers")["data"]["workers"]
    assert (row["state"], row["in_flight"], row["processed"]) == ("ready", 0, 1)


def test_admin_scale_when_one_supervisor_runs_the_pool_orders_it() -> None:
    world = World()
    routing = world.supervisor("s1")
    world.supervisor("s2", pool="orders")
    assert world.call("admin.scale", {"workers": 5})["status"] == "success"
    assert world.supervised[routing][-1] == frame(SCALE, 5)


def test_admin_scale_when_several_run_the_pool_wants_a_name() -> None:
    world = World()
    world.supervisor("s1")
    second = world.supervisor("s2")
    error = world.call("admin.scale", {"workers": 5})["error"]
    assert (error["code"], error["details"]) == ("invalid_params", {"supervisor": ["s1", "s2"]})
    world.call("admin.scale", {"workers": 5, "supervisor": "s2"})
    assert world.supervised[second][-1] == frame(SCALE, 5)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"workers": -1}, "invalid_params"),
        ({"workers": 513}, "invalid_params"),
        ({"workers": 1.5}, "invalid_params"),
        ({"workers": 1}, "unavailable"),
        ({"workers": 1, "supervisor": "nobody"}, "not_found"),
    ],
)
def test_admin_scale_when_it_cannot_be_says_why(params: dict[str, Any], code: str) -> None:
    assert World().call("admin.scale", params)["error"]["code"] == code


@pytest.mark.parametrize(("name", "kind"), [("admin.restart", RESTART), ("admin.drain_worker", STOP)])
def test_admin_order_when_for_a_worker_goes_to_its_supervisor(name: str, kind: bytes) -> None:
    world = World()
    routing = world.supervisor()
    world.worker("w1")
    world.worker("w2")
    assert "w2" in world.call(name, {"worker_id": "w2"})["data"]["done"]
    assert world.supervised[routing][-1] == frame(kind, "w2")
    world.call(name, {"worker_id": "all"})
    assert world.supervised[routing][-2:] == [frame(kind, "w1"), frame(kind, "w2")]


def test_admin_order_when_for_nobody_names_who_is_there() -> None:
    world = World()
    world.worker("w1")
    error = world.call("admin.restart", {"worker_id": "w9"})["error"]
    assert (error["code"], error["details"]["known"]) == ("not_found", ["w1"])


def test_admin_order_when_the_supervisor_is_gone_is_unavailable() -> None:
    world = World()
    world.worker("w1")
    assert world.call("admin.restart", {"worker_id": "w1"})["error"]["code"] == "unavailable"


@pytest.mark.parametrize(("name", "word"), [("admin.drain", "drain"), ("admin.stop", "stop")])
def test_admin_stop_when_asked_passes_the_word_on(name: str, word: str) -> None:
    world = World()
    assert world.call(name)["status"] == "success"
    assert world.stops == [word]
