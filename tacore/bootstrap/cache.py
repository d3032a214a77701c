"""The cache of a process, from the settings."""

from typing import TYPE_CHECKING

from tacore import __version__
from tacore.clock import SystemClock
from tacore.model.cached import CachePolicy, digest
from tacore.ports import Cache
from tacore.settings.loaded import Loaded
from tacore.settings.model import Settings

if TYPE_CHECKING:
    from tacore.store.cache.redis_keys import RedisKeys

ADMIN_TIMEOUT_S = 2.0


def build_cache(loaded: Loaded) -> Cache:
    """Build a worker's cache: in the process, and in front of Redis where redis.url is set.

    Answers are shared only with workers of the same version whose trading_config.yaml says the same.
    """
    from tacore.store.cache.levels import Bounds, Levels  # noqa: PLC0415 - cachetools: the supervisor needs none

    clock = SystemClock()
    settings = loaded.settings
    cache = settings.cache
    policies = {
        name: CachePolicy(kind.ttl_open_s, kind.ttl_closed_s, kind.max_entries)
        for name, kind in cache.kinds().items()
    }
    bounds = Bounds(cache.wait_s, cache.lock_s, cache.max_value_kb << 10)
    if not settings.redis.url:
        return Levels(policies, clock, bounds=bounds)
    from tacore.store.cache.guard import Guard  # noqa: PLC0415
    from tacore.store.cache.redis_level import RedisLevel  # noqa: PLC0415 - 150 ms, for those who use Redis

    redis = settings.redis
    level = RedisLevel(redis.url, timeout_s=redis.timeout_ms / 1000, max_connections=redis.max_connections)
    guard = Guard(level, clock, redis.retry_s)
    guard.start()
    return Levels(policies, clock, guard, bounds, digest([__version__, loaded.trading])[:8])


def open_redis(settings: Settings) -> "RedisKeys":
    """Open Redis for an operator's look at its keys; ConfigurationError where the settings name none."""
    from tacore.store.cache.redis_keys import RedisKeys  # noqa: PLC0415 - as above

    return RedisKeys(settings.redis.url, timeout_s=ADMIN_TIMEOUT_S)
