"""Pools whose one worker owns a store: who may join, who gets what, and what becomes of it after a death."""

import json
import logging

import pytest

from tacore.broker.limits import Limits
from tests.support.broker_world import (
    GOODBYE,
    KILL,
    REGISTER,
    STOP,
    WELCOME,
    SimWorker,
    World,
    frame,
    method,
)

STORE = ("ledger-a", 3)
WRITE = method("write", pool="orders", idempotent=False, writes=True)
READ = method("read", pool="orders", max_s=5.0)


def world_of(limits: Limits | None = None) -> World:
    return World(WRITE, READ, limits=limits)


def owner(
    world: World, name: str = "w1", store: tuple[str, int] | None = STORE, credit: int = 512
) -> SimWorker:
    methods = ("write", "read")
    return world.worker(name, methods, pool="orders", credit=credit, batch=1, store=store)


def held_by(worker: SimWorker) -> list[str]:
    return [request_id for batch in worker.batches for request_id in batch.ids]


# -- who may join ----------------------------------------------------------------------------------


def test_owner_when_first_is_welcomed_and_known_by_its_store() -> None:
    world = world_of()
    assert owner(world).kinds() == [WELCOME]
    stores = world.call("health.check", {"detailed": True})["data"]["components"]["stores"]
    assert stores == {
        "status": "healthy",
        "pools": {"orders": {"store": "ledger-a", "epoch": 3, "worker": "w1"}},
    }


@pytest.mark.parametrize("store", [("ledger-b", 9), None])
def test_worker_when_its_store_is_another_is_stopped_for_good_and_the_owner_stays(
    store: tuple[str, int] | None, caplog: pytest.LogCaptureFixture
) -> None:
    world = world_of()
    first = owner(world)
    supervisor = world.supervisor("s1", pool="orders")
    with caplog.at_level(logging.ERROR):
        other = owner(world, "w2", store)
    assert other.data == [frame(GOODBYE, "w2")]
    assert world.supervised[supervisor][-1] == frame(STOP, "w2")
    assert other.kinds() == [GOODBYE]
    errors = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert [(each.msg, vars(each)["worker_id"]) for each in errors] == [("store_refused", "w2")]
    world.ask("1", "write")
    assert (held_by(first), held_by(other)) == (["1"], [])
    assert world.core.out.counts["store_refused"] == 1


def test_worker_when_its_store_is_another_and_its_supervisor_unknown_is_killed() -> None:
    world = world_of()
    owner(world)
    other = owner(world, "w2", ("ledger-b", 9))
    assert other.orders == [frame(KILL, "w2")]
    assert [each.worker_id for each in world.workers if each.routing in world.fleet.workers] == ["w1"]


@pytest.mark.parametrize("gone", [False, True])
def test_worker_when_its_epoch_is_older_is_killed_even_where_nobody_else_is(gone: bool) -> None:
    world = world_of()
    world.supervisor("s1", pool="orders")
    first = owner(world)
    if gone:
        first.leave()
    stale = owner(world, "w2", ("ledger-a", 2))
    assert (stale.orders, stale.data) == ([frame(KILL, "w2")], [])
    world.ask("1", "write")
    assert held_by(stale) == []


def test_worker_when_its_epoch_is_taken_is_killed() -> None:
    world = world_of()
    owner(world)
    assert owner(world, "w2").orders == [frame(KILL, "w2")]


def test_owner_when_the_broker_lost_it_comes_back_with_its_own_epoch() -> None:
    world = world_of()
    first = owner(world)
    first.leave()
    first.data.clear()
    first.beat()
    first.join()
    assert first.kinds() == [REGISTER, WELCOME]


def test_owner_when_its_epoch_is_newer_supersedes_the_one_before_and_gets_its_requests() -> None:
    world = world_of()
    old = owner(world)
    world.ask("1", "write")
    world.ask("2", "read", b"B")
    new = owner(world, "w2", ("ledger-a", 4))
    assert held_by(new) == ["1", "2"]
    old.answer()
    assert not world.inbox
    new.answer()
    assert world.reply()["data"]["by"] == "w2"
    old.beat()
    old.data.clear()
    old.join()
    assert old.orders[-1] == frame(KILL, "w1")


def test_worker_with_a_store_when_its_pool_has_workers_without_is_turned_away() -> None:
    world = World(method("m"))
    plain = world.worker()
    other = world.worker("w2", store=("ledger-a", 1))
    assert other.orders == [frame(KILL, "w2")]
    world.ask("1")
    assert held_by(plain) == ["1"]


# -- who gets what ---------------------------------------------------------------------------------


