"""Supervisors that are not heard any more: their workers go on, and nobody restarts one that dies."""

import json

from tests.support.broker_world import GOODBYE, World, frame


def reasons(world: World) -> str:
    return json.dumps(world.call("health.check")["data"]["reasons"])


def wait(world: World, seconds: int) -> World:
    """Let time go by in which only another pool's supervisor is heard."""
    for _ in range(seconds):
        world.supervisor("s2", pool="other")
        world.pass_time(1.0)
    return world


def silent(seconds: int = 60) -> World:
    world = World()
    world.supervisor("s1")
    return wait(world, seconds)


def test_health_when_a_supervisor_went_silent_is_degraded_and_says_since_when() -> None:
    world = silent()

    assert "pool fast on host (pid 77) has been silent for 60 s: nobody restarts its workers" in reasons(
        world
    )


def test_health_when_the_supervisor_is_heard_again_says_nothing_of_it() -> None:
    world = silent()

    world.supervisor("s1")

    assert "silent" not in reasons(world)


def test_health_when_another_one_serves_its_pool_on_its_host_says_nothing_of_it() -> None:
    world = silent()

    world.supervisor("s3")

    assert "silent" not in reasons(world)


def test_health_when_a_supervisor_said_goodbye_says_nothing_of_it() -> None:
    world = World()
    routing = world.supervisor("s1")
    world.fleet.on_message(routing, [frame(GOODBYE, "s1")], world.now)

    assert "silent" not in reasons(wait(world, 10))


def test_health_when_a_host_has_been_gone_for_an_hour_says_nothing_of_it() -> None:
    assert "silent" not in reasons(silent(3700))
