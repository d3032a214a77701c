"""Paper orders through the whole service, beside one bare SQLite commit with FULL sync on the same disk.

A commit, one client and many clients take turns, round by round, so that a noisy machine is as noisy for all.
Each client waits for its answer before it sends its next order, which is a market order that fills. A real
service on free ports in a temporary home: ``python -m benchmarks.orders``.
"""

import argparse
import itertools
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import yaml
import zmq

from benchmarks.service import service
from tacore.settings.files import packaged_config_dir
from tacore.settings.names import TRADING_FILE

PATIENCE_MS = 20_000
NO_LIMITS = {
    "max_order_notional": None,
    "max_position_notional": None,
    "max_gross_exposure": None,
    "max_open_orders": None,
    "max_orders_per_minute": None,
    "max_daily_loss": None,
    "duplicate_window_s": None,
}
BARE = "a bare commit"


class Reply(msgspec.Struct):
    """What is looked at of a reply."""

    request_id: str
    status: str
    error: dict[str, object] | None


_decode = msgspec.json.Decoder(Reply).decode


def commits(folder: Path, seconds: float) -> list[float]:
    """Commit one small row after the other; give how long each took (seconds)."""
    path = folder / "bare.db"
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT)")
    took, until = [], time.perf_counter() + seconds
    while (begun := time.perf_counter()) < until:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO rows (text) VALUES (?)", ("x" * 200,))
        connection.execute("COMMIT")
        took.append(time.perf_counter() - begun)
    connection.close()
    return took


def orders(endpoint: str, numbers: Iterator[int], clients: int, seconds: float) -> list[float]:
    """Keep one order of each client in flight; give how long the answers took (seconds)."""
    took: list[float] = []
    sent: dict[str, float] = {}
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.connect(endpoint)
        until = time.perf_counter() + seconds
        while sent or time.perf_counter() < until:
            while len(sent) < clients and time.perf_counter() < until:
                number = next(numbers)
                name = f"{os.getpid()}-{number}"
                side = "buy" if number % 2 else "sell"
                params = {"symbol": "AAPL", "action": side, "quantity": 1}
                sent[name] = time.perf_counter()
                request = {"request_id": name, "method": "execute.order", "params": params}
                socket.send(msgspec.json.encode({**request, "timeout_ms": PATIENCE_MS}))
            if not socket.poll(PATIENCE_MS):
                raise SystemExit(f"{len(sent)} orders got no answer")
            reply = _decode(socket.recv())
            took.append(time.perf_counter() - sent.pop(reply.request_id))
            if reply.status != "success":
                raise SystemExit(f"an order failed: {reply.error}")
    return took


def shown(name: str, rounds: list[tuple[float, list[float]]], reference: float) -> tuple[str, float]:
    """Write a line of the report; also give the median rate of the rounds."""
    rate = statistics.median(len(took) / seconds for seconds, took in rounds)
    cuts = statistics.quantiles([each for _, took in rounds for each in took], n=100)
    ratio = f"{rate / reference:.2f}x" if reference else ""
    return f"{name:>14}  {rate:>9,.0f}  {cuts[49] * 1000:>8.2f}  {cuts[98] * 1000:>8.2f}  {ratio:>7}", rate


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", type=float, default=2.0, help="seconds of a turn")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        config = yaml.safe_load((packaged_config_dir() / TRADING_FILE).read_text(encoding="utf-8"))
        account = {"cash": {"USD": 100_000_000_000}, "limits": {**NO_LIMITS, "allow_short": True}}
        config["trading"]["accounts"] = {"paper": account}
        (folder / TRADING_FILE).write_text(yaml.safe_dump(config), encoding="utf-8")
        with service(1, True, TACORE_CONFIG=str(folder)) as endpoint:
            measure(asked, folder, endpoint)


def measure(asked: argparse.Namespace, folder: Path, endpoint: str) -> None:
    """Take turns, and print the table."""
    found: dict[str, list[tuple[float, list[float]]]] = {}
    numbers = itertools.count(1)
    orders(endpoint, numbers, 8, 1.0)  # warm
    for _ in range(asked.rounds):
        found.setdefault(BARE, []).append((asked.duration, commits(folder, asked.duration)))
        for clients in asked.clients:
            begun = time.perf_counter()
            took = orders(endpoint, numbers, clients, asked.duration)
            found.setdefault(f"{clients} clients", []).append((time.perf_counter() - begun, took))
    print(f"{'':>14}  {'a second':>9}  {'p50 ms':>8}  {'p99 ms':>8}  {'of bare':>7}")
    reference, rates = 0.0, {}
    for name, rounds in found.items():
        line, rates[name] = shown(name, rounds, reference)
        reference = reference or rates[name]
        print(line)
    first, last = (f"{each} clients" for each in (min(asked.clients), max(asked.clients)))
    print(f"{last} against {first}: {rates[last] / rates[first]:.1f}x")


if __name__ == "__main__":
    main()