def test_requests_when_the_owner_has_credit_go_at_once_one_by_one_in_order_of_arrival() -> None:
    world = world_of()
    worker = owner(world, credit=4)
    for index, name in enumerate(("write", "read", "write", "read", "read", "write")):
        world.put(f"{index}", name, str(index).encode())
        world.clock.advance(0.001)
    world.step()
    assert [batch.ids for batch in worker.batches] == [["0"], ["1"], ["2"], ["3"]]
    worker.answer(worker.batches[2])
    worker.answer(worker.batches[0])
    assert [batch.ids for batch in worker.batches[4:]] == [["4"], ["5"]]
    assert world.reply(b"2")["request_id"] == "2"


def test_requests_when_slow_or_never_measured_are_not_held_back() -> None:
    slow = method("slow", pool="orders", quick=False, writes=True)
    world = World(slow)
    worker = world.worker("w1", ["slow"], pool="orders", credit=512, batch=1, store=STORE)
    for index in range(40):
        world.ask(f"{index}", "slow", str(index).encode())
    assert len(worker.batches) == 40
    worker.answer(took_us=2_000_000)
    world.ask("more", "slow")
    assert held_by(worker)[-1] == "more"


def test_queue_when_full_behind_the_credit_is_overloaded() -> None:
    world = world_of(Limits(queue_limit=2))
    owner(world, credit=1)
    for index in range(4):
        world.ask(f"{index}", "write", str(index).encode())
    assert world.error(b"3")["code"] == "overloaded"


def test_retry_when_the_first_is_in_flight_joins_it() -> None:
    world = world_of()
    worker = owner(world)
    world.ask("1", "write", b"A")
    world.ask("1", "write", b"B")
    assert len(worker.batches) == 1
    worker.answer()
    assert world.reply(b"A") | {"replayed": True} == world.reply(b"B")


# -- deaths ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "told"), [("write", True), ("read", None)])
def test_retry_when_it_joined_a_write_is_told_that_it_is_one(name: str, told: bool | None) -> None:
    world = world_of()
    worker = owner(world)
    for client in (b"A", b"B"):
        world.ask("1", name, client)
    worker.answer()
    world.step()
    first, again = world.reply(b"A"), world.reply(b"B")
    assert ("replayed" in first, again.pop("replayed", None)) == (False, told)
    assert again == first


def test_write_when_its_worker_dies_goes_to_the_successor_any_number_of_times() -> None:
    world = world_of()
    world.supervisor("s1", pool="orders")
    for epoch in range(3, 9):
        worker = owner(world, "w1", ("ledger-a", epoch))
        if epoch == 3:
            world.ask("1", "write", timeout_ms=5_000)
        assert held_by(worker) == ["1"]
        world.died("w1")
    last = owner(world, "w1", ("ledger-a", 9))
    last.answer()
    assert world.reply()["status"] == "success"
    assert world.core.in_flight() == 0


def test_request_when_its_worker_dies_waits_for_the_successor_longer_than_for_any_worker() -> None:
    world = world_of()
    owner(world)
    world.ask("1", "write", timeout_ms=5_000)
    world.died("w1")
    world.ask("new", "write", b"B")
    world.pass_time(3.0)
    assert world.error(b"B")["code"] == "unavailable"
    assert not world.inbox
    successor = owner(world, "w1", ("ledger-a", 4))
    assert held_by(successor) == ["1"]
    assert successor.batches[0].patience_ms == [2_000]


@pytest.mark.parametrize(("name", "code"), [("write", "outcome_unknown"), ("read", "deadline_exceeded")])
def test_request_when_no_successor_comes_in_time_ends_by_whether_it_writes(name: str, code: str) -> None:
    world = world_of()
    owner(world)
    world.ask("1", name, timeout_ms=3_000)
    world.died("w1")
    world.pass_time(3.1, by=0.1)
    error = world.error()
    assert (error["code"], error["retryable"]) == (code, True)
    assert error["details"]["dispatched"] is True
    assert world.core.in_flight() == 0


@pytest.mark.parametrize(("name", "code"), [("write", "outcome_unknown"), ("read", "deadline_exceeded")])
def test_request_when_its_worker_dies_past_its_deadline_ends_by_whether_it_writes(
    name: str, code: str
) -> None:
    world = world_of()
    owner(world)
    world.ask("1", name, timeout_ms=1_000)
    world.pass_time(2.0)
    assert not world.inbox
    world.died("w1")
    error = world.error()
    assert (error["code"], error["details"]["dispatched"], error["retryable"]) == (code, True, True)


