"""How the journal writer shares the processor with those it writes for."""

import time
from collections.abc import Callable

PIECE_S = 0.0003
NAP_S = 0.00005

Pause = Callable[[], None]


def at_once() -> None:
    """Go on without a pause."""


class Pace:
    """Cuts a commit's work into short pieces, with a nap after each.

    Rows are written some thousands at a time. Whoever on the writer's core got something to do meanwhile
    would wait until the system's slice is over, 3 or 4 ms, however short its own work: a nap lets it go
    first. A writer that needs longer for a commit than the ``cycle_s`` between two has no time to be polite.
    """

    def __init__(
        self,
        cycle_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._cycle_s = cycle_s
        self._clock = clock
        self._sleep = sleep
        self._hurried = False
        self._began = self._rested = self._seen = clock()

    def begin(self) -> None:
        """Take note that a cycle begins, and of how long the last one took."""
        self._hurried = self._seen > self._began + self._cycle_s
        self._began = self._rested = self._seen = self._clock()

    def pause(self) -> None:
        """Nap if a piece of work is over; to be called at the end of every small step."""
        self._seen = now = self._clock()
        if now > self._began + self._cycle_s:
            self._hurried = True
        if not self._hurried and now >= self._rested + PIECE_S:
            self._sleep(NAP_S)
            self._rested = self._clock()
