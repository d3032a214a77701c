"""list.jobs: agent jobs, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tacore.jobs import asking
from tacore.jobs.views import JobView, view_job
from tacore.market.asking import listed, moment
from tacore.market.hours import HOURS
from tacore.market.symbols import canonical, market_of
from tacore.model.jobs import Engine, Job, JobState
from tacore.ports import Context, Later, Method
from tacore.ports.jobs import JobFilter


class Params(msgspec.Struct, kw_only=True):
    """Which jobs."""

    state: Annotated[list[JobState], Meta(description="One or more of their states")] = []
    symbol: Annotated[str | None, Meta(description="Only of this symbol")] = None
    market: Annotated[str | None, Meta(description="The symbol's market; left out: by its shape")] = None
    engine: Annotated[Engine | None, Meta(description="Only of this engine")] = None
    since: Annotated[str | None, Meta(description="Only made since: 2013-02-28, or 2013-02-28T21:00:00Z")] = (
        None
    )
    before_id: Annotated[str | None, Meta(description="Only older than this job_id: the next page")] = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="At most so many")] = 100


class Result(msgspec.Struct, kw_only=True):
    """Jobs, newest first; ``counts`` are of all jobs by state, whatever was asked for."""

    jobs: list[JobView]
    counts: dict[JobState, int]
    next_before_id: str | None = None
    warnings: list[str] = []


def normalise(params: dict[str, Any]) -> dict[str, Any]:
    """Accept one state for a list of one."""
    given = dict(params)
    if "state" in given:
        given["state"] = listed(given["state"])
    if given.get("engine") is not None:
        given["engine"] = asking.engine_word(given["engine"])
    return given


def list_jobs(params: Params, context: Context) -> Later[Result]:
    """List them."""
    desk = asking.desk_of(context)
    only = JobFilter(
        states=tuple(dict.fromkeys(params.state)),
        symbol=_symbol(params, context),
        engine=params.engine,
        since_us=_since_us(params.since),
        before_id=params.before_id,
        limit=params.limit,
    )

    def shown(jobs: Sequence[Job]) -> Result:
        now_us = context.clock.wall_us()
        more = len(jobs) == params.limit
        return Result(
            jobs=[view_job(each, now_us) for each in jobs],
            counts=dict(desk.counts()),
            next_before_id=jobs[-1].job_id if more else None,
        )

    return desk.jobs(only).map(shown)


def _symbol(params: Params, context: Context) -> str | None:
    if params.symbol is None:
        return None
    market = context.ports.market.market(params.market) if params.market else market_of(params.symbol)
    return canonical(params.symbol, market or "US")


def _since_us(since: str | None) -> int | None:
    found: datetime | None = moment("since", since, HOURS["SIM"])
    return None if found is None else round(found.timestamp() * 1_000_000)


METHOD = Method(
    name="list.jobs",
    handler=list_jobs,
    params=Params,
    result=Result,
    summary="List agent jobs, newest first, and count them by state",
    pool="agents",
    normalise=normalise,
    renames={"states": "state", "status": "state", "market_type": "market"},
    examples=({"state": ["running", "queued"]}, {"symbol": "AAPL", "limit": 10}),
)
