"""What the cache asks of a level that several processes share."""

import re
from typing import Protocol

from tacore.logs.lines import mask_passwords

_PASSWORD = re.compile(r"(?<=[?&]password=)[^&]*")


class SharedDown(Exception):
    """The level did not answer as it should: leave it alone for a while."""


class SharedRefused(Exception):
    """The level answers, but takes nothing in: it is full, or may only be read."""


def shown(url: str) -> str:
    """Give a URL as people and logs may see it; a password may also stand among the options behind it."""
    return _PASSWORD.sub("***", mask_passwords(url))


class Shared(Protocol):
    """A level that processes share, on any number of hosts. Any thread may use it.

    Every operation raises SharedDown, those that write SharedRefused too, within a bounded time. Names are
    ``kind:key``.
    """

    address: str
    """Where it is, for people: without a password."""

    def load(self, name: str) -> bytes | None:
        """Give what lies under a name."""
        ...

    def claim(self, name: str, token: str, hold_s: float) -> bytes | bool:
        """Become the one who computes a name; True where that worked, False where somebody else is.

        Where a value lies there by now, give it instead. A claim ends by itself after ``hold_s``.
        """
        ...

    def save(self, name: str, value: bytes, ttl_s: float, token: str) -> None:
        """Put a value under a name, and end the claim if it is still the token's."""
        ...

    def release(self, name: str, token: str) -> None:
        """End the claim if it is still the token's."""
        ...

    def probe(self) -> None:
        """See whether it answers."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
