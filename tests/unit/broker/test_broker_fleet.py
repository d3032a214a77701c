"""Workers and supervisors: registering, dying, hanging, draining, and what becomes of their work."""

import msgspec
import pytest

from tests.support.broker_world import (
    CANCEL,
    FLEET,
    GOODBYE,
    HEARTBEAT,
    KILL,
    REGISTER,
    WELCOME,
    World,
    frame,
    method,
)

# -- registering -----------------------------------------------------------------------------------


def test_worker_when_ready_is_welcomed_with_the_market_clock() -> None:
    world = World()
    worker = world.worker()
    assert worker.kinds() == [WELCOME]
    assert msgspec.msgpack.decode(worker.data[0][1:]) == [
        "1.2.3",
        "/home/of/tests",
        {"US": {"speed": 0}},
        None,
    ]


def test_worker_when_ready_twice_keeps_its_work() -> None:
    world = World()
    worker = world.worker()
    world.ask("1")
    worker.join()
    assert worker.kinds() == [WELCOME, WELCOME]
    worker.answer()
    assert world.reply()["status"] == "success"
    assert world.core.methods["m"].servers == 1


def test_worker_when_replaced_under_its_id_loses_its_work_to_the_successor() -> None:
    world = World()
    old = world.worker("w1")
    world.ask("1")
    new = world.worker("w1")
    assert new.batches[0].ids == ["1"]
    old.answer()
    assert not world.inbox
    new.answer()
    assert world.reply()["data"]["by"] == "w1"
    assert world.core.out.counts["late_replies"] == 1
    assert len(world.rows()) == 1


def test_worker_when_unknown_beats_is_told_to_register() -> None:
    world = World()
    worker = world.worker()
    worker.leave()
    worker.data.clear()
    worker.beat()
    assert worker.kinds() == [REGISTER]
    worker.join()
    world.ask("1")
    assert worker.batches[0].ids == ["1"]


def test_worker_when_it_beats_hears_the_broker_and_shows_its_use_of_the_machine() -> None:
    world = World()
    worker = world.worker()
    worker.beat()
    assert worker.orders == [HEARTBEAT]
    world.pass_time(1.0)
    told = world.statuses[-1]
    assert (told.worker_id, told.state, told.cpu_s, told.rss_bytes) == ("w1", "ready", 1.5, 50_000_000)


def test_worker_when_its_methods_are_unknown_here_serves_the_others() -> None:
    world = World()
    worker = world.worker(methods=["m", "from.a.later.version"])
    world.ask("1")
    worker.answer()
    worker.leave()
    assert world.core.methods["m"].servers == 0


def test_supervisor_when_new_is_welcomed_and_then_only_answered() -> None:
    world = World()
    routing = world.supervisor()
    world.supervisor()
    assert [each[:1] for each in world.supervised[routing]] == [WELCOME, HEARTBEAT]


def test_supervisor_when_silent_is_forgotten_and_may_come_back() -> None:
    world = World()
    routing = world.supervisor()
    world.pass_time(3.2)
    assert world.fleet.supervisors == {}
    world.supervisor()
    assert [each[:1] for each in world.supervised[routing]] == [WELCOME, WELCOME]
    world.fleet.on_message(routing, [frame(GOODBYE, "s1")], world.now)
    assert world.fleet.supervisors == {}


# -- dying -----------------------------------------------------------------------------------------


def test_read_when_its_worker_dies_goes_to_another() -> None:
    world = World()
    first, second = world.worker("w1"), world.worker("w2")
    world.ask("1")
    busy, idle = (first, second) if first.batches else (second, first)
    world.died(busy.worker_id)
    idle.answer()
    assert world.reply()["data"]["by"] == idle.worker_id
    assert [row[3:5] for row in world.rows()] == [(idle.worker_id, 1)]
    assert world.statuses[-1].state == "dead"


