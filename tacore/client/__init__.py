"""Lazy Pirate clients, sync and async.

Imports stay few, for command lines start with them: AsyncClient (and asyncio) load when first asked for.
"""

from typing import TYPE_CHECKING

from tacore.client.course import Mapped, Policy
from tacore.client.envelope import Attempt, Reply
from tacore.client.sync import Client

if TYPE_CHECKING:
    from tacore.client.aio import AsyncClient

__all__ = ["AsyncClient", "Attempt", "Client", "Mapped", "Policy", "Reply"]


def __getattr__(name: str) -> type:
    if name == "AsyncClient":
        from tacore.client.aio import AsyncClient  # noqa: PLC0415  asyncio would double a command's start

        return AsyncClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