def test_write_when_the_successor_comes_too_late_for_it_is_unknown() -> None:
    world = world_of()
    owner(world)
    world.ask("1", "write", timeout_ms=1_000)
    world.died("w1")
    world.clock.advance(1.5)
    successor = owner(world, "w1", ("ledger-a", 4))
    error = world.error()
    assert (error["code"], error["details"]["dispatched"]) == ("outcome_unknown", True)
    assert held_by(successor) == []


def test_write_when_it_expires_behind_the_successors_credit_was_never_dispatched() -> None:
    world = world_of()
    owner(world, credit=1)
    world.ask("1", "write", b"A", timeout_ms=60_000)
    world.died("w1")
    world.ask("2", "write", b"B", timeout_ms=500)
    second = owner(world, "w1", ("ledger-a", 4), credit=1)
    assert held_by(second) == ["1"]
    world.pass_time(0.6)
    error = world.error(b"B")
    assert (error["code"], error["details"]["dispatched"]) == ("deadline_exceeded", False)


@pytest.mark.parametrize("waits", [False, True])
def test_write_when_the_broker_leaves_after_it_was_dispatched_is_unknown(waits: bool) -> None:
    world = world_of()
    owner(world, credit=1)
    world.ask("1", "write", b"A")
    world.ask("2", "write", b"B")
    if waits:
        world.died("w1")
    world.core.give_up("the broker is stopping")
    world.step()
    error = world.error(b"A")
    assert (error["code"], error["retryable"]) == ("outcome_unknown", True)
    assert error["details"] == {"dispatched": True}
    assert world.error(b"B")["code"] == "unavailable"


def test_write_when_nobody_ever_served_it_is_unavailable_and_names_the_command() -> None:
    world = world_of()
    world.ask("1", "write")
    world.pass_time(2.5)
    error = world.error()
    assert error["code"] == "unavailable"
    assert "`tacore worker spawn --pool orders`" in error["message"]


# -- hangs -----------------------------------------------------------------------------------------


def test_owner_when_one_request_runs_too_long_is_killed_whatever_it_answers_besides() -> None:
    world = world_of()
    supervisor = world.supervisor("s1", pool="orders")
    worker = owner(world)
    world.ask("slow", "write", b"A", timeout_ms=600_000)
    world.ask("stuck", "read", b"B", timeout_ms=600_000)
    for index in range(4):
        world.ask(f"{index}", "write", b"C")
        worker.answer(worker.batches[-1])
        world.pass_time(1.0)
    world.pass_time(0.9)
    assert frame(KILL, "w1") not in world.supervised[supervisor]
    world.supervisor("s1", pool="orders")
    world.pass_time(0.3, by=0.1)
    assert world.supervised[supervisor][-1] == frame(KILL, "w1")
    assert held_by(owner(world, "w1", ("ledger-a", 4))) == ["slow", "stuck"]


def test_owner_when_all_run_within_their_time_is_left_alone() -> None:
    world = world_of()
    owner(world)
    world.ask("slow", "write", timeout_ms=600_000)
    world.pass_time(29.0)
    assert len(world.fleet.workers) == 1


# -- operators -------------------------------------------------------------------------------------


def test_health_when_the_owner_is_gone_is_degraded_and_says_what_starts_one() -> None:
    world = world_of()
    world.worker("f1")
    owner(world).leave()
    health = world.call("health.check", {"detailed": True})["data"]
    assert health["status"] == "degraded"
    assert health["components"]["stores"]["pools"]["orders"] == {
        "store": "ledger-a",
        "epoch": 3,
        "worker": None,
    }
    assert "`tacore worker spawn --pool orders`" in json.dumps(health["reasons"])


def test_health_when_no_owner_was_ever_seen_is_healthy() -> None:
    world = world_of()
    world.worker("f1")
    assert world.call("health.check")["data"]["status"] == "healthy"


@pytest.mark.parametrize("known", [False, True])
def test_admin_scale_when_the_pool_is_exclusive_refuses_more_than_one(known: bool) -> None:
    pool = "other" if known else "orders"
    world = World(method("m", pool=pool))
    routing = world.supervisor("s1", pool=pool)
    if known:
        world.worker("w1", pool=pool, store=STORE)
    error = world.call("admin.scale", {"workers": 2, "pool": pool})["error"]
    assert (error["code"], error["details"]["workers"]["value"]) == ("invalid_params", 2)
    assert world.call("admin.scale", {"workers": 1, "pool": pool})["status"] == "success"
    assert world.supervised[routing][-1] == frame(b"\x0c", 1)
