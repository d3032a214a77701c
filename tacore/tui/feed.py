"""Looks at the service again and again, and gives what it saw as snapshots. Knows nothing of a terminal."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tacore.errors import TacoreError
from tacore.store.rows import Filters, LogRow
from tacore.tui import past
from tacore.tui.snapshot import TREND_S, Snapshot
from tacore.watch.tail import PAGE, Tail
from tacore.watch.views import Fresh
from tacore.watch.watch import Watch

T = TypeVar("T")
Publish = Callable[[Snapshot], None]
PULSE_S, TAIL_S, ORDERS_S, JOBS_S = 1.0, 0.3, 1.0, 1.0
FIRST = 200
"""So many requests are there at the beginning, and come with each look at older ones."""
KEPT = 1000
"""So many of the newest are kept while they are followed."""
MOST_ORDERS = 200
MOST_JOBS = 100
OWN = Filters(watchers=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a screen wants to see; ``at_s`` is a past moment (epoch seconds), None is now."""

    window_s: int = 300
    filters: Filters = OWN
    orders: bool = False
    jobs: bool = False
    at_s: float | None = None


class Feed:
    """Publishes a snapshot whenever a part of it was looked at.

    Parts are looked at apart, each at its own pace: a slow one holds no other up, and none holds the caller.
    A part that fails says why in the snapshot and is tried again.
    """

    def __init__(
        self, watch: Watch, wanted: Wanted | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.wanted = wanted or Wanted()
        self._watch = watch
        self._clock = clock
        self._publish: Publish = lambda _: None
        self._wake = {name: asyncio.Event() for name in ("pulse", "tail", "orders", "jobs")}
        self._tail: Tail | None = None
        self._oldest = 0
        self.snapshot = Snapshot(clock(), watch.endpoint, window_s=self.wanted.window_s)

    def want(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Wanted
        """Change what is wanted; what it concerns is looked at at once."""
        before, self.wanted = self.wanted, replace(self.wanted, **changes)
        if before == self.wanted:
            return
        if (before.at_s, before.filters) != (self.wanted.at_s, self.wanted.filters):
            self._tail = None
        self.look()

    def look(self) -> None:
        """Look at everything at once, because something was changed."""
        for each in self._wake.values():
            each.set()

    async def run(self, publish: Publish) -> None:
        """Publish snapshots until cancelled."""
        self._publish = publish
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again("pulse", PULSE_S, self._pulse))
            group.create_task(self._again("tail", TAIL_S, self._requests))
            group.create_task(self._again("orders", ORDERS_S, self._orders))
            group.create_task(self._again("jobs", JOBS_S, self._jobs))

    async def once(self) -> Snapshot:
        """Look at everything that is wanted, once."""
        await asyncio.gather(self._pulse(), self._requests(), self._orders(), self._jobs())
        return self.snapshot

    async def older(self) -> None:
        """Look at another page of older requests."""
        tail = self._tail
        if tail is None or not self.snapshot.more:
            return
        page, problem = await _tried(self._watch.before(self._oldest, FIRST, self._filters()))
        if tail is not self._tail:
            return
        if page is None:
            self._say(requests_error=problem)
        else:
            self._oldest = page.next_id
            self._say(requests=(*self.snapshot.requests, *page.rows), more=not page.done)

    # -- its loops -----------------------------------------------------------------------------------

    async def _again(self, name: str, every_s: float, look: Callable[[], Awaitable[None]]) -> None:
        """Look, and again after a while or when something else is wanted; a past moment does not change."""
        wake = self._wake[name]
        while True:
            wake.clear()
            await look()
            patience = None if self.wanted.at_s is not None and not self._searching() else every_s
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), patience)

    async def _pulse(self) -> None:
        wanted = self.wanted
        looks = self._of_then(wanted.at_s) if wanted.at_s is not None else self._of_now()
        span_s = max(wanted.window_s, TREND_S)
        health_and_workers, rates, points = await asyncio.gather(
            looks,
            _tried(self._watch.rates(wanted.window_s, wanted.at_s)),
            _tried(self._watch.series(span_s, now_s=wanted.at_s)),
        )
        if wanted is self.wanted or (wanted.at_s, wanted.window_s) == (
            self.wanted.at_s,
            self.wanted.window_s,
        ):
            self._say(
                **health_and_workers,
                window_s=wanted.window_s,
                rates=tuple(rates[0] or ()),
                points=tuple(points[0] or ()),
                rates_error=rates[1] or points[1],
            )

    async def _of_now(self) -> dict[str, Any]:
        health, (workers, problem) = await asyncio.gather(self._watch.health(), _tried(self._watch.workers()))
        return {"health": health, "workers": tuple(workers or ()), "workers_error": problem}

    async def _of_then(self, at_s: float) -> dict[str, Any]:
        workers, problem = await _tried(past.workers(self._watch, at_s))
        return {"health": None, "workers": tuple(workers or ()), "workers_error": problem}

    async def _requests(self) -> None:
        if self._tail is None:
            await self._begin()
        elif self.wanted.at_s is None:
            await self._follow(self._tail)
        if self._searching():
            await self.older()

    async def _begin(self) -> None:
        """Look at the newest page; what follows it the tail brings."""
        wanted = self.wanted
        tail = Tail(self._watch, wanted.filters)
        newest, problem = await _tried(self._watch.read(lambda reader: reader.newest()[0]))
        page = None
        if newest is not None:
            page, problem = await _tried(self._watch.before(newest + 1, FIRST, self._filters()))
        if (wanted.at_s, wanted.filters) != (self.wanted.at_s, self.wanted.filters):
            return
        if newest is None or page is None:
            self._say(requests=(), requests_error=problem, more=False, skipped=0)
            return
        fresh: Sequence[LogRow] = () if wanted.at_s is not None else await tail.begin(newest)
        self._tail, self._oldest = tail, page.next_id
        rows = (*reversed(fresh), *page.rows)
        self._say(requests=rows, requests_error="", more=not page.done, skipped=0)

    async def _follow(self, tail: Tail) -> None:
        """Look at what came, on and on while whole pages come, so as not to fall behind."""
        more = True
        while more and tail is self._tail:
            fresh, problem = await _tried(tail.look())
            more = fresh is not None and len(fresh.rows) >= PAGE and not fresh.skipped
            if tail is self._tail:
                self._take(fresh, problem)

    def _take(self, fresh: Fresh | None, problem: str) -> None:
        if fresh is None:
            self._say(requests_error=problem)
        elif fresh.rows or fresh.skipped or self.snapshot.requests_error:
            self._say(requests_error="", **self._with(fresh))

    def _with(self, fresh: Fresh) -> dict[str, Any]:
        """Put new rows above those that are there, and let the oldest go."""
        known = self.snapshot.requests
        if fresh.rows and known and fresh.rows[-1].id <= known[0].id:  # another journal
            known = ()
        rows = (*reversed(fresh.rows), *known)
        if len(rows) <= KEPT:
            return {"requests": rows, "skipped": self.snapshot.skipped + fresh.skipped}
        self._oldest = rows[KEPT - 1].id
        return {
            "requests": rows[:KEPT],
            "skipped": self.snapshot.skipped + fresh.skipped,
            "more": True,
        }

    async def _orders(self) -> None:
        if not self.wanted.orders:
            return
        if self.wanted.at_s is not None:
            self._say(orders=(), orders_error=past.NO_ORDERS)
            return
        asked = {"limit": MOST_ORDERS}
        found, problem = await _tried(self._watch.ask("list.orders", asked, max_age_s=ORDERS_S / 2))
        orders = self.snapshot.orders if found is None else tuple(found["orders"])
        self._say(orders=orders, orders_error=problem)

    async def _jobs(self) -> None:
        if not self.wanted.jobs:
            return
        if self.wanted.at_s is not None:
            self._say(jobs=(), jobs_error=past.NO_JOBS)
            return
        found, problem = await _tried(self._watch.jobs({"limit": MOST_JOBS}, max_age_s=JOBS_S / 2))
        if found is None:
            self._say(jobs_error=problem)
        else:
            self._say(jobs=tuple(found["jobs"]), jobs_error="", job_counts=found["counts"])

    def _searching(self) -> bool:
        """Tell whether a filter has found less than a page, and there is more to look through."""
        return self.snapshot.more and len(self.snapshot.requests) < FIRST

    def _filters(self) -> Filters:
        """Give the filters, with nothing later than the moment that is looked at."""
        filters, at_s = self.wanted.filters, self.wanted.at_s
        if at_s is None:
            return filters
        at_us = int(at_s * 1e6)
        return filters._replace(until_us=min(at_us, filters.until_us or at_us))

    def _say(self, **parts: Any) -> None:  # noqa: ANN401 - fields of Snapshot
        at_s = self.wanted.at_s
        now_s = self._clock() if at_s is None else at_s
        self.snapshot = replace(self.snapshot, at_s=now_s, past=at_s is not None, **parts)
        self._publish(self.snapshot)


async def _tried(look: Awaitable[T]) -> tuple[T | None, str]:
    """Give what was seen, or None and why not."""
    try:
        return await look, ""
    except TacoreError as error:
        return None, error.message
