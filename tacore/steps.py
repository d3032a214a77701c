"""What the running request spends its time on: parts of the processing, noted where they happen.

    with step("quotes"):
        quotes = provider.quotes(instruments, now=now)

A worker keeps the steps of requests that took a while, and `tacore trace` shows them. Outside a request, and
on other threads than its own, nothing is noted.
"""

import time
from contextvars import ContextVar
from types import TracebackType
from typing import Self

MOST = 64
"""Steps of one request; of further ones nothing is kept but how many there were."""


class Noted:
    """One step, in nanoseconds of `time.perf_counter_ns`; ``end_ns`` is 0 while it is under way."""

    __slots__ = ("depth", "end_ns", "failed", "name", "note", "start_ns")

    def __init__(self, name: str, depth: int, start_ns: int) -> None:
        self.name = name
        self.depth = depth
        self.start_ns = start_ns
        self.end_ns = 0
        self.note: str | None = None
        self.failed: str | None = None

    def end(self) -> None:
        """Note that it ends now."""
        self.end_ns = time.perf_counter_ns()


class Steps:
    """The steps of one request after the other: ``noted`` is None until the first, in order of their start.

    ``dropped`` counts those over the bound.
    """

    __slots__ = ("depth", "dropped", "noted")

    def __init__(self) -> None:
        self.noted: list[Noted] | None = None
        self.depth = 0
        self.dropped = 0

    def begin(self, name: str, depth: int = 0) -> Noted:
        """Note that something begins now; the caller ends it."""
        one = Noted(name, depth, time.perf_counter_ns())
        if self.noted is None:
            self.noted = [one]
        elif len(self.noted) < MOST:
            self.noted.append(one)
        else:
            self.dropped += 1
        return one

    def take(self) -> tuple[list[Noted], int]:
        """Give what was noted and how many were dropped, and begin anew."""
        taken = self.noted or [], self.dropped
        self.noted, self.depth, self.dropped = None, 0, 0
        return taken


STEPS: ContextVar[Steps | None] = ContextVar("STEPS", default=None)
"""Where the running request notes its steps; the worker sets it."""


class step:
    """Note what is done inside of it as one step; `say` adds a word about it."""

    __slots__ = ("_name", "_noted", "_steps")

    def __init__(self, name: str) -> None:
        self._name = name
        self._noted: Noted | None = None
        self._steps: Steps | None = None

    def __enter__(self) -> Self:
        steps = self._steps = STEPS.get()
        if steps is not None:
            self._noted = steps.begin(self._name, steps.depth)
            steps.depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        noted = self._noted
        if noted is not None and self._steps is not None:
            noted.end()
            self._steps.depth = noted.depth
            if error is not None:
                noted.failed = getattr(error, "code", None) or type(error).__name__

    def say(self, note: str) -> None:
        """Add a word about how it went."""
        if self._noted is not None:
            self._noted.note = note
