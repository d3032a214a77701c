"""The broker's view of workers and supervisors: who is there, who is late, who hangs."""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec

from tacore.broker import exclusive
from tacore.broker.caches import Caches
from tacore.broker.core import Core
from tacore.broker.pool import Pool
from tacore.broker.silent import Silent
from tacore.broker.state import Dispatch, Worker
from tacore.wire import backend
from tacore.wire.lane import Offer
from tacore.wire.records import Gauge, WorkerStatus

log = logging.getLogger("tacore.broker")


class Supervisor:
    """A registered supervisor: where it listens, and what it last said of itself.

    ``missing`` tells since when which of its running workers is not registered.
    """

    __slots__ = ("fleet", "last_seen", "missing", "routing")

    def __init__(self, fleet: backend.Fleet, routing: bytes, now: float) -> None:
        self.fleet = fleet
        self.routing = routing
        self.last_seen = now
        self.missing: dict[str, float] = {}


class Fleet:
    """Registers workers, hears their heartbeats, and takes their work back when they are gone.

    READY is answered with ``clock``, the markets' clocks, opaque to the broker, and the ``lane`` offered.
    """

    def __init__(
        self, core: Core, version: str, home: str, clock: Mapping[str, Any], lane: Offer | None = None
    ) -> None:
        self.core = core
        self.workers: dict[bytes, Worker] = {}
        self.supervisors: dict[str, Supervisor] = {}
        self.silent = Silent()
        self.caches = Caches()
        self._by_id: dict[str, Worker] = {}
        self._welcome = backend.message(backend.WELCOME, backend.Welcome(version, home, dict(clock), lane))
        self._status_due = 0.0
        self._gauges_due = 0.0

    # -- messages ----------------------------------------------------------------------------------

    def on_message(self, routing: bytes, frames: list[bytes], now: float) -> None:
        """Take a message of the backend; what does not decode is counted and dropped."""
        try:
            self._handle(routing, frames, now)
        except (msgspec.MsgspecError, ValueError, IndexError):
            self.core.out.counts["backend_malformed"] += 1
            log.warning("backend_message_malformed", extra={"routing": repr(routing)[:80]})

    def _handle(self, routing: bytes, frames: list[bytes], now: float) -> None:
        header = frames[0]
        kind = header[:1]
        if kind == backend.REPLY:
            self._on_reply(routing, frames, now)
        elif kind == backend.HEARTBEAT:
            self._on_heartbeat(routing, backend.payload(backend.Heartbeat, header), now)
        elif kind == backend.READY:
            self._on_ready(routing, backend.payload(backend.Ready, header), now)
        elif kind == backend.DRAIN:
            self._on_drain(routing, backend.payload(backend.Name, header).worker_id)
        elif kind == backend.FLEET:
            self._on_fleet(routing, backend.payload(backend.Fleet, header), now)
        elif kind == backend.DIED:
            died = backend.payload(backend.Died, header)
            for supervisor in self.supervisors.values():
                supervisor.missing.pop(died.worker_id, None)
            self.lose(self._by_id.get(died.worker_id), died.reason, now)
        elif kind == backend.GOODBYE:
            leaving = backend.payload(backend.Name, header).worker_id
            if routing[:1] == backend.SUPERVISOR:
                self.supervisors.pop(leaving, None)
                self.silent.left(leaving)
            else:
                self.lose(self.workers.get(routing), "it left", now)
        else:
            self.core.out.counts["backend_malformed"] += 1

    def _on_reply(self, routing: bytes, frames: list[bytes], now: float) -> None:
        worker = self.workers.get(routing)
        if worker is None:
            self.core.out.counts["late_replies"] += 1
            return
        header, blob, rows = frames
        if not self.core.on_reply(worker, header, blob, rows, now):
            log.error("worker_fault", extra={"worker_id": worker.ready.worker_id, "reason": "count mismatch"})
            self.kill(worker, "its batch of answers did not match its requests", now)
        elif worker.draining and not worker.dispatches:
            self._say_goodbye(worker)

    def _on_ready(self, routing: bytes, ready: backend.Ready, now: float) -> None:
        before = self._by_id.get(ready.worker_id)
        if before is not None and before.routing == routing:
            self._send(routing, self._welcome)
            return
        pool = self.core.pool(ready.pool)
        if (ready.store or pool.store) and not self._may_own(pool, routing, ready, now):
            return
        self.lose(before, "it started again", now)
        control = backend.CONTROL + routing[1:]
        worker = Worker(ready, routing, control, now, self.core.clock.wall_us())
        self.workers[routing] = worker
        self._by_id[ready.worker_id] = worker
        pool.workers[ready.worker_id] = worker
        for name in ready.methods:
            if name in self.core.methods:
                self.core.methods[name].servers += 1
        self._send(routing, self._welcome)
        log.info("worker_ready", extra={"worker_id": ready.worker_id, "pool": ready.pool, "pid": ready.pid})

    def _may_own(self, pool: Pool, routing: bytes, ready: backend.Ready, now: float) -> bool:
        """Let the owner of a pool's store in, in place of the one before, or tell a worker to leave."""
        refusal = exclusive.judge(pool, ready)
        if refusal is None:
            for older in list(pool.workers.values()):
                self.lose(older, "another one owns its store now", now)
            pool.store = ready.store
            return True
        self.core.out.counts["store_refused"] += 1
        about = {"worker_id": ready.worker_id, "pool": pool.name, "reason": refusal.reason}
        log.error("store_refused", extra=about)
        supervisor = self.supervisors.get(ready.supervisor_id)
        name = backend.Name(ready.worker_id)
        if refusal.misplaced and supervisor is not None:
            self._send(supervisor.routing, backend.message(backend.STOP, name))
            self._send(routing, backend.message(backend.GOODBYE, name))
        else:
            self._send(backend.CONTROL + routing[1:], backend.message(backend.KILL, name))
        return False

    def _on_heartbeat(self, routing: bytes, beat: backend.Heartbeat, now: float) -> None:
        worker = self._by_id.get(beat.worker_id)
        if worker is None or worker.control != routing:
            self._send(backend.DATA + routing[1:], backend.REGISTER)
            return
        worker.last_seen = now
        worker.last_seen_us = self.core.clock.wall_us()
        worker.cpu_s, worker.rss_bytes, worker.cache = beat.cpu_s, beat.rss_bytes, beat.cache
        worker.clock_ahead_us = beat.wall_us - worker.last_seen_us if beat.wall_us else None
        self._send(routing, backend.HEARTBEAT)

    def _on_drain(self, routing: bytes, worker_id: str) -> None:
        worker = self._by_id.get(worker_id)
        if worker is None or worker.control != routing:
            return
        worker.draining = True
        if not worker.dispatches:
            self._say_goodbye(worker)

    def _on_fleet(self, routing: bytes, fleet: backend.Fleet, now: float) -> None:
        before = self.supervisors.get(fleet.supervisor_id)
        if before is None:
            log.info("supervisor_ready", extra={"supervisor": fleet.supervisor_id, "pool": fleet.pool})
            self._send(routing, self._welcome)
            self.silent.heard(fleet)
        else:
            self._send(routing, backend.HEARTBEAT)
        supervisor = Supervisor(fleet, routing, now)
        known = before.missing if before is not None else {}
        absent = (name for name in fleet.running if name not in self._by_id)
        supervisor.missing = {name: known.get(name, now) for name in absent}
        self.supervisors[fleet.supervisor_id] = supervisor

    # -- leaving -----------------------------------------------------------------------------------

    def lose(self, worker: Worker | None, why: str, now: float) -> None:
        """Forget a worker that is gone, and take its work back."""
        if worker is None or self.workers.pop(worker.routing, None) is None:
            return
        name = worker.ready.worker_id
        del self._by_id[name]
        del self.core.pools[worker.ready.pool].workers[name]
        for method in worker.methods & self.core.methods.keys():
            state = self.core.methods[method]
            state.servers -= 1
            if not state.servers:
                state.unserved_since = now
        self.caches.departed(worker.cache)
        held = worker.in_flight
        self.core.release(worker, why, now)
        self._record(worker, "stopped" if worker.draining else "dead")
        report = log.info if worker.draining and not held else log.warning
        report("worker_gone", extra={"worker_id": name, "reason": why, "held": held})

    def kill(self, worker: Worker, why: str, now: float) -> None:
        """Give a worker up, and have its supervisor kill and replace it."""
        supervisor = self.supervisors.get(worker.ready.supervisor_id)
        order = backend.message(backend.KILL, backend.Name(worker.ready.worker_id))
        self._send(supervisor.routing if supervisor else worker.control, order)
        self.lose(worker, why, now)

    def unreachable(self, routing: bytes, now: float) -> None:
        """Take note that the socket has no such peer any more."""
        worker = self.workers.get(routing)
        if worker is not None:
            self.lose(worker, "its connection is closed", now)

    def farewell(self) -> None:
        """Tell every worker that this broker leaves; they wait for the next one."""
        for supervisor in self.supervisors.values():
            self._send(supervisor.routing, backend.GOODBYE)

    def cache_reports(self) -> list[backend.CacheReport]:
        """List what each worker last said of its cache."""
        return [worker.cache for worker in self.workers.values()]

    def clear_caches(self, kind: str) -> int:
        """Have every worker forget what it cached of a kind, or of all (""); give how many were told."""
        order = backend.message(backend.CLEAR, backend.Clear(kind))
        for worker in self.workers.values():
            self._send(worker.control, order)
        return len(self.workers)

    def _say_goodbye(self, worker: Worker) -> None:
        self._send(worker.routing, backend.message(backend.GOODBYE, backend.Name(worker.ready.worker_id)))

    def find(self, worker_id: str) -> Worker | None:
        """Find a worker by its id."""
        return self._by_id.get(worker_id)

    # -- time --------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Look for what time alone brings: silence, hangs, answers nobody waits for, reports due."""
        limits = self.core.limits
        silent = now - limits.heartbeat_s * limits.missed_heartbeats
        for worker in list(self.workers.values()):
            if worker.last_seen < silent:
                self.kill(worker, f"no heartbeat for {now - worker.last_seen:.1f} s", now)
            elif worker.ready.store is not None:
                self._look_at_all(worker, now)
            elif worker.dispatches:
                self._look_at(worker, next(iter(worker.dispatches.values())), now)
        for name, supervisor in list(self.supervisors.items()):
            if supervisor.last_seen < silent:
                del self.supervisors[name]
                self.silent.add(supervisor.fleet, supervisor.last_seen)
                log.warning("supervisor_gone", extra={"supervisor": name})
            else:
                self._look_for_missing(supervisor, now)
        self.core.expire(now)
        self._report(now)

    def _look_for_missing(self, supervisor: Supervisor, now: float) -> None:
        """Have those killed that run and never come here: stopped, or stuck in their start.

        The time begins anew after an order, for a process that only dies slowly.
        """
        for name, since in supervisor.missing.items():
            if now - since > self.core.limits.start_s and name not in self._by_id:
                supervisor.missing[name] = now
                self._send(supervisor.routing, backend.message(backend.KILL, backend.Name(name)))
                log.warning("worker_missing", extra={"worker_id": name, "unregistered_s": now - since})

    def _look_at_all(self, worker: Worker, now: float) -> None:
        """Look at what runs side by side; there each has its own time from when it was sent."""
        for dispatch in worker.dispatches.values():
            info = dispatch.method.info
            began = max(each.deadline for each in dispatch.entries) if info.waits else dispatch.sent
            if now - began > info.max_s:
                self.kill(worker, f"{info.name} ran longer than its {info.max_s:g} s", now)
                return

    def _look_at(self, worker: Worker, head: Dispatch, now: float) -> None:
        limit_s = head.method.info.max_s
        if now - head.started > limit_s:
            self.kill(worker, f"{head.method.info.name} ran longer than its {limit_s:g} s", now)
            return
        if head.cancelled or not head.exclusive:
            return
        entry = head.entries[0]
        if now > entry.deadline + entry.patience_s * (self.core.limits.cancel_after - 1):
            head.cancelled = True
            order = backend.message(backend.CANCEL, backend.Cancel(head.dispatch_id))
            self._send(worker.control, order)

    def _report(self, now: float) -> None:
        if now >= self._status_due:
            self._status_due = now + self.core.limits.status_every_s
            for worker in self.workers.values():
                self._record(worker, worker.state)
        if now >= self._gauges_due:
            self._gauges_due = now + self.core.limits.gauge_every_s
            at_us = self.core.clock.wall_us()
            gauges = [
                Gauge(at_us, "queue_depth", name, pool.queued) for name, pool in self.core.pools.items()
            ]
            for worker in self.workers.values():
                gauges.append(Gauge(at_us, "cpu_s", worker.ready.worker_id, worker.cpu_s))
                gauges.append(Gauge(at_us, "rss_bytes", worker.ready.worker_id, worker.rss_bytes))
            gauges += self.caches.gauges(self.cache_reports(), at_us)
            self.core.out.records.extend(gauges)

    def _record(self, worker: Worker, state: str) -> None:
        ready = worker.ready
        self.core.out.records.append(
            WorkerStatus(
                self.core.clock.wall_us(),
                ready.worker_id,
                ready.pool,
                ready.pid,
                ready.host,
                state,
                worker.in_flight,
                worker.processed,
                ready.started_us,
                worker.last_seen_us,
                ready.version,
                worker.cpu_s,
                worker.rss_bytes,
            )
        )

    def _send(self, routing: bytes, *frames: bytes) -> None:
        self.core.out.to_workers.append((routing, frames))
