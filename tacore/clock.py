"""Clocks: the process's own, a manual one for tests, and the market's."""

import time
from typing import Protocol


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
