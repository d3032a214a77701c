"""Requests of the journal: lists, paged by id, and each in full."""

import time
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Path, Query, Response

from tacore.errors import NotFound
from tacore.monitor.request_rows import RequestFull, RequestRow, RequestStory, brief, full
from tacore.monitor.shown import MOMENT, Given, Method, Moment, exact
from tacore.monitor.site import Here
from tacore.store.moments import moment_us
from tacore.store.rows import Filters, LogRow
from tacore.watch import filters as filter_line
from tacore.watch.watch import Watch

router = APIRouter(tags=["requests"])
PATIENCE_S = 0.015
"""So long a list is looked for; what was not looked at yet is told by X-Done and X-Next-Before."""
STEP = 20_000
"""So many ids are looked at before the time is looked at."""
ALL = 1 << 62
_LARGEST = (1 << 63) - 1
MOST_OFFSET = 10_000
Worker = Annotated[str | None, Given, Query(description="Only of this worker; broker for the broker's own.")]
Since = Annotated[
    Moment,
    Query(description="Answered since: 2024-01-31T09:30Z or an age: 5m.", json_schema_extra=MOMENT),
]
Until = Annotated[Moment, Query(description="Answered before: as since.", json_schema_extra=MOMENT)]
RequestId = Annotated[str | None, Given, Query(description="Only of this id.")]
Text = Annotated[str | None, Given, Query(description="Only with this in params, answer or error.")]
Id = Annotated[int | None, Query(ge=0, le=_LARGEST)]
_HEADERS = {
    "X-Next-Before": {"description": "before= of the next older page", "schema": {"type": "integer"}},
    "X-Next-After": {"description": "after= that gives what comes later", "schema": {"type": "integer"}},
    "X-Done": {
        "description": "true where there is nothing more at present in this direction",
        "schema": {"type": "boolean"},
    },
}


class Listed(NamedTuple):
    """A page of rows, newest first, and where to look on."""

    rows: list[LogRow]
    next_before: int
    next_after: int
    done: bool


class Wanted(NamedTuple):
    """Which page; ids are those of rows."""

    filters: Filters
    limit: int
    offset: int = 0
    before: int | None = None
    after: int | None = None


@router.get("/api/requests", response_model=list[RequestRow], responses={200: {"headers": _HEADERS}})
@router.get("/logs", response_model=list[RequestRow], responses={200: {"headers": _HEADERS}})
async def requests(  # noqa: PLR0913, PLR0917 - the contract's parameters
    site: Here,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many rows.")] = 100,
    offset: Annotated[int, Query(ge=0, le=MOST_OFFSET, description="Leave out so many; prefer before.")] = 0,
    method: Method = None,
    status: Annotated[Literal["success", "error"] | None, Query(description="Only these.")] = None,
    level: Annotated[
        Literal["INFO", "ERROR"] | None, Query(description="INFO: success; ERROR: error.")
    ] = None,
    worker: Worker = None,
    since: Since = None,
    until: Until = None,
    request_id: RequestId = None,
    text: Text = None,
    q: Annotated[str, Query(description="A filter line: method:scan.market status:error AAPL.")] = "",
    before: Annotated[Id, Query(description="Only rows older than this id.")] = None,
    after: Annotated[
        Id, Query(description="Only rows newer than this id; the oldest of them first page.")
    ] = None,
    watchers: Annotated[bool, Query(description="Also what screens like this one ask.")] = False,
) -> Response:
    """List requests, newest first, paged by id.

    Ids count up without gaps, so that pages neither repeat nor miss a row while others arrive. A page that
    is not full may not be the last one: rare rows are looked for a piece at a time, and X-Done tells.
    """
    now_s = time.time()
    given: dict[str, Any] = {
        "method": method,
        "status": _status(status, level),
        "worker": worker,
        "request_id": request_id,
    }
    given |= {"text": text, "since_us": _moment("since", since, now_s)}
    given |= {"until_us": _moment("until", until, now_s), "watchers": watchers or None}
    line = filter_line.parse(q, now_s)
    filters = line._replace(**{name: each for name, each in given.items() if each is not None})
    if status is not None and level is not None and _status(None, level) != status:
        page = Listed([], 0, after or 0, True)  # no row is both
    else:
        page = await find(site.watch, Wanted(filters, limit, offset, before, after))
    answer = exact([brief(each) for each in page.rows])
    answer.headers["X-Next-Before"] = str(page.next_before)
    answer.headers["X-Next-After"] = str(page.next_after)
    answer.headers["X-Done"] = "true" if page.done else "false"
    return answer


@router.get("/api/requests/{request_id}", response_model=RequestStory)
async def request(
    site: Here, request_id: Annotated[str, Path(description="As the client sent it.", min_length=1)]
) -> Response:
    """Show the newest request of an id in full, and the others of that id."""
    rows = await site.watch.by_request_id(request_id)
    if not rows:
        raise NotFound(f"no request has the id {request_id!r}", details={"request_id": request_id})
    return exact(full(rows[0]) | {"others": [brief(each) for each in rows[1:]]})


@router.get("/api/rows/{row_id}", response_model=RequestFull)
async def row(site: Here, row_id: Annotated[int, Path(ge=1, le=_LARGEST)]) -> Response:
    """Show a request in full."""
    return exact(full(await site.watch.row(row_id)))


async def find(watch: Watch, wanted: Wanted) -> Listed:
    """Look for a page, for a limited time."""
    floor = wanted.after or 0
    if wanted.after is not None and wanted.before is None:
        return await _newer(watch, wanted, wanted.after)
    newest, _ = await watch.read(lambda reader: reader.newest())
    at = newest + 1 if wanted.before is None else min(wanted.before, newest + 1)
    if wanted.offset:
        start = at
        at = await watch.read(lambda reader: reader.skip(start, wanted.offset, wanted.filters))
    rows: list[LogRow] = []
    until = time.monotonic() + PATIENCE_S
    while True:
        scan = max(0, min(_scan(wanted.filters), at - 1 - floor))
        page = await watch.before(at, wanted.limit - len(rows), wanted.filters, max_scan=scan)
        rows += page.rows
        at = page.next_id
        done = page.done or at <= floor + 1
        if done or len(rows) >= wanted.limit or time.monotonic() >= until:
            break
    return Listed(rows, at, newest if wanted.before is None else max(0, wanted.before - 1), done)


async def _newer(watch: Watch, wanted: Wanted, at: int) -> Listed:
    rows: list[LogRow] = []
    until = time.monotonic() + PATIENCE_S
    while True:
        page = await watch.since(at, wanted.limit - len(rows), wanted.filters, max_scan=_scan(wanted.filters))
        rows += page.rows
        at = page.next_id
        if page.done or len(rows) >= wanted.limit or time.monotonic() >= until:
            break
    rows = rows[wanted.offset :] if wanted.offset else rows
    return Listed(rows[::-1], (wanted.after or 0) + 1, at, page.done)


def _scan(filters: Filters) -> int:
    """Look at all ids at once where an id is looked for, which does not go by rows."""
    return ALL if filters.request_id is not None else STEP


def _status(status: str | None, level: str | None) -> str | None:
    return status or {None: None, "INFO": "success", "ERROR": "error"}[level]


def _moment(name: str, text: str | None, now_s: float) -> int | None:
    return moment_us(name, text, now_s) if text else None
