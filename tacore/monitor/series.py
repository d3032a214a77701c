"""What happened over time, and by method: from the journal's ten-second rollups."""

from enum import IntEnum
from typing import Annotated

from fastapi import APIRouter, Query

from tacore.errors import TacoreError
from tacore.monitor.shown import Method, Shown
from tacore.monitor.site import Here, Site
from tacore.store.rows import GaugeValue, Point
from tacore.watch import commands

router = APIRouter(tags=["figures"])
STEP_S = 10
DEPTH = "queue_depth"


class Span(IntEnum):
    """Seconds of a window."""

    TEN_SECONDS = 10
    FIVE_MINUTES = 300
    HOUR = 3600


class SeriesPoint(Shown):
    """Ten seconds that had answers."""

    start: int
    """When they began, in epoch seconds."""
    requests: int
    errors: int
    per_s: float
    error_rate: float
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


class QueuePoint(Shown):
    """How many requests waited in a pool, within ten seconds."""

    start: int
    pool: str
    depth: int
    """At their end."""
    most: int


class Series(Shown):
    """Points, oldest first; ten seconds without answers have none."""

    window_s: int
    points: list[SeriesPoint]
    queue: list[QueuePoint]


class MethodRow(Shown):
    """A method's figures over a window; times in milliseconds, percentiles within 6.25 %."""

    method: str
    requests: int
    errors: int
    per_s: float
    error_rate: float
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    mean_queue_ms: float
    command: str
    """The command line that shows the same."""
    summary: str | None
    """What it is for; this and the next two are null where the service can't be asked."""
    pool: str | None
    idempotent: bool | None


@router.get("/api/series")
async def series(
    site: Here,
    window_s: Annotated[int, Query(ge=10, le=86_400, description="So far back, in seconds.")] = 3600,
    method: Method = None,
) -> Series:
    """Show rate, errors and latency over time, and the queues' depth."""
    points = await site.watch.series(window_s, method)
    depths = await site.watch.gauges(window_s, DEPTH)
    return Series(
        window_s=window_s, points=[_point(each) for each in points], queue=[_queue(each) for each in depths]
    )


@router.get("/api/methods")
@router.get("/methods")
async def methods(
    site: Here,
    window_s: Annotated[Span, Query(description="Over so many seconds.")] = Span.FIVE_MINUTES,
) -> list[MethodRow]:
    """List the methods that were called within a window, busiest first."""
    known = await _known(site)
    rates = await site.watch.rates(window_s)
    return [
        MethodRow.model_validate(
            {
                **each._asdict(),
                "command": commands.of_method(each.method),
                **known.get(each.method, {"summary": None, "pool": None, "idempotent": None}),
            }
        )
        for each in rates
    ]


async def _known(site: Site) -> dict[str, dict[str, object]]:
    """Ask what the methods are for; the figures are shown without it, too."""
    try:
        told = await site.watch.ask("describe.methods", max_age_s=60.0)
    except TacoreError:
        return {}
    return {
        each["name"]: {name: each[name] for name in ("summary", "pool", "idempotent")}
        for each in told["methods"]
    }


def _point(point: Point) -> SeriesPoint:
    return SeriesPoint(
        start=point.start_s,
        requests=point.requests,
        errors=point.errors,
        per_s=point.requests / STEP_S,
        error_rate=point.errors / point.requests,
        mean_ms=round(point.mean_ms, 3),
        p50_ms=point.p50_ms,
        p95_ms=point.p95_ms,
        p99_ms=point.p99_ms,
    )


def _queue(gauge: GaugeValue) -> QueuePoint:
    return QueuePoint(
        start=gauge.start_s, pool=gauge.subject, depth=int(gauge.value), most=int(gauge.max_value)
    )
