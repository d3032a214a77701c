"""Clocks: the process's own, a manual one for tests, and the market's."""

import math
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

DEADLINE: ContextVar[float] = ContextVar("DEADLINE", default=math.inf)
"""When nobody waits for the running request any more (monotonic seconds); the worker sets it for each."""


class Clock(Protocol):
    """Time as the machines of this package see it."""

    def monotonic(self) -> float:
        """Give seconds that never go back, for liveness and deadlines."""
        ...

    def wall_us(self) -> int:
        """Give epoch microseconds UTC, for what people read."""
        ...


class SystemClock:
    """The machine's own clocks."""

    monotonic = staticmethod(time.monotonic)

    @staticmethod
    def wall_us() -> int:
        """Give epoch microseconds UTC."""
        return time.time_ns() // 1000


class ManualClock:
    """A clock that moves only when told; both of its faces move together."""

    def __init__(self, start_s: float = 1_000.0, wall_us: int = 1_700_000_000_000_000) -> None:
        self._now = start_s
        self._wall_us = wall_us

    def monotonic(self) -> float:
        """Give the seconds set so far."""
        return self._now

    def wall_us(self) -> int:
        """Give the microseconds set so far."""
        return self._wall_us

    def advance(self, seconds: float) -> None:
        """Move both faces forward."""
        self._now += seconds
        self._wall_us += round(seconds * 1_000_000)


@dataclass(frozen=True, slots=True)
class MarketClock:
    """A market's time as a function of wall time, the same in every process.

    ``speed`` is market seconds per second: 1 from anchor 0 to anchor 0 is live, 0 stands still at the anchor.
    Market time never lies before the anchor, and never goes back while wall time does not.
    """

    anchor_wall_us: int = 0
    anchor_market_us: int = 0
    speed: float = 1.0

    def at(self, wall_us: int) -> int:
        """Give the market's epoch microseconds at a wall time."""
        return self.anchor_market_us + round(max(0, wall_us - self.anchor_wall_us) * self.speed)
