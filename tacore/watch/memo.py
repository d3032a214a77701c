"""Answers shared by all who look at about the same time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")
MOST = 256
"""So many answers are kept; beyond it the oldest go."""


class Memo:
    """Keeps answers for a while, and has one question of a kind on its way at a time.

    Belongs to one event loop. Failures are not kept, but reach all who wait for the same.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._asked: dict[Hashable, asyncio.Task[Any]] = {}

    async def get(self, key: Hashable, max_age_s: float, ask: Callable[[], Awaitable[T]]) -> T:
        """Give an answer that is not older than that, asking where there is none."""
        kept = self._kept.get(key)
        if kept is not None and self._now() - kept[0] <= max_age_s:
            return cast("T", kept[1])
        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.ensure_future(self._ask(key, ask))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return cast("T", await asyncio.shield(task))

    def forget(self) -> None:
        """Forget every answer, because something was changed."""
        self._kept.clear()

    async def _ask(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            began = self._now()
            found = await ask()
            self._kept.pop(key, None)
            self._kept[key] = (began, found)
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
            return found
        finally:
            del self._asked[key]
