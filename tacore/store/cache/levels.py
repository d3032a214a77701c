"""The Cache port: a level in this process, perhaps a shared one behind it; one computation per key."""

import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from tacore.clock import Clock
from tacore.model.cached import Cached, CachePolicy
from tacore.store.cache import entry
from tacore.store.cache.flights import Flights
from tacore.store.cache.guard import Guard
from tacore.store.cache.memory import Memory
from tacore.wire.backend import CacheCounts, CacheReport

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.002, 0.025
"""Between two looks at what another process computes."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long to wait for another's computation, how long a claim holds, what is worth sharing."""

    wait_s: float = 2.0
    lock_s: float = 10.0
    max_value_bytes: int = 1 << 20


@dataclass(slots=True)
class _Asked:
    """One look-up: whose, for how long, until when it may wait, and the claim it holds ("" for none)."""

    kind: str
    key: str
    name: str
    ttl_s: float
    until: float
    counts: CacheCounts
    token: str = ""
    waited: bool = False


class Levels:
    """A cache of two levels. Any thread may use it.

    ``namespace`` ends every shared name: only who is configured alike shares.
    """

    def __init__(
        self,
        policies: Mapping[str, CachePolicy],
        clock: Clock,
        guard: Guard | None = None,
        bounds: Bounds = Bounds(),
        namespace: str = "",
    ) -> None:
        self._policies = dict(policies)
        self._clock = clock
        self._guard = guard
        self._bounds = bounds
        self._suffix = f":{namespace}" if namespace else ""
        self._memory = Memory(policies, clock)
        self._flights = Flights()
        self._counts = {kind: CacheCounts() for kind in policies}
        self._counting = threading.Lock()
        self._clears: Counter[str] = Counter()

    def get(
        self, kind: str, key: str, ttl_s: float, compute: Callable[[], bytes], *, deadline: float
    ) -> Cached:
        """Give the value under a key; see the port."""
        self.policy(kind)
        if ttl_s <= 0:
            return Cached(compute(), 0.0, hit=False)
        now = self._clock.monotonic()
        until = now + min(self._bounds.wait_s, max(0.0, deadline - now) / 2)
        asked = _Asked(kind, key, f"{kind}:{key}{self._suffix}", ttl_s, until, self._counts[kind])
        found = self._kept(asked)
        if found is not None:
            return found
        while (flight := self._flights.join(asked.name)) is not None:
            asked.waited = True
            landed = flight.wait(until - self._clock.monotonic())
            found = self._kept(asked)
            if found is not None:
                return found
            if not landed or self._clock.monotonic() >= until:
                return self._compute(asked, compute)
        try:
            return self._kept(asked) or self._shared(asked, deadline) or self._compute(asked, compute)
        finally:
            self._flights.land(asked.name)

    def policy(self, kind: str) -> CachePolicy:
        """Give a kind's bounds; LookupError names the kinds there are."""
        if kind not in self._policies:
            raise LookupError(f"no cache kind is named {kind!r}; there are: {', '.join(self._policies)}")
        return self._policies[kind]

    def clear(self, kind: str = "") -> None:
        """Forget a kind, or everything; what is being computed meanwhile is not kept."""
        with self._counting:
            self._clears.update([kind] if kind else list(self._policies))
        self._memory.clear(kind)

    def report(self) -> CacheReport:
        """Count what happened, by kind."""
        kinds = {}
        with self._counting:
            for kind, counts in self._counts.items():
                counts.entries = self._memory.entries(kind)
                kinds[kind] = msgspec.structs.replace(counts)
        if self._guard is None:
            return CacheReport(kinds)
        return CacheReport(kinds, self._guard.shared.address, self._guard.trouble)

    def close(self) -> None:
        """Close the shared level."""
        if self._guard is not None:
            self._guard.close()

    # -- the steps of a look-up --------------------------------------------------------------------

    def _kept(self, asked: _Asked) -> Cached | None:
        kept = self._memory.load(asked.kind, asked.key)
        if kept is None or kept[1] >= asked.ttl_s:
            return None
        return self._hit(asked, "process_hits", *kept)

    def _shared(self, asked: _Asked, deadline: float) -> Cached | None:
        """Give what the shared level has, or what another process computes now; else claim the key."""
        guard = self._guard
        if guard is None:
            return None
        shared = guard.shared
        found = self._fresh(asked, guard.ask(asked.counts, lambda: shared.load(asked.name)))
        if found is not None:
            return found
        token, pause_s = secrets.token_hex(8), FIRST_PAUSE_S
        now = self._clock.monotonic()
        hold_s = min(self._bounds.lock_s, max(deadline - now, 1.0))
        while True:
            claimed = guard.tell(asked.counts, lambda: shared.claim(asked.name, token, hold_s))
            if claimed is True:
                asked.token = token
            if claimed is not False:
                return self._fresh(asked, claimed if isinstance(claimed, bytes) else None)
            left_s = asked.until - self._clock.monotonic()
            if left_s <= 0:
                return None
            asked.waited = True
            time.sleep(min(left_s, pause_s * random.uniform(0.5, 1.5)))  # noqa: S311 - only spreads the looks
            pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)

    def _fresh(self, asked: _Asked, stored: bytes | None) -> Cached | None:
        found = None if stored is None else entry.read(stored, asked.ttl_s, self._clock)
        if found is None:
            return None
        self._memory.save(asked.kind, asked.key, *found, asked.ttl_s)
        return self._hit(asked, "shared_hits", *found)

    def _compute(self, asked: _Asked, compute: Callable[[], bytes]) -> Cached:
        with self._counting:
            asked.counts.misses += 1
            clears = self._clears[asked.kind]
        try:
            value = compute()
        except BaseException:
            self._release(asked)
            raise
        if clears == self._clears[asked.kind]:
            self._memory.save(asked.kind, asked.key, value, 0.0, asked.ttl_s)
            self._share(asked, value)
        else:
            self._release(asked)
        return Cached(value, 0.0, hit=False)

    def _share(self, asked: _Asked, value: bytes) -> None:
        guard = self._guard
        if guard is None or len(value) > self._bounds.max_value_bytes:
            self._release(asked)
            return
        stored = entry.write(value, self._clock)
        guard.tell(asked.counts, lambda: guard.shared.save(asked.name, stored, asked.ttl_s, asked.token))

    def _release(self, asked: _Asked) -> None:
        guard = self._guard
        if guard is not None and asked.token:
            guard.tell(asked.counts, lambda: guard.shared.release(asked.name, asked.token))

    def _hit(self, asked: _Asked, level: str, value: bytes, age_s: float) -> Cached:
        with self._counting:
            setattr(asked.counts, level, getattr(asked.counts, level) + 1)
            asked.counts.waits += asked.waited
        return Cached(value, age_s, hit=True)
