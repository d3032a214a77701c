"""Server-sent events: requests as they are answered, and overview and workers when they change."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from tacore.errors import Overloaded, TacoreError, bad_param
from tacore.monitor import overview, workers
from tacore.monitor.request_rows import brief
from tacore.monitor.site import Here, Site
from tacore.store.rows import Filters
from tacore.watch import filters as filter_line
from tacore.watch.tail import Tail

router = APIRouter(tags=["events"])
STREAMS = ("requests", "overview", "workers")
MOST_STREAMS = 64
LOOK_S = 0.25
STATE_S = 1.0
HEARTBEAT_S = 15.0
PAGE = 100
"""Rows that one event carries at most; at more than three times as many a look, the others are skipped."""
_LARGEST = (1 << 63) - 1
Event = tuple[str, Any, int | None]


@router.get("/api/events", include_in_schema=False)  # OpenAPI has no word for an answer that never ends
async def events(
    site: Here,
    streams: Annotated[str, Query(description="Which, separated by commas.")] = "requests,overview,workers",
    q: Annotated[str, Query(description="A filter line for the requests.")] = "",
    after: Annotated[
        int | None, Query(ge=0, le=_LARGEST, description="Only requests after this row.")
    ] = None,
    last_event_id: Annotated[str | None, Header(description="Resumes after this row.")] = None,
) -> StreamingResponse:
    """Follow the service.

    `requests` has {rows, skipped}, and as its id the row to resume after; `overview` and `workers` have what
    /api/overview and /api/workers show, sent when it has changed, at most each second. What can't be had at
    present is left out until it can.
    """
    chosen = _chosen(streams)
    filters = filter_line.parse(q, time.time())
    resumed = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
    if site.streams >= MOST_STREAMS:
        raise Overloaded(f"{MOST_STREAMS} streams are open already", details={"retry_after_ms": 5000})
    return StreamingResponse(
        _written(site, chosen, filters, None if resumed is None else min(resumed, _LARGEST)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _written(
    site: Site, chosen: frozenset[str], filters: Filters, after: int | None
) -> AsyncIterator[str]:
    site.streams += 1
    try:
        yield "retry: 1000\n\n"
        async for event in _events(site, chosen, filters, after):
            yield _spell(event)
    finally:
        site.streams -= 1


async def _events(
    site: Site, chosen: frozenset[str], filters: Filters, after: int | None
) -> AsyncIterator[Event | None]:
    """Give what is new; None now and then where nothing is."""
    requests = _Requests(site, filters, after)
    states = [_State("overview", lambda: overview.look(site)), _State("workers", lambda: workers.rows(site))]
    states = [each for each in states if each.name in chosen]
    look_at = spoke = time.monotonic()
    while not site.closing.is_set():
        found = [await requests.look()] if "requests" in chosen else []
        if time.monotonic() >= look_at:
            look_at = time.monotonic() + STATE_S
            found += [await each.look() for each in states]
        for event in filter(None, found):
            spoke = time.monotonic()
            yield event
        if time.monotonic() - spoke >= HEARTBEAT_S:
            spoke = time.monotonic()
            yield None
        await _pause(site.closing)


class _Requests:
    """The journal's new rows."""

    def __init__(self, site: Site, filters: Filters, after: int | None) -> None:
        self._tail = Tail(site.watch, filters, page=PAGE)
        self._after = after
        self._begun = False

    async def look(self) -> Event | None:
        """Give an event where there is something new, and as the first one."""
        try:
            if not self._begun:
                rows, skipped = await self._tail.begin(self._after, PAGE), 0
            else:
                rows, skipped = await self._tail.look()
        except TacoreError:  # no journal at present: the overview says why
            return None
        first, self._begun = not self._begun, True
        if not (rows or skipped or first):
            return None
        return "requests", {"rows": [brief(each) for each in rows], "skipped": skipped}, self._tail.at


class _State:
    """Something that is told when it has changed."""

    def __init__(self, name: str, ask: Callable[[], Awaitable[Any]]) -> None:
        self.name = name
        self._ask = ask
        self._told: object = None

    async def look(self) -> Event | None:
        """Give an event where it is not what was told last."""
        try:
            found = await self._ask()
        except TacoreError:  # neither broker nor journal: the overview says so
            return None
        shown = [each.model_dump() for each in found] if isinstance(found, list) else found.model_dump()
        if shown == self._told:
            return None
        self._told = shown
        return self.name, shown, None


def _chosen(streams: str) -> frozenset[str]:
    chosen = frozenset(filter(None, (each.strip() for each in streams.split(","))))
    for each in sorted(chosen - set(STREAMS)):
        raise bad_param("streams", "there is no such stream", value=each, allowed=STREAMS, near=each)
    if not chosen:
        raise bad_param("streams", "needs one at least", value=streams, allowed=STREAMS)
    return chosen


def _spell(event: Event | None) -> str:
    if event is None:
        return ":\n\n"
    name, data, id_ = event
    numbered = "" if id_ is None else f"id: {id_}\n"
    return f"event: {name}\n{numbered}data: {json.dumps(data, separators=(',', ':'), ensure_ascii=False)}\n\n"


async def _pause(closing: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(closing.wait(), LOOK_S)
    except TimeoutError:
        return
