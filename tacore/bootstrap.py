"""Puts the parts together: the only file that chooses implementations from the settings.

Also the entry of child processes (``python -m tacore.bootstrap ROLE``), whose spec comes on standard input.
"""

import errno
import gc
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import zmq

from tacore import __version__, processes, runfiles
from tacore.clock import SystemClock
from tacore.errors import ConfigurationError, TacoreError
from tacore.ports import Method
from tacore.settings.loaded import Loaded
from tacore.settings.logs import start_logs
from tacore.settings.names import env_name

MIN_FREE_BYTES = 200 << 20
LEAVE_S = 5.0


def serve_broker(
    loaded: Loaded,
    *,
    stderr: bool = True,
    on_ready: Callable[[], None] | None = None,
    watch_parent: bool = False,
) -> None:
    """Run a broker until it is told to stop; ConfigurationError says why it can't start.

    ``watch_parent`` also ends it with the parent that holds its standard input.
    """
    from tacore.broker.server import Server  # noqa: PLC0415 - each role imports only its own parts

    settings = loaded.settings
    prepare_home(loaded)
    start_logs(loaded, file="tacoreservice.log", stderr=stderr)
    facts = settings.run_dir / "broker.json"
    with runfiles.locked(settings.run_dir / "broker.lock", lambda: _broker_runs(facts)):
        core, fleet, journal, endpoints = _build_broker(loaded)
        try:
            server = Server(core, fleet, journal, endpoints, drain_s=settings.broker.drain_s)
        except zmq.ZMQError as error:
            journal.close(2.0)
            raise _unbound(error, loaded) from error
        _install_local(loaded, core, fleet, journal, server.stop)
        processes.on_stop_signals(server.stop)
        if watch_parent:
            processes.watch_parent(server.stop)
        gc.freeze()
        gc.set_threshold(100_000, 20, 50)
        with runfiles.announced(facts, _broker_facts(loaded)):
            if on_ready is not None:
                on_ready()
            server.run()
            server.close()


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

    ``watch_parent`` also ends them with the parent that holds the supervisor's standard input.
    """
    from tacore.worker.slots import Slots  # noqa: PLC0415
    from tacore.worker.supervisor import SupervisorServer  # noqa: PLC0415

    settings = loaded.settings
    prepare_home(loaded)
    start_logs(loaded, file="worker.log", stderr=stderr)
    if engine != "local":
        raise ConfigurationError(f"engine {engine} is not in this version; there is: local")
    _methods_of(loaded, pool)
    me = f"{pool}-{os.urandom(2).hex()}"

    def start(worker_id: str) -> processes.Child:
        spec = {"loaded": loaded.to_json(), "worker_id": worker_id, "supervisor_id": me}
        spec |= {"pool": pool, "endpoint": endpoint}
        return processes.Child(processes.role_argv("worker"), spec)

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
    )
    processes.on_stop_signals(server.stop)
    if watch_parent:
        processes.watch_parent(server.stop)
    server.run()


def serve_worker(spec: Mapping[str, Any]) -> None:
    """Run one worker process, the child of a supervisor."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, "1")
    from tacore.wire import backend  # noqa: PLC0415
    from tacore.worker.server import Link, WorkerServer  # noqa: PLC0415

    loaded = Loaded.from_json(spec["loaded"])
    worker_id = str(spec["worker_id"])
    start_logs(loaded, file="worker.log", stderr=False, context={"worker_id": worker_id})
    methods = _methods_of(loaded, spec["pool"])
    ready = backend.Ready(
        worker_id=worker_id,
        pool=str(spec["pool"]),
        methods=sorted(methods),
        credit=1,
        batch=loaded.settings.broker.batch_max,
        host=socket.gethostname(),
        pid=os.getpid(),
        started_us=SystemClock.wall_us(),
        version=__version__,
        supervisor_id=str(spec["supervisor_id"]),
    )
    link = Link(str(spec["endpoint"]), loaded.settings.worker.heartbeat_s)
    server = WorkerServer(ready, link, lambda welcome: _build_session(loaded, methods, welcome))
    processes.on_stop_signals(server.stop)
    processes.watch_parent(_leave_within(server.stop, LEAVE_S))
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    server.run()


def _leave_within(stop: Callable[[], None], seconds: float) -> Callable[[], None]:
    """Stop in good order, and at once when that takes too long: an orphan serves nobody."""

    def leave() -> None:
        import threading  # noqa: PLC0415

        stop()
        timer = threading.Timer(seconds, os._exit, (1,))
        timer.daemon = True
        timer.start()

    return leave


