"""Caches to test: in a process alone, or in front of a Redis."""

from collections.abc import Callable

from tacore.clock import Clock, SystemClock
from tacore.model.cached import CachePolicy
from tacore.store.cache.guard import Guard
from tacore.store.cache.levels import Bounds, Levels
from tacore.store.cache.redis_level import RedisLevel

POLICIES = {"risk": CachePolicy(60.0, 600.0, 8), "quote": CachePolicy(1.0, 10.0, 8)}
FOR_MARKETS = {"market_data": CachePolicy(1.0, 300.0, 100)}
FOR_PROVIDERS = {"quote": CachePolicy(1.0, 60.0, 500), "bars": CachePolicy(30.0, 3600.0, 4000)}
PAUSE_S = 0.05


def alone(clock: Clock | None = None, **bounds: float) -> Levels:
    """Make a cache of this process alone."""
    return Levels(POLICIES, clock or SystemClock(), bounds=made(bounds))


def in_front_of(url: str, *, timeout_s: float = 5.0, namespace: str = "", **bounds: float) -> Levels:
    """Make a cache that shares a Redis, and has had its first look at it."""
    clock = SystemClock()
    guard = Guard(RedisLevel(url, timeout_s=timeout_s, max_connections=20), clock, PAUSE_S)
    guard.start(5.0)
    return Levels(POLICIES, clock, guard, made(bounds), namespace)


def made(bounds: dict[str, float]) -> Bounds:
    """Make bounds, with defaults for what is not given."""
    return Bounds(**bounds)  # type: ignore[arg-type]  # max_value_bytes is whole


def soon(seconds: float = 5.0) -> float:
    """Give a deadline."""
    return SystemClock.monotonic() + seconds


class Computation:
    """Counts how often it is asked, and answers with the number."""

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        self.asked = 0
        self._before = before

    def __call__(self) -> bytes:
        self.asked += 1
        number = self.asked
        self._before()
        return b'{"n":%d}' % number
