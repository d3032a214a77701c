"""Who gets what: micro-batches for quick methods, half the pool at most for slow ones, nobody starved."""

import pytest

from tacore.broker.limits import Limits
from tests.support.broker_world import SimWorker, World, method

BOTH = ("m", "slow")


def put_many(world: World, count: int, name: str = "m", prefix: str = "q") -> None:
    for index in range(count):
        world.put(f"{prefix}{index}", name)
    world.step()


def learn(world: World, worker: SimWorker, name: str, each_us: int) -> None:
    """Let the broker measure a method as taking that long."""
    for index in range(60):
        world.ask(f"learn{index}", name, b"teacher")
        worker.answer(took_us=each_us)


def held(workers: list[SimWorker], name: str) -> int:
    """Count the workers that work on a method."""
    return sum(any(batch.method == name for batch in each.batches) for each in workers)


def test_batches_when_much_waits_keep_every_worker_busy() -> None:
    world = World()
    workers = [world.worker(name) for name in ("a", "b", "c")]
    put_many(world, 60)
    assert [len(worker.batches[0].ids) for worker in workers] == [20, 20, 20]
    taken = [each for worker in workers for batch in worker.batches for each in batch.ids]
    assert sorted(taken) == sorted(f"q{index}" for index in range(60))


def test_short_line_when_a_worker_is_busy_with_its_method_waits_a_millisecond_at_most() -> None:
    world = World()
    first, second = world.worker("a"), world.worker("b")
    world.ask("q0")
    world.ask("q1")
    assert (len(first.batches), second.batches) == (1, [])
    world.clock.advance(0.0011)
    world.step()
    assert second.batches[0].ids == ["q1"]


def test_short_line_when_the_busy_worker_is_done_goes_to_it() -> None:
    world = World()
    first, second = world.worker("a"), world.worker("b")
    world.ask("q0")
    world.ask("q1")
    first.answer()
    assert [batch.ids for batch in first.batches + second.batches] == [["q1"]]


def test_batch_when_many_wait_is_no_longer_than_batch_max_and_credit_bounds_them() -> None:
    world = World(limits=Limits(batch_max=4))
    worker = world.worker(credit=2)
    put_many(world, 100)
    for _ in range(3):
        world.step()
    assert [batch.ids for batch in worker.batches] == [["q0", "q1", "q2", "q3"], ["q4", "q5", "q6", "q7"]]


def test_batch_when_the_worker_takes_fewer_is_that_long() -> None:
    world = World()
    worker = world.worker(batch=3)
    put_many(world, 10)
    assert worker.batches[0].ids == ["q0", "q1", "q2"]


def test_batch_when_the_queue_holds_two_methods_is_of_one_method_only() -> None:
    world = World(method("m"), method("n"))
    worker = world.worker(methods=("m", "n"), credit=8)
    for index in range(6):
        world.put(f"q{index}", "mn"[index % 2])
    for _ in range(4):
        world.step()
    assert {(batch.method, tuple(batch.ids)) for batch in worker.batches} == {
        ("m", ("q0", "q2", "q4")),
        ("n", ("q1", "q3", "q5")),
    }
    for batch in worker.batches:
        assert {each["method"] for each in batch.requests} == {batch.method}


def test_batch_when_a_method_gets_slower_gets_shorter() -> None:
    world = World(limits=Limits(batch_us=2000, quick_us=1000))
    worker = world.worker()
    learn(world, worker, "m", 500)
    put_many(world, 20)
    assert len(worker.batches[0].ids) in {4, 5}


def test_method_when_it_takes_a_millisecond_goes_alone_to_an_idle_worker() -> None:
    world = World()
    worker = world.worker()
    learn(world, worker, "m", 5_000)
    put_many(world, 5)
    world.step()
    assert [batch.ids for batch in worker.batches] == [["q0"]]


@pytest.mark.parametrize(("workers", "at_most"), [(1, 1), (2, 1), (3, 1), (4, 2), (8, 4)])
def test_method_when_it_was_never_measured_holds_half_the_pool_at_most(workers: int, at_most: int) -> None:
    world = World(method("m"), method("slow", quick=False))
    made = [world.worker(f"w{index}", BOTH) for index in range(workers)]
    put_many(world, 50, "slow")
    world.step()
    assert held(made, "slow") == at_most


