"""A broker with its journal, from the settings."""

import gc
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq

from tacore import __version__, processes, runfiles
from tacore.bootstrap.choices import name_choices
from tacore.bootstrap.features import name_presets, refresher_report
from tacore.bootstrap.home import prepare_home
from tacore.broker.core import Core
from tacore.broker.fleet import Fleet
from tacore.broker.health import HealthCheck
from tacore.broker.lanes import Lanes
from tacore.broker.limits import Limits
from tacore.broker.local import install
from tacore.broker.server import Endpoints, Server
from tacore.clock import SystemClock
from tacore.errors import ConfigurationError
from tacore.logs import performance_file
from tacore.market.anchors import make_anchors
from tacore.market.scan.presets import parse_scan
from tacore.methods import describe, discover
from tacore.model.markets import parse_markets
from tacore.model.risk import parse_risk
from tacore.model.trading import parse_trading
from tacore.ports import Journal
from tacore.settings.loaded import Loaded
from tacore.settings.logs import start_logs
from tacore.settings.names import env_name
from tacore.store.link import JournalLink
from tacore.store.options import WriterOptions
from tacore.wire.records import RowMaker

MIN_FREE_BYTES = 200 << 20


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
    settings = loaded.settings
    prepare_home(loaded)
    start_logs(loaded, file="tacoreservice.log", stderr=stderr)
    facts = settings.run_dir / "broker.json"
    with runfiles.locked(settings.run_dir / "broker.lock", lambda: _broker_runs(facts)):
        lanes = Lanes(offered=settings.broker.lanes)
        core, fleet, journal, endpoints = _build_broker(loaded, lanes)
        try:
            server = Server(core, fleet, journal, endpoints, settings.broker.drain_s, lanes)
        except (OSError, zmq.ZMQError) as error:
            lanes.close()
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


def _build_broker(loaded: Loaded, lanes: Lanes) -> tuple[Core, Fleet, Journal, Endpoints]:

    settings = loaded.settings
    clock_anchors = _market_clock(loaded)
    parse_risk(loaded.trading.get("risk"), loaded.trading_file)  # a wrong value stops the start here
    trading = parse_trading(loaded.trading.get("trading"), loaded.trading_file)
    markets = parse_markets(loaded.trading.get("markets"), loaded.trading_file)
    found = discover(debug=settings.debug_methods)
    catalogue = {name: describe(method) for name, method in found.items()}
    name_presets(catalogue, parse_scan(loaded.trading.get("scan"), loaded.trading_file))
    name_choices(catalogue, {"market": list(markets), "account": list(trading.accounts)})
    make_rows = RowMaker(settings.journal.payloads, settings.journal.field_cap_bytes)
    core = Core(catalogue, _limits(loaded), SystemClock(), make_rows)
    fleet = Fleet(core, __version__, str(settings.home), clock_anchors, lanes.offer)
    endpoints = Endpoints(
        settings.frontend_bind,
        settings.backend_bind,
        hwm=settings.zmq.hwm,
        max_message_bytes=8 * settings.zmq.max_message_bytes,
        direct=settings.broker.direct,
    )
    return core, fleet, _journal(loaded), endpoints


def _limits(loaded: Loaded) -> Limits:

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
        start_s=worker.start_s,
        batch_max=broker.batch_max,
    )


def _journal(loaded: Loaded) -> Journal:

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


def _install_local(
    loaded: Loaded, core: Core, fleet: Fleet, journal: Journal, stop: Callable[[str], None]
) -> None:

    settings = loaded.settings
    about = {
        "version": __version__,
        "home": str(settings.home),
        "database": str(settings.database_path),
        "endpoint": settings.frontend_endpoint,
        "pid": os.getpid(),
        "environment": settings.env,
    }
    probes = {
        "journal": journal.status,
        "disk": lambda: _disk(settings.home),
        "features": lambda: refresher_report(settings.features_dir),
    }
    install(core, fleet, HealthCheck(fleet, about, probes), stop)


def _disk(home: Path) -> dict[str, Any]:
    free = shutil.disk_usage(home).free
    report: dict[str, Any] = {"status": "healthy", "free_mb": free >> 20}
    if free < MIN_FREE_BYTES:
        report |= {"status": "degraded", "reason": f"only {free >> 20} MiB are free at {home}"}
    return report


def _market_clock(loaded: Loaded) -> dict[str, Any]:
    """Read the markets' anchors, make those that are missing, and keep them for the next start."""
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


def _unbound(error: OSError | zmq.ZMQError, loaded: Loaded) -> ConfigurationError:
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
