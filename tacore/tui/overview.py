"""A snapshot as plain data, for scripts: the whole service in one object."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tacore.tui import headline
from tacore.tui.past import UNKNOWN
from tacore.tui.snapshot import Snapshot, trend
from tacore.watch.views import WorkerView


def overview(snapshot: Snapshot) -> dict[str, Any]:
    """Give health, rates, workers and methods; what nobody can tell is None.

    ``rate_per_s``, ``p95_ms`` and ``error_rate`` (0 to 1) are those of the last ten seconds, the figures of
    ``methods`` those of the window. Agent jobs are there where they were asked for.
    """
    health, now = snapshot.health, trend(snapshot)
    asked = snapshot.job_counts is not None or snapshot.jobs_error
    jobs = {
        "jobs": [_job(each) for each in snapshot.jobs],
        "job_counts": snapshot.job_counts,
        "jobs_error": snapshot.jobs_error,
    }
    return {
        "status": UNKNOWN if health is None else health.status,
        "reasons": [] if health is None else health.reasons,
        "at": _iso(snapshot.at_s),
        "endpoint": snapshot.endpoint,
        "paper": None if health is None else health.paper,
        "trading": None if health is None else health.trading,
        "uptime_s": None if health is None else health.detail.get("uptime_s"),
        "lag_s": None if health is None else _rounded(headline.lag_s(health)),
        "queued": None if health is None or not health.up else headline.queued(health),
        "rate_per_s": _rounded(now.rate[-1]),
        "p95_ms": _rounded(now.p95_ms[-1]),
        "error_rate": _rounded(now.errors[-1], 6),
        "window_s": snapshot.window_s,
        "journal_error": snapshot.rates_error,
        "workers": [_worker(each) for each in snapshot.workers],
        "methods": [
            {name: _rounded(value, 6) for name, value in each._asdict().items()} for each in snapshot.rates
        ],
        **(jobs if asked else {}),
    }


def _job(each: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a line of the table has; `tacore jobs show` has the rest."""
    names = ("job_id", "state", "symbol", "market", "date", "engine", "recommendation", "confidence")
    more = ("progress", "stage", "elapsed_s", "simulated", "created_at", "principal")
    return {
        **{name: each.get(name) for name in (*names, *more)},
        "quality": (each.get("quality") or {}).get("verdict"),
        "error": (each.get("error") or {}).get("code"),
        "tokens": each["tokens"]["total"],
        "cost": each["cost"]["amount"],
        "currency": each["cost"]["currency"],
    }


def _worker(each: WorkerView) -> dict[str, Any]:
    told = each._asdict()
    if each.state == UNKNOWN:
        told |= {name: None for name in ("pid", "in_flight", "processed", "uptime_s", "host", "version")}
    return told | {"cpu": _rounded(each.cpu)}


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rounded(value: Any, digits: int = 3) -> Any:  # noqa: ANN401 - a number, or what is none
    return round(value, digits) if isinstance(value, float) else value
