"""The service's figures: as JSON, or in Prometheus' format when the Accept header asks for it."""

from fastapi import APIRouter, Request, Response

from tacore.monitor import job_figures, prometheus
from tacore.monitor.shown import Shown
from tacore.monitor.site import Here, Site

router = APIRouter(tags=["figures"])
MINUTE_S = 60
PROMETHEUS = ("text/plain", "application/openmetrics-text")


class Metrics(Shown):
    """Totals since the journal was made."""

    total_requests: int
    successful_requests: int
    failed_requests: int
    average_response_time: float
    """Milliseconds a worker, or the broker, took."""
    requests_per_minute: float
    """Over the last minute."""
    active_workers: int
    jobs: dict[str, int] | None
    """Agent jobs that are kept, by state; null where no job manager answers."""


@router.get("/api/metrics")
async def api_metrics(site: Here) -> Metrics:
    """Show the figures."""
    return await figures(site)


@router.get(
    "/metrics",
    response_model=Metrics,
    responses={200: {"content": {kind: {"schema": {"type": "string"}} for kind in PROMETHEUS}}},
)
async def metrics(site: Here, request: Request) -> Response:
    """Show the figures; Accept: text/plain or application/openmetrics-text asks for Prometheus' format."""
    accept = request.headers.get("accept", "")
    if any(kind in accept for kind in PROMETHEUS):
        return await prometheus.answer(site, accept)
    return Response((await figures(site)).model_dump_json(), media_type="application/json")


async def figures(site: Site) -> Metrics:
    """Take them from the journal."""
    totals = await site.watch.totals()
    count = sum(each.requests for each in totals)
    failed = sum(each.requests for each in totals if each.code is not None)
    took_ms = sum(each.mean_ms * each.requests for each in totals)
    minute = await site.watch.window(MINUTE_S)
    return Metrics(
        total_requests=count,
        successful_requests=count - failed,
        failed_requests=failed,
        average_response_time=round(took_ms / count, 3) if count else 0.0,
        requests_per_minute=round(minute.total.per_s * MINUTE_S, 1),
        active_workers=sum(each.live for each in await site.watch.workers()),
        jobs=None if (seen := await job_figures.look(site.watch)) is None else dict(seen.counts),
    )