def test_read_when_three_workers_die_with_it_is_worker_lost_and_takes_no_neighbour_along() -> None:
    world = World()
    first = world.worker("w0")
    world.put("poison", client=b"A")
    world.put("fine", client=b"B")
    world.step()
    assert first.batches[0].ids == ["poison", "fine"]
    world.died("w0")
    for turn in ("w1", "w2"):
        worker = world.worker(turn)
        while worker.batches[0].ids != ["poison"]:
            worker.answer()
        world.died(turn)
    error = world.error(b"A")
    assert (error["code"], error["retryable"]) == ("worker_lost", True)
    assert error["details"]["tries"] == 3
    assert world.reply(b"B")["status"] == "success"
    assert sorted(row[:3] for row in world.rows()) == [("fine", "m", None), ("poison", "m", "worker_lost")]


def test_read_when_its_patience_is_over_at_its_workers_death_is_deadline_exceeded() -> None:
    world = World()
    world.worker("w1")
    world.ask("1", timeout_ms=1_000)
    world.pass_time(1.5)
    world.died("w1")
    error = world.error()
    assert (error["code"], error["details"]["dispatched"]) == ("deadline_exceeded", True)


def test_order_when_its_worker_dies_is_of_unknown_outcome() -> None:
    world = World(method("order", idempotent=False))
    world.worker("w1", ["order"])
    world.worker("w2", ["order"])
    world.ask("1", "order")
    busy = next(worker for worker in world.workers if worker.batches)
    world.died(busy.worker_id, "killed by signal 9")
    error = world.error()
    assert (error["code"], error["retryable"]) == ("outcome_unknown", True)
    assert error["details"]["reason"] == "killed by signal 9"
    assert not any(worker.batches for worker in world.workers if worker is not busy)


def test_order_when_not_yet_dispatched_waits_for_the_next_worker() -> None:
    world = World(method("order", idempotent=False))
    first = world.worker("w1", ["order"], credit=1, batch=1)
    world.put("1", "order", b"A")
    world.put("2", "order", b"B")
    world.step()
    assert first.batches[0].ids == ["1"]
    world.died("w1")
    world.worker("w2", ["order"]).answer()
    assert world.error(b"A")["code"] == "outcome_unknown"
    assert world.reply(b"B")["status"] == "success"


def test_death_when_of_nobody_we_know_changes_nothing() -> None:
    world = World()
    worker = world.worker()
    world.died("stranger")
    world.fleet.unreachable(b"wstranger/1", world.now)
    world.ask("1")
    worker.answer()
    assert world.reply()["status"] == "success"


def test_worker_when_its_connection_is_closed_is_lost_at_once() -> None:
    world = World()
    first = world.worker("w1")
    world.ask("1")
    second = world.worker("w2")
    world.fleet.unreachable(first.routing, world.now)
    world.step()
    assert second.batches[0].ids == ["1"]


# -- silence, hangs and faults ---------------------------------------------------------------------


def test_worker_when_silent_for_three_heartbeats_is_killed_and_its_read_moves_on() -> None:
    world = World()
    routing = world.supervisor()
    silent = world.worker("w1")
    world.ask("1", timeout_ms=60_000)
    world.pass_time(2.9, beats=False)
    assert silent.worker_id in str(world.call("admin.workers")["data"])
    world.supervisor()
    world.pass_time(0.5, beats=False)
    assert [each for each in world.supervised[routing] if each[:1] == KILL] == [frame(KILL, "w1")]
    other = world.worker("w2")
    assert other.batches[0].ids == ["1"]


def test_worker_when_it_hangs_past_max_s_is_killed_even_while_it_beats() -> None:
    world = World(method("m", max_s=2.0))
    worker = world.worker("w1", supervisor="")
    world.ask("1", timeout_ms=60_000)
    world.pass_time(1.9)
    assert worker.worker_id in str(world.call("admin.workers")["data"])
    world.pass_time(0.3)
    assert worker.orders[-1] == frame(KILL, "w1")
    assert world.call("admin.workers")["data"]["workers"] == []
    assert world.worker("w2").batches[0].ids == ["1"]


def test_second_batch_when_behind_a_long_one_has_its_own_time() -> None:
    world = World(method("m", max_s=2.0))
    worker = world.worker(batch=1, credit=2)
    for each in ("1", "2"):
        world.put(each, timeout_ms=60_000)
    world.step()
    world.pass_time(1.5)
    worker.answer(worker.batches[0])
    worker.batches.pop(0)
    world.pass_time(1.5)
    assert len(world.fleet.workers) == 1
    world.pass_time(1.0)
    assert len(world.fleet.workers) == 0


