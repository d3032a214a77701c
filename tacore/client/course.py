"""The course of one request through its attempts: what to try next, and when to stop; no I/O.

A request that may change something (an order) stays with the broker it was once sent to, for another broker's
ledger would not know it; reads, and everything where the endpoints share one ledger, move on.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tacore.client.envelope import Attempt, Call, Reply, RequestId, encode_request, typed_error
from tacore.errors import NoAnswer, NoBroker, TacoreError

READING = (
    "health",
    "system.",
    "describe.",
    "scan.",
    "get.",
    "list.",
    "analyze.",
    "evaluate.",
    "debug.",
    "order.status",
)
NEVER_SENT = frozenset({"refused", "unreachable"})


class Policy(NamedTuple):
    """How patient a client is; ``timeout_s`` is for each attempt."""

    timeout_s: float = 5.0
    retries: int = 3
    backoff_s: float = 0.1
    backoff_max_s: float = 2.0


class Route(NamedTuple):
    """Where a request may go; ``shared_ledger`` says that the endpoints' brokers have one ledger."""

    endpoints: tuple[str, ...]
    shared_ledger: bool = False


class Mapped(NamedTuple):
    """One result of `map`: ``position`` counts the params from 0."""

    position: int
    params: Mapping[str, Any] | None
    reply: Reply


class Course:
    """One request under way; ``tag`` is its owner's."""

    def __init__(
        self, call: Call, policy: Policy, route: Route, dice: Callable[[], float] = random.random
    ) -> None:
        self.call = call
        self.policy = policy
        self.attempts: list[Attempt] = []
        self.reply: Reply | None = None
        self.endpoint = route.endpoints[0]
        self.started = self.deadline = 0.0
        self.tag: Any = None
        self._dice = dice
        self._endpoints = route.endpoints
        self._moves = route.shared_ledger or call.method.startswith(READING)

    @property
    def request_id(self) -> RequestId:
        """The id that every attempt carries."""
        return self.call.request_id

    @property
    def number(self) -> int:
        """Count attempts from 1; during one, its own number."""
        return len(self.attempts) + 1

    @property
    def bound(self) -> bool:
        """Tell whether another attempt can only go to the same endpoint."""
        if len(self._endpoints) == 1:
            return True
        return not self._moves and any(each.outcome not in NEVER_SENT for each in self.attempts)

    def begin(self, now: float) -> None:
        """Start the next attempt; ``now`` is on the monotonic clock."""
        if self.attempts and not self.bound:
            following = self._endpoints.index(self.endpoint) + 1
            self.endpoint = self._endpoints[following % len(self._endpoints)]
        self.started = now
        self.deadline = now + self.policy.timeout_s

    def body(self, now: float) -> bytes:
        """Give the frame to send; its timeout_ms is the patience left."""
        left_ms = max(1, round((self.deadline - now) * 1000))
        return encode_request(self.call, left_ms, self.number)

    def preview(self) -> bytes:
        """Give the frame of a first attempt that begins now, without beginning it."""
        return encode_request(self.call, round(self.policy.timeout_s * 1000), 1)

    def settle(
        self, outcome: str, now: float, wall: float, wire: Mapping[str, Any] | None = None, detail: str = ""
    ) -> float | None:
        """End the attempt; give the pause before the next one, or None when ``reply`` is there.

        ``wall`` is epoch seconds. A retry_after_ms counts, up to one attempt's patience.
        """
        error = None if wire is None else typed_error(wire)
        if error is not None:
            outcome, detail = "error", f"{error.code}: {error.message}"
        took = now - self.started
        self.attempts.append(Attempt(self.number, self.endpoint, wall - took, took, outcome, detail))
        if wire is not None and (error is None or self._exhausted or not self._helps(error)):
            self._finish(wire, error)
            return None
        if self._exhausted:
            self._finish({}, self._silence())
            return None
        return self._pause(error)

    def _helps(self, error: TacoreError) -> bool:
        """Tell whether another attempt may do better.

        A broker that answers ``unavailable`` has waited for a worker already; who asks for a wait beyond an
        attempt's patience will say the same again: only another broker may help.
        """
        after_s = _retry_after_s(error)
        waited = after_s > self.policy.timeout_s or (error.code == "unavailable" and not after_s)
        return error.retryable and not (waited and (self.bound or len(self.attempts) >= len(self._endpoints)))

    @property
    def _exhausted(self) -> bool:
        return len(self.attempts) >= max(
            self.policy.retries + 1, len(self._endpoints) if not self.bound else 1
        )

    def _pause(self, error: TacoreError | None) -> float:
        count = len(self.attempts)
        if not self.bound and count % len(self._endpoints) and self.attempts[-1].outcome in NEVER_SENT:
            return 0.0
        ceiling = min(self.policy.backoff_max_s, self.policy.backoff_s * 2.0 ** (count - 1))
        floor = 0.0 if error is None else _retry_after_s(error)
        return min(floor, self.policy.timeout_s) + self._dice() * ceiling

    def _silence(self) -> TacoreError:
        tried = ", ".join(dict.fromkeys(each.endpoint for each in self.attempts))
        log = {"attempts": [each._asdict() for each in self.attempts]}
        if all(each.outcome == "refused" for each in self.attempts):
            return NoBroker(f"no broker at {tried}", details=log)
        last = self.attempts[-1]
        why = f" ({last.detail})" if last.detail else ""
        return NoAnswer(
            f"no answer to {self.call.method} from {tried} after {len(self.attempts)} attempts; "
            f"the last one ended as {last.outcome}{why}",
            details=log,
        )

    def _finish(self, wire: Mapping[str, Any], error: TacoreError | None) -> None:
        attempts = tuple(self.attempts)
        if error is not None:
            error.request_id = self.request_id
            error.attempts = attempts
        self.reply = Reply(
            data=wire.get("data"),
            request_id=self.request_id,
            status="success" if error is None else "error",
            error=error,
            processing_time_ms=wire.get("processing_time_ms") or 0.0,
            timestamp=wire.get("timestamp") or 0,
            attempts=attempts,
            raw=wire,
        )


def _retry_after_s(error: TacoreError) -> float:
    asked = error.details.get("retry_after_ms", 0)
    return max(0.0, float(asked) / 1000) if isinstance(asked, int | float) else 0.0