def prepare_home(loaded: Loaded) -> None:
    """Make the folders of a home; ConfigurationError where it can't be written."""
    settings = loaded.settings
    try:
        for folder in (settings.data_dir, settings.logs_dir, settings.run_dir, settings.database_path.parent):
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    except OSError as error:
        raise ConfigurationError(
            f"can't write to {error.filename}: {error.strerror}. Choose another home with --home or "
            f"TACORE_HOME (now from {loaded.origin('home')})"
        ) from error


# -- the broker's parts ----------------------------------------------------------------------------


def _build_broker(loaded: Loaded) -> Any:  # noqa: ANN401 - the types come with the lazy imports
    from tacore.broker.core import Core  # noqa: PLC0415
    from tacore.broker.fleet import Fleet  # noqa: PLC0415
    from tacore.broker.server import Endpoints  # noqa: PLC0415
    from tacore.methods import describe, discover  # noqa: PLC0415
    from tacore.wire.records import RowMaker  # noqa: PLC0415

    settings = loaded.settings
    clock_anchors = _market_clock(loaded)
    found = discover(debug=settings.debug_methods)
    catalogue = {name: describe(method) for name, method in found.items()}
    make_row = RowMaker(settings.journal.payloads, settings.journal.field_cap_bytes)
    core = Core(catalogue, _limits(loaded), SystemClock(), make_row)
    fleet = Fleet(core, __version__, str(settings.home), clock_anchors)
    endpoints = Endpoints(
        settings.frontend_bind,
        settings.backend_bind,
        hwm=settings.zmq.hwm,
        max_message_bytes=8 * settings.zmq.max_message_bytes,
    )
    return core, fleet, _journal(loaded), endpoints


def _limits(loaded: Loaded) -> Any:  # noqa: ANN401
    from tacore.broker.limits import Limits  # noqa: PLC0415

    broker, worker, zmq_ = loaded.settings.broker, loaded.settings.worker, loaded.settings.zmq
    return Limits(
        max_bytes=zmq_.max_message_bytes,
        max_depth=broker.max_depth,
        max_frames=zmq_.max_frames,
        queue_limit=broker.queue_limit,
        default_timeout_ms=broker.default_timeout_ms,
        max_timeout_ms=broker.max_timeout_ms,
        unserved_wait_s=broker.unserved_wait_s,
        heartbeat_s=worker.heartbeat_s,
        missed_heartbeats=worker.missed_heartbeats,
        batch_max=broker.batch_max,
    )


def _journal(loaded: Loaded) -> Any:  # noqa: ANN401
    from tacore.logs import performance_file  # noqa: PLC0415
    from tacore.store.link import JournalLink  # noqa: PLC0415
    from tacore.store.options import WriterOptions  # noqa: PLC0415

    settings = loaded.settings
    journal = settings.journal
    limits = performance_file(loaded.logging, logs_dir=settings.logs_dir)
    options = WriterOptions(
        db=str(settings.database_path),
        lock=f"{settings.database_path}.lock",
        performance_log=str(limits.path) if journal.performance_log else "",
        performance_log_bytes=limits.max_bytes,
        performance_log_backups=limits.keep,
        retention_days=journal.retention_days,
        max_rows=journal.max_rows,
        rollup_days=journal.rollup_retention_days,
        commit_ms=journal.commit_ms,
        buffer_bytes=journal.buffer_mb << 20,
    )
    return JournalLink(options.argv(), max_backlog_bytes=journal.buffer_mb << 20)


def _install_local(loaded: Loaded, core: Any, fleet: Any, journal: Any, stop: Callable[[str], None]) -> None:  # noqa: ANN401
    from tacore.broker.health import HealthCheck  # noqa: PLC0415
    from tacore.broker.local import install  # noqa: PLC0415

    settings = loaded.settings
    about = {
        "version": __version__,
        "home": str(settings.home),
        "database": str(settings.database_path),
        "endpoint": settings.frontend_endpoint,
        "pid": os.getpid(),
        "environment": settings.env,
    }
    probes = {"journal": journal.status, "disk": lambda: _disk(settings.home)}
    install(core, fleet, HealthCheck(fleet, about, probes), stop)


def _disk(home: Path) -> dict[str, Any]:
    free = shutil.disk_usage(home).free
    report: dict[str, Any] = {"status": "healthy", "free_mb": free >> 20}
    if free < MIN_FREE_BYTES:
        report |= {"status": "degraded", "reason": f"only {free >> 20} MiB are free at {home}"}
    return report


def _market_clock(loaded: Loaded) -> dict[str, Any]:
    """Read the markets' anchors, make those that are missing, and keep them for the next start."""
    from tacore.market.anchors import make_anchors  # noqa: PLC0415
    from tacore.model.markets import parse_markets  # noqa: PLC0415

    path = loaded.settings.data_dir / "market_clock.json"
    markets = parse_markets(loaded.trading.get("markets"), loaded.trading_file)
    try:
        previous = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        previous = None
    anchors = make_anchors(markets, SystemClock.wall_us(), previous)
    if anchors != previous:
        runfiles.write_whole(path, json.dumps(anchors, indent=1))
    return anchors


