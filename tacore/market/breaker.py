"""A circuit breaker: leave alone for a while what keeps failing.

closed → open after so many failures in a row, or at once where a failure is lasting;
open → half open after the cool-down, when one call may try;
half open → closed when that call succeeds, open again when it fails.
"""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """What a breaker does with the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why no call is made: the failure that opened the breaker, and the seconds until one may try."""

    failure: Exception
    retry_after_s: float


class Breaker:
    """Counts failures in a row; has no clock. It must be told how each call went that it let through."""

    def __init__(self, failures: int, cooldown_s: float) -> None:
        self._most = failures
        self._cooldown_s = cooldown_s
        self._failures = 0
        self._opened = 0.0
        self._why: Exception | None = None
        self.state = State.CLOSED

    def blocked(self, now: float) -> Blocked | None:
        """Tell why no call must be made now; None lets it through, when half open as the one that tries."""
        if self.state is State.CLOSED or self._why is None:
            return None
        left = self._opened + self._cooldown_s - now
        if left > 0:
            return Blocked(self._why, left)
        # Open or half open: a try that never told its end counts as failed once a cool-down has passed.
        self.state, self._opened = State.HALF_OPEN, now
        return None

    def succeeded(self) -> None:
        """Note that a call was answered, be it with NotFound."""
        self.state, self._failures, self._why = State.CLOSED, 0, None

    def failed(self, now: float, failure: Exception, *, lasting: bool = False) -> bool:
        """Note a failure; tell whether it opened the breaker. A lasting one (wrong key) opens it at once."""
        self._failures += 1
        if not (lasting or self.state is State.HALF_OPEN or self._failures >= self._most):
            return False
        self.state, self._opened, self._why = State.OPEN, now, failure
        return True
