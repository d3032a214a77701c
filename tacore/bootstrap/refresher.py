"""The refresher process of a host, from the settings."""

import json
import os
import threading
from pathlib import Path

from tacore import processes
from tacore.bootstrap.cache import build_cache
from tacore.bootstrap.features import anchors_path, data_fingerprint, table_fingerprints
from tacore.bootstrap.providers import providers_of
from tacore.clock import Clock, SystemClock
from tacore.market.features.refresher import Kept, Refresher
from tacore.market.features.status import status_path
from tacore.market.lineup import has_remote
from tacore.market.router import build_market_data
from tacore.market.scan.presets import parse_scan
from tacore.model.markets import parse_markets
from tacore.ports import Cache
from tacore.settings.loaded import Loaded
from tacore.settings.logs import start_logs

LOOK_S = 1.0
"""How often to look for the market clocks, and whether they were set anew."""
NICE = 10


def serve_refresher(loaded: Loaded) -> None:
    """Keep the feature tables of every configured market until told to stop, or the parent is gone."""
    start_logs(loaded, file="worker.log", stderr=False, context={"worker_id": "refresher"})
    os.nice(NICE)  # requests go first
    stopping = threading.Event()
    processes.on_stop_signals(stopping.set)
    processes.watch_parent(lambda: os._exit(0))  # what is half written is never seen, so nothing needs an end
    anchors, clock = anchors_path(loaded), SystemClock()
    markets = parse_markets(loaded.trading.get("markets"), loaded.trading_file)
    cache = build_cache(loaded) if has_remote(markets) else None
    try:
        while not stopping.is_set():
            if anchors.exists():
                _run(loaded, anchors, clock, stopping, cache)
            stopping.wait(LOOK_S)
    finally:
        if cache is not None:
            cache.close()
        status_path(loaded.settings.features_dir).unlink(missing_ok=True)


def _run(loaded: Loaded, anchors: Path, clock: Clock, stopping: threading.Event, cache: Cache | None) -> None:
    """Refresh until told to stop, or until the market clocks are set anew."""
    known = anchors.read_bytes()
    refresher = _build(loaded, known, clock, cache)
    look_due = clock.monotonic() + LOOK_S
    while not stopping.is_set():
        stopping.wait(min(refresher.turn(), LOOK_S))
        if clock.monotonic() >= look_due:
            look_due = clock.monotonic() + LOOK_S
            if anchors.read_bytes() != known:
                return


def _build(loaded: Loaded, known: bytes, clock: Clock, cache: Cache | None) -> Refresher:
    found = json.loads(known)
    markets = parse_markets(loaded.trading.get("markets"), loaded.trading_file)
    scanning = parse_scan(loaded.trading.get("scan"), loaded.trading_file)
    providers = providers_of(loaded)
    data = build_market_data(markets, clock, found, providers, cache=cache)
    names = table_fingerprints(loaded, markets, found)
    kept = {
        market: Kept(
            market=market,
            refresh_s=scanning.refresh_of(market),
            fingerprint=names[market],
            data_fingerprint=data_fingerprint(each, providers.settings),
        )
        for market, each in markets.items()
    }
    return Refresher(loaded.settings.features_dir, data, kept, clock)