def _unbound(error: zmq.ZMQError, loaded: Loaded) -> ConfigurationError:
    """Say which sockets can't listen, and which settings decide that."""
    settings, reasons = loaded.settings, []
    for key, endpoint in (
        ("zmq.frontend_port", settings.frontend_bind),
        ("zmq.backend_port", settings.backend_bind),
    ):
        if (why := _why_not(endpoint)) is not None:
            chosen = f"{key} ({env_name(key)}; now from {loaded.origin(key)})"
            reasons.append(
                f"can't listen on {endpoint}: {why}. Stop what listens there, or choose another {chosen}"
            )
    return ConfigurationError("\n".join(reasons) or f"can't listen: {error.strerror or error}")


def _why_not(endpoint: str) -> str | None:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as probe:
        try:
            probe.bind(endpoint)
        except zmq.ZMQError as error:
            return zmq.strerror(error.errno or 0)
    return None


def _broker_runs(facts: Path) -> str:
    found = runfiles.read_live(facts) or {}
    return (
        f"a broker runs from {facts.parent.parent} already (pid {found.get('pid', 'unknown')}): stop it with "
        "`tacore down`, or start this one with another --home"
    )


def _broker_facts(loaded: Loaded) -> dict[str, Any]:
    settings = loaded.settings
    return {
        "frontend": settings.frontend_endpoint,
        "backend": settings.backend_endpoint,
        "home": str(settings.home),
        "database": str(settings.database_path),
        "version": __version__,
    }


# -- the workers' parts ----------------------------------------------------------------------------


def _methods_of(loaded: Loaded, pool: str) -> dict[str, Method]:
    from tacore.methods import discover  # noqa: PLC0415

    found = discover(debug=loaded.settings.debug_methods)
    pools = sorted({method.pool for method in found.values()})
    if pool not in pools:
        raise ConfigurationError(
            f"pool is {pool!r}; allowed: {', '.join(pools)}", details={"pool": {"allowed": pools}}
        )
    return {name: method for name, method in found.items() if method.pool == pool}


def _build_session(loaded: Loaded, methods: dict[str, Method], welcome: Any) -> Any:  # noqa: ANN401
    from tacore.market.router import build_market_data  # noqa: PLC0415
    from tacore.model.markets import parse_markets  # noqa: PLC0415
    from tacore.ports import Ports  # noqa: PLC0415
    from tacore.wire.records import RowMaker  # noqa: PLC0415
    from tacore.worker.session import Session  # noqa: PLC0415

    clock = SystemClock()
    markets = parse_markets(loaded.trading.get("markets"), loaded.trading_file)
    market = build_market_data(markets, clock, welcome.clock)
    journal = loaded.settings.journal
    make_row = RowMaker(journal.payloads, journal.field_cap_bytes)
    return Session(methods, Ports(market=market), clock, make_row)


def _restart_policy(loaded: Loaded) -> Any:  # noqa: ANN401
    from tacore.worker.restarts import RestartPolicy  # noqa: PLC0415

    worker = loaded.settings.worker
    return RestartPolicy(
        worker.restart_backoff_s,
        worker.restart_backoff_max_s,
        worker.restart_budget,
        worker.restart_window_s,
    )


def _describe_fleet(me: str, pool: str, slots: Any) -> Any:  # noqa: ANN401
    from tacore.wire import backend  # noqa: PLC0415

    return backend.Fleet(
        supervisor_id=me,
        pool=pool,
        host=socket.gethostname(),
        pid=os.getpid(),
        wanted=slots.wanted,
        version=__version__,
        restarts=slots.restarts,
        gave_up=slots.gave_up(),
    )


# -- child processes -------------------------------------------------------------------------------


def main(argv: list[str]) -> int:
    """Play a role as a child process."""
    spec = processes.read_spec()
    try:
        if argv == ["broker"]:
            serve_broker(Loaded.from_json(spec["loaded"]), stderr=bool(spec.get("stderr")), watch_parent=True)
        elif argv == ["workers"]:
            serve_workers(
                Loaded.from_json(spec["loaded"]),
                count=int(spec["count"]),
                pool=str(spec["pool"]),
                endpoint=str(spec["endpoint"]),
                stderr=bool(spec.get("stderr")),
                watch_parent=True,
            )
        else:
            serve_worker(spec)
    except TacoreError as error:
        sys.stderr.write(f"tacore {' '.join(argv)}: {error.message}\n")
        return 6
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
