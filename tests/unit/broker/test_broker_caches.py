"""What the broker makes of the workers' reports on their caches."""

from typing import Any

import msgspec

from tests.support.broker_world import CLEAR, HEARTBEAT, World

REDIS = "redis://cache:6379/0"


def report(trouble: str = "", shared: str = REDIS, **kinds: list[int]) -> list[Any]:
    """Build a report; its counts are process hits, shared hits, misses, waits, errors and entries."""
    return [kinds, shared, trouble]


def part(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.call("health.check", {"detailed": True})["data"]["components"]["cache"]
    return found


def rates(world: World) -> dict[str, float]:
    found = {each.subject: each.value for each in world.gauges if each.name == "cache_hit_rate"}
    world.gauges.clear()
    return found


def test_cache_when_workers_of_an_earlier_version_say_nothing_of_it_is_healthy_and_empty() -> None:
    world = World()
    world.worker().beat()
    assert part(world) == {"status": "healthy", "shared": None, "sharing": 0, "kinds": {}}


def test_cache_when_several_workers_report_is_their_sum() -> None:
    world = World()
    world.worker("w1").beat(report(risk=[6, 2, 1, 1, 0, 3], quote=[0, 0, 0, 0, 0, 0]))
    world.worker("w2").beat(report(risk=[0, 0, 1, 0, 2, 1]))
    found = part(world)
    assert (found["status"], found["shared"], found["sharing"]) == ("healthy", REDIS, 2)
    assert found["kinds"]["risk"] == {
        "process_hits": 6,
        "shared_hits": 2,
        "misses": 2,
        "waits": 1,
        "errors": 2,
        "entries": 4,
        "hit_rate": 0.8,
    }
    assert found["kinds"]["quote"]["hit_rate"] is None


def test_cache_when_a_worker_reports_again_counts_its_latest_only() -> None:
    world = World()
    worker = world.worker()
    for hits in (1, 5, 9):
        worker.beat(report(risk=[hits, 0, 1, 0, 0, 1]))
    assert part(world)["kinds"]["risk"]["process_hits"] == 9


def test_cache_when_a_worker_is_gone_keeps_its_counts_but_not_its_entries() -> None:
    world = World()
    world.worker("w1").beat(report(risk=[6, 0, 2, 0, 0, 3]))
    world.worker("w2").beat(report(risk=[1, 0, 1, 0, 0, 1]))
    world.died("w1")
    counts = part(world)["kinds"]["risk"]
    assert (counts["process_hits"], counts["misses"], counts["entries"]) == (7, 3, 1)


def test_cache_when_redis_is_away_degrades_the_service_and_says_why() -> None:
    world = World()
    world.supervisor()
    world.worker("w1").beat(report("Connection refused", risk=[1, 0, 0, 0, 1, 1]))
    world.worker("w2").beat(report(risk=[1, 0, 0, 0, 0, 1]))
    data = world.call("health.check")["data"]
    assert data["status"] == "degraded"
    assert data["reasons"] == ["cache: 1 of 2 workers can't use Redis: Connection refused"]
    assert (part(world)["shared"], part(world)["sharing"]) == (REDIS, 1)


def test_hit_rate_when_gauged_is_that_of_the_time_since_the_last() -> None:
    world = World()
    worker = world.worker()
    worker.beat(report(risk=[1, 1, 2, 0, 0, 2], quote=[0, 0, 4, 0, 0, 4]))
    world.pass_time(10.5, beats=False)
    assert rates(world) == {"risk": 0.5, "quote": 0.0, "all": 0.25}


def test_hit_rate_when_nothing_was_looked_up_is_not_gauged() -> None:
    world = World()
    worker = world.worker()
    for hits, expected in ((3, {"risk": 0.75, "all": 0.75}), (3, {}), (4, {"risk": 1.0, "all": 1.0})):
        for _ in range(11):
            worker.beat(report(risk=[hits, 0, 1, 0, 0, 1]))
            world.pass_time(1.0, beats=False)
        assert rates(world) == expected


def test_clear_when_asked_tells_every_worker_on_its_control_socket() -> None:
    world = World()
    workers = [world.worker("w1"), world.worker("w2")]
    for each in workers:
        each.beat(report(risk=[0, 0, 0, 0, 0, 0]))
    said = world.call("admin.clear_cache", {"kind": "risk"})["data"]
    assert said == {"done": "2 workers forget what they cached of risk"}
    world.call("admin.clear_cache")
    for each in workers:
        orders = [kind for kind in each.orders if kind != HEARTBEAT]
        assert orders == [CLEAR + msgspec.msgpack.encode([kind]) for kind in ("risk", "")]


def test_clear_when_there_is_no_such_kind_is_refused_with_the_nearest() -> None:
    world = World()
    world.worker().beat(report(risk=[0, 0, 0, 0, 0, 0]))
    error = world.call("admin.clear_cache", {"kind": "rsk"})["error"]
    assert (error["code"], error["details"]["kind"]["nearest"]) == ("invalid_params", "risk")
