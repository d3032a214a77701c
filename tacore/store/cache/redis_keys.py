"""An operator's look at the cache's keys in Redis: how many there are, and their end."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import redis

from tacore.errors import Unavailable
from tacore.store.cache.redis_level import LOCK, PREFIX, connect
from tacore.store.cache.shared import shown

_BATCH = 500
_FACTS = (
    "redis_version",
    "uptime_in_seconds",
    "used_memory",
    "maxmemory",
    "maxmemory_policy",
    "evicted_keys",
)


class RedisKeys:
    """The keys of tacore in a Redis. Everything raises Unavailable where that does not answer."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self.address = shown(url)
        self._client = connect(url, timeout_s=timeout_s, max_connections=1)

    def count(self) -> Counter[str]:
        """Count the keys by kind; claims do not count."""
        return Counter(
            key[len(PREFIX) :].partition(b":")[0].decode(errors="replace")
            for keys in self._batches(f"{PREFIX}*:*")
            for key in keys
            if not key.startswith(LOCK.encode())
        )

    def clear(self, kind: str = "") -> int:
        """Remove the keys of a kind, or of all; give how many there were."""
        pattern = f"{PREFIX}{kind}:*" if kind else f"{PREFIX}*:*"
        removed = 0
        for keys in self._batches(pattern):
            kept = [key for key in keys if not key.startswith(LOCK.encode())]
            removed += self._ask("unlink", *kept) if kept else 0
        return removed

    def about(self) -> dict[str, Any]:
        """Tell of Redis itself: version, age, memory (bytes), and what it does when that is full."""
        facts = self._ask("info")
        return {name: facts[name] for name in _FACTS if name in facts}

    def close(self) -> None:
        """Close the connection."""
        self._client.connection_pool.disconnect()

    def _batches(self, pattern: str) -> Iterator[list[bytes]]:
        cursor = 0
        while True:
            cursor, keys = self._ask("scan", cursor, match=pattern, count=_BATCH)
            if keys:
                yield keys
            if not cursor:
                return

    def _ask(self, command: str, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever Redis answers
        try:
            return getattr(self._client, command)(*args, **named)
        except (redis.RedisError, OSError) as error:
            raise Unavailable(f"Redis at {self.address} can't be asked: {error}") from error
