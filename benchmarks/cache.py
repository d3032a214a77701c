"""A mixed load of repeated reads with Redis, without, with Redis stopped, and with no cache at all.

Four ways take turns, round by round, so that a noisy machine is as noisy for all; each turn begins with the
processes' caches empty. Real services on free ports in temporary homes: ``python -m benchmarks.cache``.
"""

import argparse
import json
import random
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import zmq
from msgspec import UNSET, UnsetType

from benchmarks.service import service
from tacore.client import Client
from tacore.errors import TacoreError

US = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
CRYPTO = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")
MARKET_DATA: list[dict[str, Any]] = [
    *({"symbols": [symbol], "limit": limit} for symbol in US for limit in (1, 30, 250)),
    *({"symbols": list(US), "timeframe": width, "limit": 20} for width in ("1d", "1w")),
    *({"symbols": [symbol], "limit": 0} for symbol in CRYPTO),
    *({"symbols": [symbol], "timeframe": "1h", "limit": 24} for symbol in CRYPTO),
]
SCANS: list[dict[str, Any]] = [
    {"market": "US", "preset": "top_gainers"},
    {"market": "US", "criteria": {"min_volume": 1_000_000, "price_range": [10, 500]}},
    {"market": "CRYPTO", "symbols": ["BTC/USDT", "ETH/USDT"]},
]
ANALYSES: list[dict[str, Any]] = [
    *({"symbol": symbol} for symbol in US),
    *({"symbol": symbol, "analysis_type": "risk"} for symbol in US),
    *({"symbol": symbol, "timeframe": "1h"} for symbol in CRYPTO),
]
RISKS: list[dict[str, Any]] = [
    {"portfolio": {"AAPL": 100}},
    {"portfolio": {"aapl": {"amount": 100}}},
    {"portfolio": {"AAPL": 50, "MSFT": 200, "USD": 20_000}, "method": "parametric"},
    {"portfolio": {"GOOG": 10, "IBM": 40}, "method": "monte_carlo", "seed": 7},
    {"portfolio": {"GOOG": 10}, "proposed_trade": {"symbol": "IBM", "action": "buy", "quantity": 40}},
    {"portfolio": {"BTC": 0.5, "USDT": 10_000}, "confidence": 0.99},
]
READS = {
    "get.market_data": MARKET_DATA,
    "scan.market": SCANS,
    "analyze.stock": ANALYSES,
    "evaluate.risk": RISKS,
}
WAYS = ("with Redis", "Redis stopped", "process only", "no cache")
KINDS = ("MARKET_DATA", "ANALYSIS", "RISK")
PATIENCE_S = 20.0
TABLES_S = 60.0


class Data(msgspec.Struct):
    """What is looked at of an answer; a scan is served from a table and says nothing of a cache."""

    cached: bool | UnsetType = UNSET


class Reply(msgspec.Struct):
    """What is looked at of a reply."""

    request_id: int
    data: Data | None
    error: dict[str, Any] | None


_decode = msgspec.json.Decoder(Reply).decode


class Redis:
    """A redis-server on a Unix socket."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "s"
        self.url = f"unix://{self.socket}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        binary = shutil.which("redis-server") or "redis-server"
        where = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self._folder), "--save", ""]
        self._process = subprocess.Popen([binary, *where], stdout=subprocess.DEVNULL)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, if it runs."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


def play(endpoint: str, seconds: float, window: int, seed: int) -> dict[str, float]:
    """Keep a window of reads in flight, each method as often as the others.

    Gives the rate, the share from the cache of all that could come from it, and the latencies (ms).
    """
    choose = random.Random(seed)  # noqa: S311 - no secret
    took_ms: list[float] = []
    sent: dict[int, float] = {}
    cached = cacheable = number = 0
    methods = list(READS)
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.connect(endpoint)
        begun = time.perf_counter()
        until = begun + seconds
        while sent or time.perf_counter() < until:
            while len(sent) < window and time.perf_counter() < until:
                number += 1
                method = choose.choice(methods)
                request = {"request_id": number, "method": method, "params": choose.choice(READS[method])}
                sent[number] = time.perf_counter()
                socket.send(json.dumps(request).encode())
            if not socket.poll(int(PATIENCE_S * 1000)):
                raise SystemExit(f"{len(sent)} requests got no answer")
            reply = _decode(socket.recv())
            took_ms.append((time.perf_counter() - sent.pop(reply.request_id)) * 1000)
            if reply.data is None:
                raise SystemExit(f"a request failed: {reply.error}")
            cached += reply.data.cached is True
            cacheable += reply.data.cached is not UNSET
        whole_s = time.perf_counter() - begun
    cuts = statistics.quantiles(took_ms, n=100)
    rates = {"req_s": len(took_ms) / whole_s, "hit_rate": cached / cacheable}
    return rates | {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


def wait_for(endpoint: str, status: str) -> None:
    """Wait until the cache's health is that."""
    deadline = time.monotonic() + PATIENCE_S
    with Client(endpoint, timeout_s=1.0, retries=0) as client:
        while time.monotonic() < deadline:
            try:
                if client.call("health.check", {"detailed": True})["components"]["cache"]["status"] == status:
                    return
            except TacoreError:
                pass
            time.sleep(0.05)
    raise SystemExit(f"the cache did not become {status}")


