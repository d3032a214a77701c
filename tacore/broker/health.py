"""health.check: the broker's word on the whole service, with no worker needed."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from tacore.broker.fleet import Fleet
from tacore.ports import MethodInfo

Probe = Callable[[], dict[str, Any]]
_SEVERITY = ("healthy", "degraded", "unhealthy")


class HealthParams(msgspec.Struct, kw_only=True):
    """``detailed`` adds each part with its own status."""

    detailed: bool = False


class Health(msgspec.Struct, kw_only=True):
    """The service's state; ``reasons`` says what keeps it from healthy."""

    status: Literal["healthy", "degraded", "unhealthy"]
    reasons: list[str]
    version: str
    uptime_s: float
    home: str
    database: str
    endpoint: str
    pid: int
    environment: str
    workers: int
    in_flight: int
    components: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


INFO = MethodInfo(
    name="health.check",
    summary="Tell whether the service is well, and why not",
    pool="broker",
    idempotent=True,
    max_s=1.0,
    quick=True,
    aliases=("health_check", "system.health"),
    params_schema=msgspec.json.schema(HealthParams),
    result_schema=msgspec.json.schema(Health),
    examples=({}, {"detailed": True}),
)


def _ask(probe: Probe) -> dict[str, Any]:
    try:
        return probe()
    except OSError as error:
        return {"status": "degraded", "reason": f"it can't be looked at: {error}"}


class HealthCheck:
    """Assembles the parts' own reports.

    ``about`` gives home, database, endpoint, pid, environment and version; each of ``probes`` reports a part
    outside the core (journal, disk) as a dict with ``status`` and, where that is not healthy, ``reason``.
    """

    def __init__(self, fleet: Fleet, about: dict[str, Any], probes: dict[str, Probe]) -> None:
        self._fleet = fleet
        self._about = about
        self._probes = probes
        self._started = fleet.core.clock.monotonic()

    def report(self, params: HealthParams) -> Health:
        """Build the answer."""
        now = self._fleet.core.clock.monotonic()
        parts = self.parts()
        ill = {name: part for name, part in parts.items() if part["status"] != "healthy"}
        status = max((part["status"] for part in parts.values()), key=_SEVERITY.index)
        return Health(
            status=status,
            reasons=[f"{name}: {part.get('reason', part['status'])}" for name, part in ill.items()],
            uptime_s=round(now - self._started, 3),
            workers=len(self._fleet.workers),
            in_flight=self._fleet.core.in_flight(),
            components=parts if params.detailed else msgspec.UNSET,
            **self._about,
        )

    def parts(self) -> dict[str, Any]:
        """Give each part's own report."""
        core = self._fleet.core
        return {
            "broker": self._broker(),
            "workers": self._workers(),
            "queues": {
                "status": "healthy",
                "pools": {
                    name: {"queued": pool.queued, "workers": len(pool.workers)}
                    for name, pool in core.pools.items()
                },
                "methods": {m.info.name: m.depth() for m in core.methods.values() if m.depth()},
            },
            "stores": self._stores(),
            "cache": self._fleet.caches.status(self._fleet.cache_reports()),
            **{name: _ask(probe) for name, probe in self._probes.items()},
        }

    def _broker(self) -> dict[str, Any]:
        core = self._fleet.core
        report: dict[str, Any] = {"status": "healthy", "in_flight": core.in_flight()}
        if core.draining:
            report |= {"status": "degraded", "reason": "draining: no new requests are taken"}
        return report | {"counts": dict(core.out.counts)}

    def _stores(self) -> dict[str, Any]:
        """Report who owns the stores of exclusive pools."""
        owned = {
            name: {
                "store": pool.store.id,
                "epoch": pool.store.epoch,
                "worker": next(iter(pool.workers), None),
            }
            for name, pool in self._fleet.core.pools.items()
            if pool.store is not None
        }
        report: dict[str, Any] = {"status": "healthy", "pools": owned}
        bereft = [name for name, each in owned.items() if each["worker"] is None]
        if bereft:
            start = ", ".join(f"`tacore worker spawn --pool {name}`" for name in bereft)
            reason = f"no worker owns the store of pool {', '.join(bereft)}: one is started by {start}"
            report |= {"status": "degraded", "reason": reason}
        return report

    def _workers(self) -> dict[str, Any]:
        now, now_us = self._fleet.core.clock.monotonic(), self._fleet.core.clock.wall_us()
        workers = [worker.describe(now, now_us) for worker in self._fleet.workers.values()]
        supervisors: list[dict[str, Any]] = [
            {
                "supervisor": fleet.supervisor_id,
                "pool": fleet.pool,
                "host": fleet.host,
                "pid": fleet.pid,
                "wanted": fleet.wanted,
                "restarts": fleet.restarts,
                "gave_up": fleet.gave_up,
            }
            for fleet in (each.fleet for each in self._fleet.supervisors.values())
        ]
        wanted = sum(each["wanted"] for each in supervisors)
        report = {"workers": workers, "supervisors": supervisors}
        reasons = self._fleet.silent.reasons(now)
        gave_up = [name for each in supervisors for name in each["gave_up"]]
        if not workers:
            reasons.append("no worker is registered: start some with `tacore worker spawn`")
        elif gave_up:
            reasons.append(f"given up after too many restarts: {', '.join(gave_up)}")
        elif len(workers) < wanted:
            reasons.append(f"{len(workers)} of {wanted} workers are up")
        if reasons:
            return {"status": "degraded", "reason": "; ".join(reasons), **report}
        return {"status": "healthy", **report}
