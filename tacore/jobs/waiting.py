"""Requests that wait for something to happen to a job; none of them holds a worker."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tacore.jobs.rows import Kept
from tacore.model.jobs import ENDED
from tacore.ports import Later
from tacore.ports.jobs import JobStory

MOST = 400
"""Of those that wait at once; with one more the first is answered, or nothing else would find a place."""
_MARGIN, _LEAST_S, _MOST_S = 0.1, 0.05, 0.5


def before(deadline: float, now: float) -> float:
    """Give the moment at which an answer still comes in time: a tenth of the wait before its end."""
    margin = min(max((deadline - now) * _MARGIN, _LEAST_S), _MOST_S)
    return deadline - margin


@dataclass(slots=True)
class Waiter:
    """A request that waits; ``after_id`` is None for one that waits for the end of the job."""

    number: int
    after_id: int | None
    deadline: float
    joined: bool = False
    whole: bool = True
    told: Later[JobStory] = field(default_factory=Later)

    def satisfied(self, kept: Kept) -> bool:
        """Tell whether what it waits for has happened."""
        happened = self.after_id is not None and kept.job.last_event_id > self.after_id
        return happened or kept.job.state in ENDED


@dataclass(slots=True)
class Waiting:
    """Those that wait. ``answer`` resolves one with the job as it is."""

    answer: Callable[[Waiter], None]
    _all: list[Waiter] = field(default_factory=list)

    def add(self, waiter: Waiter) -> Later[JobStory]:
        """Let a request wait."""
        self._all.append(waiter)
        if len(self._all) > MOST:
            self.answer(self._all.pop(0))
        return waiter.told

    def due(self) -> float | None:
        """Tell when the first has waited long enough (monotonic seconds)."""
        return min((each.deadline for each in self._all), default=None)

    def turn(self, now: float, changed: Iterable[int], look: Callable[[int], Kept | None]) -> None:
        """Answer those whose time is over, or to whose job has happened what they wait for."""
        self._tell(lambda each: each.deadline <= now)
        jobs = {number: look(number) for number in set(changed) & {each.number for each in self._all}}
        self._tell(lambda each: _is_ready(each, jobs))

    def _tell(self, ready: Callable[[Waiter], bool]) -> None:
        told = [each for each in self._all if ready(each)]
        self._all = [each for each in self._all if not ready(each)]
        for each in told:
            self.answer(each)

    def release(self) -> None:
        """Answer all of them."""
        everyone, self._all = self._all, []
        for each in everyone:
            self.answer(each)


def _is_ready(waiter: Waiter, jobs: dict[int, Kept | None]) -> bool:
    if waiter.number not in jobs:
        return False
    kept = jobs[waiter.number]
    return kept is None or waiter.satisfied(kept)
