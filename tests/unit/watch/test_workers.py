"""Workers as two tell of them: the broker and the journal."""

from typing import Any

import pytest

from tacore.store.rows import Worker as Kept
from tacore.watch.workers import Loads, merge


def told(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "worker_id": name,
        "pool": "fast",
        "pid": 7,
        "host": "h",
        "state": "ready",
        "in_flight": 0,
        "processed": 5,
        "uptime_s": 3.0,
        "version": "1",
        "last_seen_s": 0.2,
        "cpu_s": 1.0,
        "rss_mb": 60.0,
        "supervisor": "s",
    } | changes


def kept(name: str, state: str = "ready") -> Kept:
    return Kept(name, 0, "fast", 7, "h", state, 1, 5, 1_000_000, 4_000_000, "1", 1.0, 60_000_000)


def test_workers_when_both_tell_of_one_believe_the_broker() -> None:
    (only,) = merge([told("w1")], [kept("w1", "busy")], Loads(), 10.0)
    assert (only.state, only.live, only.last_seen_s) == ("ready", True, 0.2)


def test_worker_when_the_broker_knows_it_no_more_is_dead() -> None:
    both = merge([told("w2")], [kept("w1"), kept("w2")], Loads(), 10.0)
    assert [(each.worker_id, each.state, each.live) for each in both] == [
        ("w1", "dead", False),
        ("w2", "ready", True),
    ]
    assert (both[0].uptime_s, both[0].last_seen_s) == (3.0, 6.0)


def test_workers_when_there_is_no_broker_show_their_last_word() -> None:
    both = merge(None, [kept("w1", "busy"), kept("w2", "dead"), kept("w3", "stopped")], Loads(), 10.0)
    assert [(each.worker_id, each.state) for each in both] == [("w1", "busy"), ("w2", "dead")]


def test_load_when_looked_at_twice_is_the_share_of_a_core_between() -> None:
    loads = Loads()
    assert loads.share("w1", 7, 1.0, 100.0) is None
    assert loads.share("w1", 7, 1.5, 102.0) == pytest.approx(0.25)
    assert loads.share("w1", 7, 1.5, 102.1) == pytest.approx(0.25)
    assert loads.share("w1", 7, 1.5, 120.0) == 0.0
    assert loads.share("w1", 8, 0.1, 121.0) is None


def test_loads_when_told_who_is_left_forget_the_others() -> None:
    loads = Loads()
    loads.share("w1", 7, 1.0, 100.0)
    loads.keep([("w2", 8)])
    assert loads.share("w1", 7, 2.0, 101.0) is None
