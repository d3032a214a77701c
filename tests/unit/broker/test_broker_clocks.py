"""How far the clock of a worker's host is from the broker's, as its heartbeats tell it."""

from typing import Any

from tests.support.broker_world import World

NO_CACHE = [{}, "", ""]


def told(world: World) -> Any:
    (worker,) = world.call("admin.workers")["data"]["workers"]
    return worker["clock_ahead_s"]


def test_clock_when_no_heartbeat_came_yet_is_not_known() -> None:
    world = World()
    world.worker()
    assert told(world) is None


def test_clock_when_a_host_is_ahead_says_by_how_much() -> None:
    world = World()
    world.worker().beat(NO_CACHE, world.clock.wall_us() + 7_500_000)
    assert told(world) == 7.5


def test_clock_when_an_earlier_version_does_not_say_is_not_known() -> None:
    world = World()
    worker = world.worker()
    worker.beat(NO_CACHE, world.clock.wall_us() - 3_000_000)
    assert told(world) == -3.0
    worker.beat(NO_CACHE)
    assert told(world) is None
