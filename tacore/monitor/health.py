"""Whether the service is well: /health for load balancers, /api/status for people and scripts."""

import time

from fastapi import APIRouter, Response

from tacore import __version__
from tacore.monitor.shown import Shown
from tacore.monitor.site import Here
from tacore.watch.views import Health

router = APIRouter(tags=["health"])
SERVICE = "tacore"
_ILL = ("unhealthy", "down")


class HealthBody(Shown):
    """How the service is, and why."""

    service_name: str
    status: str
    """healthy, degraded or unhealthy as the broker says; down where no broker answers."""
    reasons: list[str]
    """What keeps it from healthy; empty where nothing does."""
    version: str
    uptime_s: float
    """Seconds since the broker started; 0 while it is down."""
    trading: str | None
    """active, reducing or halted; null where nobody can tell."""
    paper: bool | None
    """False where an account trades real money; null where nobody can tell."""
    journal_error: str
    """Why the journal can't be read; empty where it can."""


class Live(Shown):
    """The monitor itself runs."""

    status: str
    version: str
    uptime_s: float
    """Seconds since the monitor started."""


class Status(Shown):
    """The service in a line."""

    service_name: str
    status: str
    """healthy, degraded, unhealthy or down."""
    uptime: float
    """Seconds since the broker started; 0 while it is down."""
    version: str
    timestamp: float
    """Now, in epoch seconds."""


@router.get("/health", response_model=HealthBody, responses={503: {"model": HealthBody}})
@router.get("/health/live", response_model=HealthBody, responses={503: {"model": HealthBody}})
async def health(site: Here, response: Response) -> HealthBody:
    """Tell how the service is; 503 where it is unhealthy or down."""
    seen = await site.watch.health()
    response.status_code = 503 if seen.status in _ILL else 200
    response.headers["Cache-Control"] = "no-store"
    return HealthBody(
        service_name=SERVICE,
        status=seen.status,
        reasons=seen.reasons,
        version=str(seen.detail.get("version", __version__)),
        uptime_s=uptime_s(seen),
        trading=seen.trading,
        paper=seen.paper,
        journal_error=seen.journal_error,
    )


@router.get("/live")
async def live(site: Here, response: Response) -> Live:
    """Tell that the monitor itself runs, whatever the service does."""
    response.headers["Cache-Control"] = "no-store"
    return Live(status="alive", version=__version__, uptime_s=round(time.time() - site.started, 3))


@router.get("/api/status")
@router.get("/status")
async def status(site: Here) -> Status:
    """Tell how the service is, in a line; always 200."""
    seen = await site.watch.health()
    return Status(
        service_name=SERVICE,
        status=seen.status,
        uptime=uptime_s(seen),
        version=str(seen.detail.get("version", __version__)),
        timestamp=time.time(),
    )


def uptime_s(seen: Health) -> float:
    """Give the broker's age; 0 while it is down."""
    return float(seen.detail.get("uptime_s", 0.0))
