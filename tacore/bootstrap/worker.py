"""A worker process, from the settings."""

import gc
import os
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tacore import __version__, processes
from tacore.bootstrap.cache import build_cache
from tacore.clock import SystemClock
from tacore.errors import ConfigurationError
from tacore.methods import discover
from tacore.model.markets import parse_markets
from tacore.model.risk import parse_risk
from tacore.ports import Cache, Method, Ports
from tacore.settings.loaded import Loaded
from tacore.settings.logs import start_logs
from tacore.wire import backend
from tacore.wire.records import RowMaker
from tacore.worker.member import Link
from tacore.worker.server import WorkerServer
from tacore.worker.session import Session

LEAVE_S = 5.0


def serve_worker(spec: Mapping[str, Any]) -> None:
    """Run one worker process, the child of a supervisor."""
    loaded = Loaded.from_json(spec["loaded"])
    worker_id = str(spec["worker_id"])
    start_logs(loaded, file="worker.log", stderr=False, context={"worker_id": worker_id})
    methods = methods_of(loaded, spec["pool"])
    import_providers(loaded)
    _import_scans()
    prepare(methods)
    cache = build_cache(loaded)
    ready = introduce(spec, methods, credit=1, batch=loaded.settings.broker.batch_max)
    link = Link(str(spec["endpoint"]), loaded.settings.worker.heartbeat_s)
    server = WorkerServer(ready, link, lambda welcome: _build_session(loaded, methods, cache, welcome), cache)
    processes.on_stop_signals(server.stop)
    processes.watch_parent(leave_within(server.stop, LEAVE_S))
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    server.run()
    cache.close()


def introduce(
    spec: Mapping[str, Any],
    methods: Mapping[str, Method],
    *,
    credit: int,
    batch: int,
    store: backend.Store | None = None,
) -> backend.Ready:
    """Say who this process is."""
    return backend.Ready(
        worker_id=str(spec["worker_id"]),
        pool=str(spec["pool"]),
        methods=sorted(methods),
        credit=credit,
        batch=batch,
        host=socket.gethostname(),
        pid=os.getpid(),
        started_us=SystemClock.wall_us(),
        version=__version__,
        supervisor_id=str(spec["supervisor_id"]),
        store=store,
    )


def methods_of(loaded: Loaded, pool: str) -> dict[str, Method]:
    """Give the methods of a pool; ConfigurationError names the pools there are."""
    found = discover(debug=loaded.settings.debug_methods)
    pools = sorted({method.pool for method in found.values()})
    if pool not in pools:
        raise ConfigurationError(
            f"pool is {pool!r}; allowed: {', '.join(pools)}", details={"pool": {"allowed": pools}}
        )
    return {name: method for name, method in found.items() if method.pool == pool}


def import_providers(loaded: Loaded) -> None:
    """Import what the session needs while nobody waits: a registered worker is sent requests at once."""
    from tacore.market.registry import provider_kinds  # noqa: PLC0415 - numpy: the supervisor needs none

    for market, settings in parse_markets(loaded.trading.get("markets"), loaded.trading_file).items():
        provider_kinds(market, settings)


def _import_scans() -> None:
    from tacore.market.scan import shown, tables  # noqa: F401, PLC0415 - as above


def prepare(methods: Mapping[str, Method]) -> None:
    """Import what the methods need, for the same reason."""
    for method in methods.values():
        if method.prepare is not None:
            method.prepare()


def _build_session(
    loaded: Loaded, methods: dict[str, Method], cache: Cache, welcome: backend.Welcome
) -> Session:
    # The supervisor imports this module too, and needs neither numpy nor what builds on it.
    from tacore.bootstrap.calendars import calendars_of  # noqa: PLC0415
    from tacore.bootstrap.features import leave_anchors, table_fingerprints  # noqa: PLC0415
    from tacore.bootstrap.providers import providers_of  # noqa: PLC0415
    from tacore.market.router import build_market_data  # noqa: PLC0415
    from tacore.market.scan.presets import parse_scan  # noqa: PLC0415
    from tacore.market.scan.tables import TablesOnDisk  # noqa: PLC0415

    clock = SystemClock()
    markets = parse_markets(loaded.trading.get("markets"), loaded.trading_file)
    calendars = calendars_of(loaded)
    market = build_market_data(markets, clock, welcome.clock, providers_of(loaded), calendars, cache)
    threading.Thread(target=market.warm, name="warm", daemon=True).start()
    risk = parse_risk(loaded.trading.get("risk"), loaded.trading_file)
    journal = loaded.settings.journal
    leave_anchors(loaded, welcome.clock)
    tables = TablesOnDisk(
        loaded.settings.features_dir,
        table_fingerprints(loaded, markets, welcome.clock),
        parse_scan(loaded.trading.get("scan"), loaded.trading_file).presets,
        market,
        clock,
    )
    make_rows = RowMaker(journal.payloads, journal.field_cap_bytes)
    return Session(methods, Ports(market=market, risk=risk, tables=tables, cache=cache), clock, make_rows)


def leave_within(stop: Callable[[], None], seconds: float) -> Callable[[], None]:
    """Stop in good order, and at once when that takes too long: an orphan serves nobody."""

    def leave() -> None:

        stop()
        timer = threading.Timer(seconds, os._exit, (1,))
        timer.daemon = True
        timer.start()

    return leave
