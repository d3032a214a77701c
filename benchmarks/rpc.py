"""debug.echo through broker, worker and back, journal on, against libzmq's bare proxy; 2 workers each.

The two take turns, load by load and round by round, so that a noisy machine is as noisy for both. A row's
ratio is the median over the rounds of tacore's rate to the reference's in the same round. ``--reference
SCRIPT`` names another reference that prints ``{"endpoint": ...}`` as its first line.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tacore.client import Client

HERE = Path(__file__).parent
LOADS = ("dealer:1", "dealer:16", "dealer:64", "dealer:256", "req:1", "req:8", "req:32")
Result = dict[str, float]


@contextmanager
def reference(script: Path) -> Iterator[str]:
    """Run the reference; give its endpoint."""
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, cwd=script.parent
    )
    try:
        yield json.loads(next(iter(process.stdout or ())))["endpoint"]
    finally:
        process.terminate()
        process.wait()


@contextmanager
def tacore(workers: int, *options: str) -> Iterator[tuple[str, str]]:
    """Run a service with its journal in a folder of its own; give its endpoint and the folder."""
    with tempfile.TemporaryDirectory(prefix="tacore-bench-") as home:
        ports = {"ZMQ_FRONTEND_PORT": "15555", "ZMQ_BACKEND_PORT": "15556", "API_PORT": "18000"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tacore", "up", "-n", str(workers), "--home", home, *options],
            env={
                **os.environ,
                **ports,
                "TACORE_WORKER__FEATURE_TABLES": "false",
            },  # built at first: not the path
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        endpoint = "tcp://127.0.0.1:15555"
        try:
            _wait_until_up(endpoint, workers)
            yield endpoint, home
        finally:
            process.terminate()
            process.wait()


def _wait_until_up(endpoint: str, workers: int) -> None:
    deadline = time.monotonic() + 60
    with Client(endpoint, retries=100) as client:
        while client.call("health.check")["workers"] < workers:
            if time.monotonic() > deadline:
                raise SystemExit("tacore did not come up")
            time.sleep(0.1)


def measure(endpoint: str, load: str, duration_s: float) -> Result:
    """Run one load in a process of its own."""
    mode, _, in_flight = load.partition(":")
    command = [sys.executable, str(HERE / "loadgen.py"), endpoint, "--mode", mode, "--in-flight", in_flight]
    done = subprocess.run(
        [*command, "--duration", str(duration_s)], capture_output=True, text=True, check=True
    )
    result: Result = json.loads(done.stdout)
    return result


def main() -> None:
    """Measure and print the table of the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, default=HERE / "bare_proxy.py")
    parser.add_argument("--loads", nargs="+", default=LOADS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--duration", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    found: dict[tuple[str, str], list[Result]] = {}
    with reference(given.reference.resolve()) as bare, tacore(given.workers) as (ours, _):
        for number in range(given.rounds):
            for load in given.loads:
                turns = [("bare", bare), ("tacore", ours)]
                for name, endpoint in turns if number % 2 else turns[::-1]:
                    found.setdefault((load, name), []).append(measure(endpoint, load, given.duration))
    print(
        "| in flight | bare req/s | tacore req/s | ratio "
        "| bare p50 ms | tacore p50 ms | tacore p99 ms | errors |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for load in given.loads:
        pair = found[load, "bare"], found[load, "tacore"]
        ratio = statistics.median(b["req_s"] / a["req_s"] for a, b in zip(*pair, strict=True))
        rates = [statistics.median(each["req_s"] for each in results) for results in pair]
        p50 = [statistics.median(each["p50_ms"] for each in results) for results in pair]
        p99 = statistics.median(each["p99_ms"] for each in pair[1])
        errors = sum(each["errors"] for results in pair for each in results)
        cells = [f"{rates[0]:,.0f}", f"{rates[1]:,.0f}", f"{ratio:.2f}", f"{p50[0]:.2f}", f"{p50[1]:.2f}"]
        print(f"| {load} | {' | '.join(cells)} | {p99:.2f} | {errors:.0f} |")


if __name__ == "__main__":
    main()
