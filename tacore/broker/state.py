"""What the broker remembers: requests, dispatches, workers, methods."""

from collections import deque
from typing import Any

import msgspec

from tacore.ports import MethodInfo
from tacore.wire.backend import CacheReport, Ready
from tacore.wire.envelope import Head, RequestId
from tacore.wire.trace import Try

MOST_TRIES = 32
"""After how many no further retry of a request is told in the journal; its ``attempts`` counts on."""


class Entry(msgspec.Struct, gc=False):
    """An accepted request until its final answer.

    ``client`` and ``delimited`` say where and in which framing to reply; ``waiters`` are the retries that
    joined it. Times are on the monotonic clock. The client waits for ``patience_s``, until ``deadline``;
    ``losses`` counts the workers that were lost with it. ``tries`` is None as long as there is nothing to
    tell: no worker lost, no retry joined.
    """

    request_id: RequestId
    head: Head
    body: bytes
    client: bytes
    delimited: bool
    received: float
    deadline: float
    patience_s: float
    principal: str
    collided: bool = False
    losses: int = 0
    waiters: list[tuple[bytes, bool]] | None = None
    tries: list[Try] | None = None

    def since_us(self, moment: float) -> int:
        """Count the microseconds from its arrival to a moment."""
        return int((moment - self.received) * 1e6)

    def had(self, tried: Try) -> None:
        """Remember a worker that was lost with it, or a retry; of a flood of retries the first ones."""
        self.tries = self.tries or []
        if tried.lost or len(self.tries) < MOST_TRIES:
            self.tries.append(tried)


class MethodState:
    """A method as the broker routes it: its queue, its running mean latency, and who holds it.

    ``unserved_since`` is when its last worker was lost, on the monotonic clock.
    """

    __slots__ = ("alone", "ewma_us", "held", "info", "queue", "servers", "unserved_since")

    CLIP_US = 250_000.0
    WEIGHT = 0.2

    def __init__(self, info: MethodInfo) -> None:
        self.info = info
        self.queue: deque[Entry] = deque()
        self.alone: deque[Entry] = deque()
        self.ewma_us: float | None = 100.0 if info.quick else None
        self.held = 0
        self.servers = 0
        self.unserved_since = 0.0

    def measured(self, each_us: float) -> None:
        """Take a measured latency into the running mean; one outlier moves it only so far."""
        if self.ewma_us is None:
            self.ewma_us = each_us
        else:
            self.ewma_us += self.WEIGHT * (min(each_us, self.CLIP_US) - self.ewma_us)

    def depth(self) -> int:
        """Count what waits."""
        return len(self.queue) + len(self.alone)


class Dispatch(msgspec.Struct, gc=False):
    """A batch: when it was ``sent`` to its worker, and ``started``, at the head of that worker's line."""

    dispatch_id: int
    method: MethodState
    entries: list[Entry]
    sent: float
    started: float
    exclusive: bool
    capped: bool
    cancelled: bool = False

    @property
    def principals(self) -> str | list[str]:
        """Give whose requests these are: one name where it is the same for all."""
        names = [entry.principal for entry in self.entries]
        return names[0] if names.count(names[0]) == len(names) else names


class Worker:
    """A registered worker process."""

    __slots__ = (
        "cache",
        "capped",
        "control",
        "cpu_s",
        "dispatches",
        "draining",
        "exclusive",
        "last_seen",
        "last_seen_us",
        "leaving",
        "methods",
        "processed",
        "ready",
        "routing",
        "rss_bytes",
    )

    def __init__(self, ready: Ready, routing: bytes, control: bytes, now: float, now_us: int) -> None:
        self.ready = ready
        self.routing = routing
        self.control = control
        self.methods = frozenset(ready.methods)
        self.dispatches: dict[int, Dispatch] = {}
        self.exclusive = False
        self.capped = False
        self.draining = False
        self.leaving = False
        self.processed = 0
        self.last_seen = now
        self.last_seen_us = now_us
        self.cpu_s = 0.0
        self.rss_bytes = 0
        self.cache = CacheReport()

    @property
    def in_flight(self) -> int:
        """Count the requests it holds."""
        return sum(len(each.entries) for each in self.dispatches.values())

    @property
    def state(self) -> str:
        """Give draining, busy or ready."""
        if self.draining:
            return "draining"
        return "busy" if self.dispatches else "ready"

    def describe(self, now: float, now_us: int) -> dict[str, Any]:
        """Give the worker as `tacore worker ls` shows it."""
        return {
            "worker_id": self.ready.worker_id,
            "pool": self.ready.pool,
            "pid": self.ready.pid,
            "host": self.ready.host,
            "state": self.state,
            "in_flight": self.in_flight,
            "processed": self.processed,
            "uptime_s": round((now_us - self.ready.started_us) / 1e6, 1),
            "version": self.ready.version,
            "last_seen_s": round(now - self.last_seen, 2),
            "cpu_s": round(self.cpu_s, 2),
            "rss_mb": round(self.rss_bytes / 1e6, 1),
            "supervisor": self.ready.supervisor_id,
        }
