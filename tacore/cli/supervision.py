"""Child processes that are kept up together and stopped in order; no clock or signal of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tacore.worker.restarts import RestartPolicy

CONFIGURATION_STATUS = 6
"""What a child ends with that can never start as it is configured."""

SPARE_S = 30.0
"""Wait before the next start of a part that is not vital and has died too often."""


class Process(Protocol):
    """A child, as `tacore.processes.Child` is one."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    @property
    def fd(self) -> int:
        """A descriptor that turns readable when it ends."""
        ...

    def ended(self) -> bool:
        """Tell whether it has ended."""
        ...

    def reason(self) -> str:
        """Tell how it ended."""
        ...

    def terminate(self) -> None:
        """Ask it to end in good order."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; False when the time is over first."""
        ...

    def close(self) -> None:
        """Reap it."""
        ...


@dataclass(slots=True)
class Part:
    """One child of a service: what it is called, how it starts, how long its orderly end may take.

    The service goes on without one that is not ``vital``, once that has started.
    """

    name: str
    start: Callable[[], Process]
    stop_s: float
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    process: Process | None = None
    started: float = 0.0
    start_at: float | None = 0.0
    starts: int = 0
    vital: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """News of a child: ``again_s`` is the wait before its next start, None where there will be none."""

    part: Part
    pid: int
    reason: str
    again_s: float | None


class Supervision:
    """Keeps the parts up. ``failed`` is the exit code once one of them can't be."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.failed: int | None = None

    def due(self, now: float) -> list[Part]:
        """Start the parts whose time has come, and give them."""
        begun = []
        for part in self.parts:
            if part.start_at is not None and part.start_at <= now:
                part.process = part.start()
                part.started, part.start_at = now, None
                part.starts += 1
                begun.append(part)
        return begun

    def reap(self, now: float) -> list[Ended]:
        """Take note of the children that ended, and plan their next start."""
        news = []
        for part in self.parts:
            if part.process is None or not part.process.ended():
                continue
            pid, reason = part.process.pid, part.process.reason()
            part.process.close()
            part.process = None
            part.start_at = self._next(part, reason, now)
            again_s = None if part.start_at is None else part.start_at - now
            news.append(Ended(part, pid, reason, again_s))
        return news

    def next_start(self) -> float | None:
        """Tell when the next start is due."""
        return min((part.start_at for part in self.parts if part.start_at is not None), default=None)

    def running(self) -> list[Process]:
        """List the children that run, in the order in which they are stopped."""
        return [part.process for part in self.parts if part.process is not None]

    def _next(self, part: Part, reason: str, now: float) -> float | None:
        if not part.vital and part.starts > 1:
            return part.policy.died(part.started, now) or now + SPARE_S
        if reason.endswith(f"status {CONFIGURATION_STATUS}"):
            self.failed = CONFIGURATION_STATUS
            return None
        start_at = part.policy.died(part.started, now)
        if start_at is None and self.failed is None:
            self.failed = 1
        return start_at
