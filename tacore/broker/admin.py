"""What an operator asks of the broker itself: list, scale, restart and drain workers, drain, stop."""

from collections.abc import Callable
from typing import Any

import msgspec

from tacore.broker.fleet import Fleet, Supervisor
from tacore.broker.state import Worker
from tacore.errors import InvalidParams, NotFound, Unavailable, bad_param
from tacore.ports import EXCLUSIVE_POOLS, MethodInfo
from tacore.wire import backend


class Nothing(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Takes no params."""


class ScaleParams(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How many workers a supervisor shall keep; ``supervisor`` is needed where the pool has several."""

    workers: int
    pool: str = "fast"
    supervisor: str | None = None


class WorkerParams(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Names a worker, or ``all``."""

    worker_id: str


class ClearParams(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One kind of cached answers, else all of them."""

    kind: str | None = None


class Workers(msgspec.Struct, kw_only=True):
    """The registered workers."""

    workers: list[dict[str, Any]]


class Done(msgspec.Struct, kw_only=True):
    """What was set in motion; the workers' list shows when it is done."""

    done: str


MAX_WORKERS = 512


class Admin:
    """Serves the admin methods; ``stop`` is called with the word drain or stop."""

    def __init__(self, fleet: Fleet, stop: Callable[[str], None]) -> None:
        self._fleet = fleet
        self._stop = stop

    def workers(self, _params: Nothing) -> Workers:
        """List the registered workers."""
        clock = self._fleet.core.clock
        now, now_us = clock.monotonic(), clock.wall_us()
        return Workers(workers=[each.describe(now, now_us) for each in self._fleet.workers.values()])

    def scale(self, params: ScaleParams) -> Done:
        """Have a supervisor keep that many workers."""
        if not 0 <= params.workers <= MAX_WORKERS:
            allowed = f"0 to {MAX_WORKERS}"
            raise InvalidParams(
                f"workers is {params.workers}; allowed: {allowed}",
                details={"workers": {"value": params.workers, "allowed": allowed}},
            )
        supervisor = self._supervisor(params)
        if params.workers > 1 and self._is_exclusive(supervisor.fleet.pool):
            allowed = f"0 or 1: one worker owns the store of pool {supervisor.fleet.pool}"
            raise InvalidParams(
                f"workers is {params.workers}; allowed: {allowed}",
                details={"workers": {"value": params.workers, "allowed": allowed}},
            )
        self._order(supervisor, backend.SCALE, backend.Scale(params.workers))
        return Done(done=f"{supervisor.fleet.supervisor_id} keeps {params.workers} workers from now on")

    def restart(self, params: WorkerParams) -> Done:
        """Stop workers in good order, and start them again."""
        return self._each(params, backend.RESTART, "restarts after its present work")

    def drain(self, params: WorkerParams) -> Done:
        """Stop workers in good order, and leave their slots empty."""
        return self._each(params, backend.STOP, "stops after its present work")

    def clear_cache(self, params: ClearParams) -> Done:
        """Have the workers forget what they cached; what lies in Redis stays."""
        known = sorted({kind for report in self._fleet.cache_reports() for kind in report.kinds})
        if params.kind is not None and known and params.kind not in known:
            raise bad_param(
                "kind", "nothing is cached under it", value=params.kind, allowed=known, near=params.kind
            )
        told = self._fleet.clear_caches(params.kind or "")
        return Done(done=f"{told} workers forget what they cached of {params.kind or 'every kind'}")

    def drain_broker(self, _params: Nothing) -> Done:
        """Refuse new requests and answer the open ones; the broker stays up."""
        self._stop("drain")
        return Done(done="the broker takes no new requests")

    def stop_broker(self, _params: Nothing) -> Done:
        """Drain, then end the broker's process."""
        self._stop("stop")
        return Done(done="the broker answers what is open and ends")

    def _each(self, params: WorkerParams, kind: bytes, what: str) -> Done:
        if params.worker_id == "all":
            chosen = list(self._fleet.workers.values())
        else:
            chosen = [self._find(params.worker_id)]
        for worker in chosen:
            supervisor = self._fleet.supervisors.get(worker.ready.supervisor_id)
            if supervisor is None:
                raise Unavailable(f"the supervisor of {worker.ready.worker_id} is not connected")
            self._order(supervisor, kind, backend.Name(worker.ready.worker_id))
        return Done(done=f"{', '.join(w.ready.worker_id for w in chosen) or 'no worker'} {what}")

    def _find(self, worker_id: str) -> Worker:
        worker = self._fleet.find(worker_id)
        if worker is None:
            known = sorted(each.ready.worker_id for each in self._fleet.workers.values())
            raise NotFound(
                f"no worker is named {worker_id!r}; there are: {', '.join(known) or 'none'}",
                details={"worker_id": worker_id, "known": known},
            )
        return worker

    def _is_exclusive(self, name: str) -> bool:
        pool = self._fleet.core.pools.get(name)
        return name in EXCLUSIVE_POOLS or (pool is not None and pool.store is not None)

    def _supervisor(self, params: ScaleParams) -> Supervisor:
        all_there = self._fleet.supervisors
        if params.supervisor is not None:
            if params.supervisor not in all_there:
                known = sorted(all_there)
                raise NotFound(f"no supervisor is named {params.supervisor!r}", details={"known": known})
            return all_there[params.supervisor]
        fitting = [each for each in all_there.values() if each.fleet.pool == params.pool]
        if not fitting:
            start = f"tacore worker spawn -n {params.workers} --pool {params.pool}"
            raise Unavailable(f"no supervisor runs pool {params.pool}: start one with `{start}`")
        if len(fitting) > 1:
            names = sorted(each.fleet.supervisor_id for each in fitting)
            raise InvalidParams(
                f"several supervisors run pool {params.pool}: name one", details={"supervisor": names}
            )
        return fitting[0]

    def _order(self, supervisor: Supervisor, kind: bytes, payload: msgspec.Struct) -> None:
        self._fleet.core.out.to_workers.append((supervisor.routing, (backend.message(kind, payload),)))


def _info(name: str, summary: str, params: type, result: type, *, writes: bool = True) -> MethodInfo:
    return MethodInfo(
        name=name,
        summary=summary,
        pool="broker",
        idempotent=True,
        max_s=1.0,
        writes=writes,
        params_schema=msgspec.json.schema(params),
        result_schema=msgspec.json.schema(result),
    )


def methods(admin: Admin) -> list[tuple[MethodInfo, type[msgspec.Struct], Callable[[Any], Any]]]:
    """List the admin methods: what describes each, its params and what serves it."""
    return [
        (_info("admin.workers", "List the workers", Nothing, Workers, writes=False), Nothing, admin.workers),
        (_info("admin.scale", "Keep that many workers", ScaleParams, Done), ScaleParams, admin.scale),
        (_info("admin.restart", "Restart a worker", WorkerParams, Done), WorkerParams, admin.restart),
        (_info("admin.drain_worker", "Stop a worker", WorkerParams, Done), WorkerParams, admin.drain),
        (
            _info("admin.clear_cache", "Have workers forget what they cached", ClearParams, Done),
            ClearParams,
            admin.clear_cache,
        ),
        (_info("admin.drain", "Take no new requests", Nothing, Done), Nothing, admin.drain_broker),
        (_info("admin.stop", "Stop the broker", Nothing, Done), Nothing, admin.stop_broker),
    ]
