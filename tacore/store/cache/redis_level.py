"""Redis as the shared level. Imports the client library: only what uses Redis imports this.

A value lies at ``tacore:KIND:KEY``, the claim on it at ``tacore:lock:KIND:KEY``. Scripts make two steps one:
https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ has the pattern of the claim.
"""

from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tacore.errors import ConfigurationError
from tacore.store.cache.shared import SharedDown, SharedRefused, shown

PREFIX = "tacore:"
LOCK = "tacore:lock:"
_CLAIM = """
local value = redis.call('GET', KEYS[1])
if value then return value end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
_SAVE = """
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if redis.call('GET', KEYS[2]) == ARGV[3] then redis.call('DEL', KEYS[2]) end
return 1
"""
_REFUSALS = (redis.OutOfMemoryError, redis.exceptions.ReadOnlyError, redis.exceptions.NoPermissionError)
_REFUSAL_WORDS = ("MISCONF", "NOREPLICAS")  # these have no class of their own


def connect(url: str, *, timeout_s: float, max_connections: int) -> "redis.Redis":
    """Make a client that waits for nothing longer than ``timeout_s`` and tries nothing twice.

    It connects when first asked; a URL that makes no sense is a ConfigurationError at once. RESP2 and no
    CLIENT SETINFO: a new connection costs no extra exchange.
    """
    try:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=max_connections,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
    except ValueError as error:
        raise ConfigurationError(f"redis.url is {shown(url)}: {error}") from error
    return redis.Redis(connection_pool=pool)


class RedisLevel:
    """A Redis that the workers of any number of hosts share."""

    def __init__(self, url: str, *, timeout_s: float, max_connections: int) -> None:
        self.address = shown(url)
        self._client = connect(url, timeout_s=timeout_s, max_connections=max_connections)
        self._claim = self._client.register_script(_CLAIM)
        self._save = self._client.register_script(_SAVE)
        self._release = self._client.register_script(_RELEASE)

    def load(self, name: str) -> bytes | None:
        """Give what lies under a name."""
        found = _ask(lambda: self._client.get(PREFIX + name))
        return found if isinstance(found, bytes) else None

    def claim(self, name: str, token: str, hold_s: float) -> bytes | bool:
        """Become the one who computes a name, or get what lies there by now."""
        keys, args = [PREFIX + name, LOCK + name], [token.encode(), _ms(hold_s)]
        found = _ask(lambda: self._claim(keys=keys, args=args))
        return found if isinstance(found, bytes) else found != 0

    def save(self, name: str, value: bytes, ttl_s: float, token: str) -> None:
        """Put a value under a name, and end the token's claim."""
        keys, args = [PREFIX + name, LOCK + name], [value, _ms(ttl_s), token.encode()]
        _ask(lambda: self._save(keys=keys, args=args))

    def release(self, name: str, token: str) -> None:
        """End the token's claim."""
        _ask(lambda: self._release(keys=[LOCK + name], args=[token.encode()]))

    def probe(self) -> None:
        """Read a key, for a Redis that wants a password or still loads its data answers PING as well."""
        _ask(lambda: self._client.get(PREFIX + "probe"))

    def close(self) -> None:
        """Close the connections."""
        self._client.connection_pool.disconnect()


def _ms(seconds: float) -> bytes:
    return b"%d" % max(1, int(seconds * 1000))


def _ask(exchange: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever Redis answers
    try:
        return exchange()
    except redis.ResponseError as error:
        told = str(error)
        if "WRONGTYPE" in told:
            return None  # somebody else's value lies there; ours replaces it
        refused = isinstance(error, _REFUSALS) or any(word in told for word in _REFUSAL_WORDS)
        raise (SharedRefused if refused else SharedDown)(told) from error
    except Exception as error:
        # What the library makes of an answer that is no Redis' can be of any type.
        raise SharedDown(str(error) or type(error).__name__) from error
