"""What the journal is told of a request's way: the workers that were lost with it, and the retries."""

import json
from typing import Any

import msgspec
import pytest

from tacore.broker.state import MOST_TRIES
from tests.support.broker_world import World, method


def tries(world: World) -> list[list[dict[str, Any]] | None]:
    """Give what was told of each journalled request, as JSON says it."""
    told: list[list[dict[str, Any]] | None] = []
    for each in world.answers:
        column = each.tries or [None] * len(each.clients)
        told += [None if one is None else json.loads(one) for one in column]
    return told


def test_request_when_one_worker_answers_it_leaves_no_tries() -> None:
    world = World()
    worker = world.worker()
    world.ask("1")
    world.ask("2")
    worker.answer()
    worker.answer()
    assert [each.tries for each in world.answers] == [None, None]


def test_read_when_its_worker_dies_tells_both_workers_and_why() -> None:
    world = World()
    first = world.worker("w1")
    world.clock.advance(0.25)
    world.ask("1")
    world.clock.advance(0.5)
    world.died("w1", "killed by signal 9")
    world.clock.advance(0.125)
    second = world.worker("w2")
    world.clock.advance(1.0)
    second.answer()
    assert len(first.batches) == 1
    assert tries(world) == [
        [
            {"at_us": 0, "worker_id": "w1", "until_us": 500_000, "lost": "killed by signal 9"},
            {"at_us": 625_000, "worker_id": "w2", "until_us": 1_625_000},
        ]
    ]
    assert world.rows() == [("1", "m", None, "w2", 1, 625_000)]


def test_retry_when_it_joins_is_told_with_its_time_and_neighbours_are_left_out() -> None:
    world = World()
    worker = world.worker()
    world.put("0")
    world.put("1")
    world.step()
    (batch,) = worker.batches
    assert batch.ids == ["0", "1"]
    world.clock.advance(0.5)
    world.ask("1", client=b"B", attempt=2)
    world.clock.advance(0.5)
    worker.answer()
    assert tries(world) == [
        None,
        [{"at_us": 0, "worker_id": "w1", "until_us": 1_000_000}, {"at_us": 500_000}],
    ]
    assert world.answers[0].attempts == [1, 2]


def test_retry_when_it_joins_in_the_queue_comes_before_the_worker() -> None:
    world = World()
    world.ask("1")
    world.clock.advance(0.25)
    world.ask("1", client=b"B")
    world.clock.advance(0.25)
    world.worker().answer()
    assert tries(world) == [[{"at_us": 250_000}, {"at_us": 500_000, "worker_id": "w1", "until_us": 500_000}]]


def test_request_when_three_workers_are_lost_tells_all_of_them_beside_the_brokers_answer() -> None:
    world = World()
    for number in (1, 2, 3):
        world.worker(f"w{number}")
        if number == 1:
            world.ask("1")
        world.clock.advance(0.5)
        world.died(f"w{number}", "exited with status 70")
    assert world.error()["code"] == "worker_lost"
    (told,) = tries(world)
    assert told is not None
    assert [(each["worker_id"], each["lost"]) for each in told] == [
        (f"w{number}", "exited with status 70") for number in (1, 2, 3)
    ]
    assert world.answers[0].worker_id is None


def test_order_when_its_executor_dies_tells_it_beside_the_outcome_unknown() -> None:
    world = World(method("m", idempotent=False, writes=True))
    world.worker("w1")
    world.ask("1")
    world.clock.advance(0.5)
    world.died("w1")
    assert world.error()["code"] == "outcome_unknown"
    told = {"at_us": 0, "worker_id": "w1", "until_us": 500_000, "lost": "killed by signal 9"}
    assert tries(world) == [[told]]


def test_request_when_the_broker_leaves_tells_who_had_it() -> None:
    world = World()
    world.worker("w1")
    world.ask("1")
    world.clock.advance(0.5)
    world.core.give_up("the broker stops")
    world.step()
    told = {"at_us": 0, "worker_id": "w1", "until_us": 500_000, "lost": "the broker stops"}
    assert tries(world) == [[told]]


@pytest.mark.parametrize("retries", [MOST_TRIES, MOST_TRIES + 7])
def test_retries_when_they_are_a_flood_are_counted_and_the_first_are_told(retries: int) -> None:
    world = World()
    world.worker("w1")
    world.ask("1")
    for _ in range(retries):
        world.ask("1", client=b"B")
    world.died("w1")
    world.worker("w2").answer()
    (told,) = tries(world)
    assert told is not None
    assert [each.get("worker_id") for each in told if "worker_id" in each] == ["w1", "w2"]
    assert sum("worker_id" not in each for each in told) == MOST_TRIES
    assert world.answers[0].attempts == [retries + 1]


def test_answers_when_they_have_tries_end_with_them_so_that_older_readers_skip_them() -> None:
    world = World()
    worker = world.worker()
    world.ask("1")
    world.ask("1", client=b"B")
    worker.answer()
    fields = msgspec.msgpack.decode(msgspec.msgpack.encode(world.answers[0]))
    assert len(fields) == 11
    assert json.loads(fields[-1][0])[0]["worker_id"] == "w1"
