"""Where answers are kept for the next who asks the same."""

from collections.abc import Callable
from typing import Protocol

from tacore.model.cached import Cached, CachePolicy
from tacore.wire.backend import CacheReport


class Cache(Protocol):
    """Answers kept for the next who asks the same. Any thread may use it.

    A cache in trouble costs a computation, never an error: what `get` raises comes from ``compute``.
    """

    def get(
        self, kind: str, key: str, ttl_s: float, compute: Callable[[], bytes], *, deadline: float
    ) -> Cached:
        """Give the value under a key, a JSON object; compute it where none is younger than ``ttl_s``.

        One of all who ask for a key at once computes it; the others wait for that one, but never past the
        middle of the time that is left until ``deadline`` (monotonic seconds). ``key`` names everything that
        the value depends on (see `tacore.model.cached`). With ``ttl_s`` of 0 nothing is looked up or kept.
        """
        ...

    def policy(self, kind: str) -> CachePolicy:
        """Give a kind's bounds; LookupError where the settings have no such kind."""
        ...

    def clear(self, kind: str = "") -> None:
        """Forget what this process keeps of a kind, or of all."""
        ...

    def report(self) -> CacheReport:
        """Count what happened since the process started, by kind."""
        ...

    def close(self) -> None:
        """Let go of what it holds open."""
        ...


class NoCache:
    """The cache that keeps nothing, for where no other is configured."""

    def get(
        self, kind: str, key: str, ttl_s: float, compute: Callable[[], bytes], *, deadline: float
    ) -> Cached:
        """Compute the value."""
        return Cached(compute(), 0.0, hit=False)

    def policy(self, kind: str) -> CachePolicy:
        """Keep nothing of any kind."""
        return CachePolicy(0.0, 0.0, 1)

    def clear(self, kind: str = "") -> None:
        """Forget nothing, for nothing is kept."""

    def report(self) -> CacheReport:
        """Count nothing."""
        return CacheReport()

    def close(self) -> None:
        """Hold nothing open."""
