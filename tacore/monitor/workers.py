"""The workers, each with what can be done about it."""

from datetime import UTC, datetime

from fastapi import APIRouter

from tacore.monitor.shown import Shown
from tacore.monitor.site import Here, Site
from tacore.watch import commands
from tacore.watch.views import WorkerView

router = APIRouter(tags=["workers"])


class WorkerCommands(Shown):
    """The command lines that do the same."""

    restart: str
    drain: str


class WorkerRow(Shown):
    """A worker as the broker sees it, else its last word in the journal."""

    worker_id: str
    status: str
    """ready, busy or draining; dead where only the journal remembers it."""
    processed_requests: int
    last_seen: str
    """Its last sign of life, ISO 8601 UTC."""
    last_seen_s: float
    """The age of that sign, in seconds."""
    pool: str
    pid: int
    host: str
    in_flight: int
    uptime_s: float
    version: str
    cpu: float | None
    """Share of one core since the look before; null at the first."""
    rss_mb: float
    """Memory in 10⁶ bytes."""
    supervisor: str | None
    live: bool
    """Whether the broker lists it."""
    commands: WorkerCommands


@router.get("/api/workers")
@router.get("/workers")
async def workers(site: Here) -> list[WorkerRow]:
    """List the workers, and those that died and that the journal remembers."""
    return await rows(site)


async def rows(site: Site) -> list[WorkerRow]:
    """Give them all."""
    now_s = datetime.now(UTC).timestamp()
    return [row(each, now_s) for each in await site.watch.workers()]


def row(seen: WorkerView, now_s: float) -> WorkerRow:
    """Show a worker."""
    moment = datetime.fromtimestamp(now_s - seen.last_seen_s, UTC)
    return WorkerRow(
        worker_id=seen.worker_id,
        status=seen.state,
        processed_requests=seen.processed,
        last_seen=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        last_seen_s=seen.last_seen_s,
        pool=seen.pool,
        pid=seen.pid,
        host=seen.host,
        in_flight=seen.in_flight,
        uptime_s=seen.uptime_s,
        version=seen.version,
        cpu=None if seen.cpu is None else round(seen.cpu, 4),
        rss_mb=seen.rss_mb,
        supervisor=seen.supervisor,
        live=seen.live,
        commands=WorkerCommands(
            restart=commands.restart(seen.worker_id), drain=commands.drain(seen.worker_id)
        ),
    )
