"""A supervisor of worker processes on this host, from the settings."""

import os
import socket
from pathlib import Path

from tacore import __version__, processes, runfiles
from tacore.bootstrap.home import prepare_home
from tacore.bootstrap.worker import methods_of
from tacore.clock import SystemClock
from tacore.errors import ConfigurationError
from tacore.methods import discover
from tacore.ports import EXCLUSIVE_POOLS
from tacore.settings.loaded import Loaded
from tacore.settings.logs import start_logs
from tacore.wire import backend
from tacore.worker.companion import Companion
from tacore.worker.restarts import RestartPolicy
from tacore.worker.slots import Slots
from tacore.worker.supervisor import SupervisorServer

FAST = "fast"


def serve_workers(
    loaded: Loaded,
    *,
    count: int,
    pool: str,
    endpoint: str,
    stderr: bool = True,
    engine: str = "local",
    watch_parent: bool = False,
) -> None:
    """Run a supervisor and its worker processes until it is told to stop.

    A pool that owns a store has one worker, and one supervisor in a home; ConfigurationError names the other.

    ``watch_parent`` also ends them with the parent that holds the supervisor's standard input.
    """
    settings = loaded.settings
    prepare_home(loaded)
    start_logs(loaded, file="worker.log", stderr=stderr)
    if engine != "local":
        raise ConfigurationError(f"engine {engine} is not in this version; there is: local")
    methods_of(loaded, pool)
    if pool not in EXCLUSIVE_POOLS:
        _supervise(loaded, count, pool, endpoint, watch_parent=watch_parent)
        return
    if count != 1:
        raise ConfigurationError(
            f"pool {pool} has one worker, not {count}: it alone writes the pool's store",
            details={"count": {"value": count, "allowed": 1}},
        )
    facts = settings.run_dir / f"{pool}.json"
    with (
        runfiles.locked(settings.run_dir / f"{pool}.lock", lambda: _runs_already(pool, facts)),
        runfiles.announced(facts, {"pool": pool, "endpoint": endpoint}),
    ):
        _supervise(loaded, 1, pool, endpoint, watch_parent=watch_parent)


def serves(loaded: Loaded, pool: str) -> bool:
    """Tell whether any method belongs to the pool."""
    found = discover(debug=loaded.settings.debug_methods)
    return any(method.pool == pool for method in found.values())


def _runs_already(pool: str, facts: Path) -> str:
    found = runfiles.read_live(facts) or {}
    return (
        f"pool {pool} is kept up from {facts.parent.parent} already, by the supervisor with pid "
        f"{found.get('pid', 'unknown')}: one worker alone writes the pool's store"
    )


def _supervise(loaded: Loaded, count: int, pool: str, endpoint: str, *, watch_parent: bool) -> None:
    settings = loaded.settings
    me = f"{pool}-{os.urandom(2).hex()}"
    role = "executor" if pool in EXCLUSIVE_POOLS else "worker"

    def start(worker_id: str) -> processes.Child:
        spec = {"loaded": loaded.to_json(), "worker_id": worker_id, "supervisor_id": me}
        spec |= {"pool": pool, "endpoint": endpoint}
        return processes.Child(processes.role_argv(role), spec)

    slots = Slots(start, lambda number: f"{me}-{number}", lambda: _restart_policy(loaded))
    clock = SystemClock()
    slots.scale(count, clock.monotonic())
    server = SupervisorServer(
        slots,
        lambda now: _describe_fleet(me, pool, now),
        endpoint,
        clock,
        settings.worker.heartbeat_s,
        settings.broker.drain_s,
        _refresher(loaded) if pool == FAST and settings.worker.feature_tables else None,
    )
    processes.on_stop_signals(server.stop)
    if watch_parent:
        processes.watch_parent(server.stop)
    server.run()


def _refresher(loaded: Loaded) -> Companion:
    """Give what keeps this host's feature tables, if no other supervisor does."""
    spec = {"loaded": loaded.to_json()}
    return Companion(
        "refresher",
        loaded.settings.run_dir / "refresher.lock",
        lambda: processes.Child(processes.role_argv("refresher"), spec),
        _restart_policy(loaded),
    )


def _restart_policy(loaded: Loaded) -> RestartPolicy:

    worker = loaded.settings.worker
    return RestartPolicy(
        worker.restart_backoff_s,
        worker.restart_backoff_max_s,
        worker.restart_budget,
        worker.restart_window_s,
    )


def _describe_fleet(me: str, pool: str, slots: Slots) -> backend.Fleet:

    return backend.Fleet(
        supervisor_id=me,
        pool=pool,
        host=socket.gethostname(),
        pid=os.getpid(),
        wanted=slots.wanted,
        version=__version__,
        restarts=slots.restarts,
        gave_up=slots.gave_up(),
        running=slots.running_ids(),
    )
