"""The whole service at a glance: what a screen shows first, in one answer."""

import time
from collections import Counter
from typing import Any, Literal

from fastapi import APIRouter

from tacore import __version__
from tacore.errors import TacoreError
from tacore.monitor.health import uptime_s
from tacore.monitor.shown import Shown
from tacore.monitor.site import Here, Site
from tacore.store.rows import MethodRate
from tacore.watch import commands
from tacore.watch.views import Health

router = APIRouter(tags=["overview"])
WINDOWS_S = (10, 300, 3600)
STATES = ("ready", "busy", "draining", "dead")
_LISTS = ("workers", "supervisors")


class HealthNow(Shown):
    """How the service is."""

    status: Literal["healthy", "degraded", "unhealthy", "down"]
    reasons: list[str]
    since: float | None
    """When the broker last answered, in epoch seconds; null before the first time."""
    journal: str
    """Where the journal is; empty while nobody knows."""
    journal_error: str
    """Why it can't be read; empty where it can."""
    journal_lag_s: float | None
    """Age of the journal's newest sign of life in seconds; null where it can't be read."""


class Trading(Shown):
    """Whether orders are taken."""

    state: str | None
    """active, reducing, halted; null where nobody can tell."""
    reason: str


class WindowRates(Shown):
    """What was answered over a window."""

    requests: int
    per_s: float
    errors: int
    error_rate: float
    """From 0 to 1."""
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Supervisor(Shown):
    """Who keeps workers up."""

    supervisor: str
    pool: str
    host: str
    wanted: int
    restarts: int
    gave_up: list[str]
    """Workers it starts no more, for they died too often."""


class Overview(Shown):
    """The service at a glance; while the broker is down, what the journal still tells."""

    health: HealthNow
    trading: Trading
    paper: bool | None
    """False where an account trades real money; null where nobody can tell."""
    live_accounts: list[str]
    """Accounts that the configuration has trade real money."""
    version: str
    endpoint: str
    home: str
    environment: str
    uptime_s: float
    trust_network: str
    """Not empty where the service trusts everyone in its network."""
    now: float
    """Epoch seconds."""
    windows: dict[str, WindowRates]
    """By their seconds, as texts: 10, 300, 3600; empty where the journal can't be read."""
    queue_depth: int
    in_flight: int
    workers: dict[str, int]
    """Workers by state: ready, busy, draining, dead."""
    supervisors: list[Supervisor]
    components: dict[str, dict[str, Any]]
    """Each part's own report, without the lists of workers; empty while the broker is down."""
    actions: bool
    """Whether this monitor may act."""
    commands: dict[str, str]
    """Command lines for the service as a whole."""


@router.get("/api/overview")
async def overview(site: Here) -> Overview:
    """Tell how everything is; always 200, for a screen must be able to say that the service is down."""
    return await look(site)


async def look(site: Site) -> Overview:
    """Put it together."""
    seen = await site.watch.health()
    parts: dict[str, dict[str, Any]] = seen.detail.get("components", {})
    pools = parts.get("queues", {}).get("pools", {})
    about = site.about
    return Overview(
        health=_health(seen),
        trading=Trading(state=seen.trading, reason=seen.trading_reason),
        paper=seen.paper,
        live_accounts=list(about.live_accounts),
        version=str(seen.detail.get("version", __version__)),
        endpoint=site.watch.endpoint,
        home=str(seen.detail.get("home", about.home)),
        environment=str(seen.detail.get("environment", about.environment)),
        uptime_s=uptime_s(seen),
        trust_network=about.trust_network,
        now=time.time(),
        windows=await _windows(site),
        queue_depth=sum(each["queued"] for each in pools.values()),
        in_flight=int(seen.detail.get("in_flight", 0)),
        workers=await _states(site),
        supervisors=[Supervisor.model_validate(each) for each in _supervisors(parts)],
        components={name: _short(part) for name, part in parts.items()},
        actions=about.acts,
        commands=_commands(seen),
    )


def _health(seen: Health) -> HealthNow:
    return HealthNow.model_validate(
        {
            "status": seen.status,
            "reasons": seen.reasons,
            "since": seen.since_s,
            "journal": seen.journal,
            "journal_error": seen.journal_error,
            "journal_lag_s": None if seen.journal_lag_s is None else round(seen.journal_lag_s, 3),
        }
    )


async def _windows(site: Site) -> dict[str, WindowRates]:
    try:
        return {str(each): _rates((await site.watch.window(each)).total) for each in WINDOWS_S}
    except TacoreError:  # health says why
        return {}


def _rates(total: MethodRate) -> WindowRates:
    return WindowRates(
        requests=total.requests,
        per_s=round(total.per_s, 3),
        errors=total.errors,
        error_rate=round(total.error_rate, 6),
        p50_ms=total.p50_ms,
        p95_ms=total.p95_ms,
        p99_ms=total.p99_ms,
    )


async def _states(site: Site) -> dict[str, int]:
    try:
        counted = Counter(each.state for each in await site.watch.workers())
    except TacoreError:  # neither broker nor journal knows any
        counted = Counter()
    return {state: counted[state] for state in STATES}


def _supervisors(parts: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = parts.get("workers", {}).get("supervisors", [])
    return told


def _short(part: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in part.items() if name not in _LISTS}


def _commands(seen: Health) -> dict[str, str]:
    if not seen.up:
        return {"up": "tacore up", "health": "tacore broker status --detailed"}
    halted = seen.trading in ("halted", "reducing")
    acting = {"resume": commands.trading("active")} if halted else {"halt": commands.trading("halted")}
    return {"health": "tacore broker status --detailed", "ps": "tacore ps", "logs": commands.logs(), **acting}
