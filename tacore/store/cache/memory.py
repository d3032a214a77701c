"""The level inside a process: the least used goes first, each kind within its own bound."""

import threading
from collections.abc import Mapping
from typing import NamedTuple

from cachetools import TLRUCache

from tacore.clock import Clock
from tacore.model.cached import CachePolicy

PIECE_BYTES = 16 << 10
"""A value counts as one entry for each begun piece of this size, so that entries bound memory too."""


class Kept(NamedTuple):
    """A value, and from when until when it is good (monotonic seconds)."""

    value: bytes
    written: float
    expires: float


class Memory:
    """What one process keeps. Any thread may use it."""

    def __init__(self, policies: Mapping[str, CachePolicy], clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kinds: dict[str, TLRUCache[str, Kept]] = {
            kind: TLRUCache(
                policy.max_entries,
                ttu=lambda _key, kept, _now: kept.expires,
                timer=clock.monotonic,
                getsizeof=lambda kept: 1 + len(kept.value) // PIECE_BYTES,
            )
            for kind, policy in policies.items()
        }

    def load(self, kind: str, key: str) -> tuple[bytes, float] | None:
        """Give a value and its age in seconds, if one is kept and not too old."""
        with self._lock:
            kept = self._kinds[kind].get(key)
        return None if kept is None else (kept.value, max(0.0, self._clock.monotonic() - kept.written))

    def save(self, kind: str, key: str, value: bytes, age_s: float, ttl_s: float) -> None:
        """Keep a value of that age; one that is larger than all of its kind's room is not kept."""
        written = self._clock.monotonic() - age_s
        room = self._kinds[kind]
        if 1 + len(value) // PIECE_BYTES <= room.maxsize:
            with self._lock:
                room[key] = Kept(value, written, written + ttl_s)

    def clear(self, kind: str = "") -> None:
        """Forget a kind, or everything."""
        with self._lock:
            for name, room in self._kinds.items():
                if kind in ("", name):
                    room.clear()

    def entries(self, kind: str) -> int:
        """Count what is kept of a kind."""
        with self._lock:
            room = self._kinds[kind]
            room.expire()
            return len(room)
