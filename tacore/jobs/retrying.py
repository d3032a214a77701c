"""How long a run waits that the model's server turned away."""

from typing import Protocol

MOST_S = 3600.0
"""The longest that a server's own Retry-After is heeded."""


class Backoff(Protocol):
    """Waits between attempts."""

    @property
    def backoff_s(self) -> float:
        """Before the second."""
        ...

    @property
    def backoff_max_s(self) -> float:
        """The longest."""
        ...


def delay_s(backoff: Backoff, tries: int, retry_after_s: float | None) -> float:
    """Give the seconds to wait after so many tries: what the server asked for, else doubling ones."""
    if retry_after_s is not None and retry_after_s >= 0:
        return min(retry_after_s, MOST_S)
    doubled = backoff.backoff_s * 2.0 ** min(tries - 1, 60)
    return float(min(doubled, backoff.backoff_max_s))