def test_slow_methods_when_there_are_several_leave_a_worker_free_together() -> None:
    world = World(method("m"), *(method(f"slow{index}", quick=False) for index in range(4)))
    names = ["m", *(f"slow{index}" for index in range(4))]
    made = [world.worker(f"w{index}", names) for index in range(4)]
    for index in range(4):
        put_many(world, 5, f"slow{index}", f"s{index}-")
    assert sum(bool(worker.batches) for worker in made) == 3
    world.ask("quick")
    assert held(made, "m") == 1


def test_slow_method_when_it_finishes_lets_the_next_one_in() -> None:
    world = World(method("slow", quick=False))
    made = [world.worker(f"w{index}", ["slow"]) for index in range(2)]
    put_many(world, 3, "slow")
    busy = next(worker for worker in made if worker.batches)
    busy.answer(took_us=900_000)
    assert held(made, "slow") == 1
    assert world.reply()["request_id"] == "q0"


def test_request_when_its_batch_died_goes_alone_and_slow_ones_leave_half_the_pool() -> None:
    world = World()
    made = [world.worker(f"w{index}", credit=1) for index in range(4)]
    put_many(world, 80)
    assert [len(worker.batches[0].ids) for worker in made] == [20] * 4
    for worker in made[1:]:
        worker.answer(took_us=20 * 400_000)
    world.died("w0")
    world.step()
    assert [batch.ids for worker in made[1:] for batch in worker.batches] == [["q0"]]


def test_quick_requests_when_requeued_go_alone_each_to_an_idle_worker() -> None:
    world = World()
    first = world.worker("w0")
    put_many(world, 3)
    assert [batch.ids for batch in first.batches] == [["q0", "q1", "q2"]]
    second, third = world.worker("w1"), world.worker("w2")
    world.died("w0")
    assert sorted(second.batches[0].ids + third.batches[0].ids) == ["q0", "q1"]
    second.answer()
    assert second.batches[0].ids == ["q2"]


@pytest.mark.parametrize("depth", [64, 300])
def test_slower_method_when_quick_ones_never_pause_gets_its_turn(depth: int) -> None:
    world = World(method("m"), method("slow", quick=False))
    made = [world.worker(name, BOTH) for name in "ab"]
    put_many(world, depth)
    world.ask("S", "slow", b"patient")
    sent = 0
    for _ in range(10):
        for worker in made:
            batch = worker.take()
            if batch.method == "slow":
                return
            for _ in batch.ids:
                sent += 1
                world.put(f"more{sent}")
            worker.answer(batch, took_us=100 * len(batch.ids))
    pytest.fail("the slower method starved")


@pytest.mark.parametrize("workers", [1, 2])
def test_quick_method_when_middling_ones_never_pause_gets_its_turn(workers: int) -> None:
    world = World(method("m"), method("slow", quick=False))
    made = [world.worker(f"w{index}", BOTH) for index in range(workers)]
    learn(world, made[0], "slow", 5_000)
    put_many(world, 10, "slow", "s")
    world.ask("Q", "m", b"patient")
    for turn in range(6):
        for worker in made:
            batch = worker.take()
            if batch.method == "m":
                return
            world.put(f"again{turn}{worker.worker_id}", "slow")
            worker.answer(batch, took_us=5_000)
    pytest.fail("the quick method starved")


def test_methods_when_both_never_pause_on_one_worker_take_turns() -> None:
    world = World(method("m"), method("slow", quick=False))
    worker = world.worker("a", BOTH)
    learn(world, worker, "slow", 5_000)
    put_many(world, 200, "slow", "s")
    put_many(world, 2_000, "m", "q")
    turns = [
        worker.answer(took_us=5_000 if worker.batches[0].method == "slow" else 900).method for _ in range(60)
    ]
    assert turns.count("slow") >= 15
    assert turns.count("m") >= 15