def wait_for_tables(endpoint: str) -> None:
    """Wait until there is something to scan, so that no refresher's first work is measured along."""
    deadline = time.monotonic() + TABLES_S
    with Client(endpoint, timeout_s=5.0, retries=0) as client:
        while time.monotonic() < deadline:
            report = client.call("health.check", {"detailed": True})["components"]["features"]
            markets = report.get("markets", {}).values()
            if markets and all(each.get("full") for each in markets):
                return
            time.sleep(0.2)
    raise SystemExit("the feature tables were not ready")


def clear(endpoint: str) -> None:
    """Empty the processes' caches."""
    with Client(endpoint) as client:
        client.call("admin.clear_cache")


@contextmanager
def services(redis: Redis, ways: list[str], workers: int) -> Iterator[dict[str, str]]:
    """Run the services that the ways need; give their endpoints by the ways."""
    nothing = {f"TACORE_CACHE__{kind}__TTL_{state}_S": "0" for kind in KINDS for state in ("OPEN", "CLOSED")}
    needs = {
        "with Redis": {"REDIS_URL": redis.url, "TACORE_REDIS__RETRY_S": "0.1"},
        "process only": {"REDIS_URL": ""},
        "no cache": {"REDIS_URL": "", **nothing},
    }
    with ExitStack() as running:
        endpoints: dict[str, str] = {}
        for way in ways:
            if way in needs:
                settings = {"TACORE_WORKER__FEATURE_TABLES": "true", **needs[way]}
                endpoints[way] = running.enter_context(service(workers, **settings))
                wait_for_tables(endpoints[way])
        yield endpoints | {"Redis stopped": endpoints["with Redis"]}


def main() -> None:
    """Play the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--round", type=float, default=1.5, help="seconds of a round, for each way")
    parser.add_argument("--window", type=int, default=8, help="requests in flight")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ways", default=",".join(WAYS), help="which of them; with Redis is always one")
    options = parser.parse_args()
    ways = [each for each in WAYS if each in options.ways or each == "with Redis"]
    if shutil.which("redis-server") is None:
        raise SystemExit("there is no redis-server on PATH: install Debian's package of that name")
    found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(Path(folder))
        redis.start()
        try:
            with services(redis, ways, options.workers) as endpoints:
                for number in range(options.rounds):
                    _round(redis, endpoints, found, options, number)
        finally:
            redis.end(signal.SIGKILL)
    _show(found, options)


def _round(
    redis: Redis,
    endpoints: dict[str, str],
    found: dict[str, list[dict[str, float]]],
    options: argparse.Namespace,
    number: int,
) -> None:
    for way, rounds in found.items():
        if way == "with Redis":
            wait_for(endpoints[way], "healthy")
        elif way == "Redis stopped":
            redis.end(signal.SIGKILL)
        clear(endpoints[way])
        rounds.append(play(endpoints[way], options.round, options.window, number))
        if way == "Redis stopped":
            redis.start()


def _show(found: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> None:
    print(
        f"{sum(map(len, READS.values()))} different reads of {len(READS)} methods, "
        f"{options.window} in flight, {options.workers} workers; "
        f"medians of {options.rounds} rounds"
    )
    print("| | hit rate | req/s | p50 ms | p95 ms | p99 ms | p50 to `with Redis` | p95 to it |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    base = found["with Redis"]
    for way, rounds in found.items():
        middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
        ratio = {
            name: statistics.median(b[name] / a[name] for a, b in zip(base, rounds, strict=True))
            for name in ("p50", "p95")
        }
        cells = [f"{100 * middle['hit_rate']:.1f} %", f"{middle['req_s']:,.0f}"]
        cells += [f"{middle[name]:.2f}" for name in ("p50", "p95", "p99")]
        print(f"| {way} | {' | '.join(cells)} | {ratio['p50']:.2f} | {ratio['p95']:.2f} |")


if __name__ == "__main__":
    main()