@pytest.mark.parametrize("replies", [0, 1, 3, 4])
def test_worker_when_it_answers_a_wrong_number_is_killed_and_nobody_gets_anothers_reply(replies: int) -> None:
    world = World()
    routing = world.supervisor()
    worker = world.worker("w1")
    for each in ("1", "2"):
        world.put(each, client=each.encode())
    world.step()
    worker.answer(replies=replies)
    assert not world.inbox
    assert frame(KILL, "w1") in world.supervised[routing]
    successor = world.worker("w2")
    assert successor.answer().ids == ["1"]
    assert successor.answer().ids == ["2"]
    assert world.reply(b"1")["request_id"] == "1"
    assert world.reply(b"2")["request_id"] == "2"
    assert len(world.rows()) == 2


def test_reply_when_of_an_unknown_or_finished_dispatch_is_dropped() -> None:
    world = World()
    worker = world.worker()
    world.ask("1")
    batch = worker.answer()
    worker.answer(batch)
    batch.dispatch_id += 12345
    worker.answer(batch)
    assert world.reply()["status"] == "success"
    assert world.core.out.counts["late_replies"] == 2
    assert len(world.rows()) == 1


def test_request_when_nobody_waits_any_more_is_cancelled_once() -> None:
    world = World(method("slow", quick=False))
    worker = world.worker(methods=["slow"])
    world.ask("1", "slow", timeout_ms=2_000)
    dispatch_id = worker.batches[0].dispatch_id
    world.pass_time(3.5)
    assert [each for each in worker.orders if each[:1] == CANCEL] == []
    world.pass_time(2.0)
    assert [each for each in worker.orders if each[:1] == CANCEL] == [frame(CANCEL, dispatch_id)]


# -- draining --------------------------------------------------------------------------------------


def test_worker_when_draining_finishes_gets_no_more_and_is_seen_off() -> None:
    world = World()
    worker = world.worker("w1")
    world.ask("1", client=b"A")
    worker.drain()
    world.ask("2", client=b"B")
    assert [batch.ids for batch in worker.batches] == [["1"]]
    assert GOODBYE not in worker.kinds()
    assert world.call("admin.workers")["data"]["workers"][0]["state"] == "draining"
    worker.answer()
    assert worker.data[-1] == frame(GOODBYE, "w1")
    worker.leave()
    assert world.statuses[-1].state == "stopped"
    assert world.worker("w2").batches[0].ids == ["2"]


def test_worker_when_idle_and_draining_is_seen_off_at_once() -> None:
    world = World()
    worker = world.worker("w1")
    worker.drain()
    assert worker.kinds() == [WELCOME, GOODBYE]


def test_drain_when_of_an_unknown_worker_is_ignored() -> None:
    world = World()
    worker = world.worker("w1")
    worker.leave()
    worker.drain()
    assert GOODBYE not in worker.kinds()


def test_fleet_when_the_broker_leaves_tells_the_supervisors() -> None:
    world = World()
    routing = world.supervisor()
    world.fleet.farewell()
    world.step()
    assert world.supervised[routing][-1] == GOODBYE


def test_gauges_when_due_tell_queue_depths_and_each_workers_use() -> None:
    world = World()
    worker = world.worker()
    worker.beat()
    world.gauges.clear()
    world.pass_time(10.5)
    told = {(each.name, each.subject): each.value for each in world.gauges}
    assert told == {("queue_depth", "fast"): 0, ("cpu_s", "w1"): 1.5, ("rss_bytes", "w1"): 50_000_000}


def test_supervisor_when_it_repeats_itself_stays() -> None:
    world = World()
    for _ in range(10):
        world.supervisor()
        world.pass_time(1.0)
    assert list(world.fleet.supervisors) == ["s1"]
    assert FLEET == b"\x0a"


def test_worker_when_it_answers_with_nothing_at_all_is_killed_too() -> None:
    world = World()
    worker = world.worker("w1")
    world.ask("1")
    worker.answer(replies=0)
    assert not world.inbox
    world.worker("w2").answer()
    assert world.reply()["request_id"] == "1"
