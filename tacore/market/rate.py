"""A token bucket: how long a call has to wait so that calls keep to a rate."""


class TokenBucket:
    """Lets ``burst`` calls through at once after a rest, and ``rate_per_s`` over time; has no clock."""

    def __init__(self, rate_per_s: float, burst: int) -> None:
        self._rate = rate_per_s
        self._burst = float(burst)
        self._tokens = float(burst)
        self._at = 0.0

    def reserve(self, now: float, longest: float) -> float | None:
        """Give the seconds until the call may be made; None, and no claim, where that is over ``longest``."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = max(self._at, now)
        wait = max(0.0, (1 - self._tokens) / self._rate)
        if wait > longest:
            return None
        self._tokens -= 1
        return wait

    def wait_s(self, now: float) -> float:
        """Tell the seconds that a call made now would wait."""
        tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        return max(0.0, (1 - tokens) / self._rate)
