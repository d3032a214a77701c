"""Whether broker, journal writer and workers keep their memory over many requests.

Sends debug.echo over one DEALER and prints the resident set of each process at every mark:
``python -m benchmarks.memory [--requests 1000000]``.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping

import psutil
import zmq

from benchmarks.service import service
from tacore.client import Client

Pids = Mapping[str, int]


def processes(endpoint: str) -> dict[str, int]:
    """Give the pids of the service's processes by their roles."""
    with Client(endpoint) as client:
        health = client.call("health.check", {"detailed": True})
    parts = health["components"]
    workers = sorted(each["pid"] for each in parts["workers"]["workers"])
    named = {f"worker {number}": pid for number, pid in enumerate(workers, start=1)}
    return {"broker": health["pid"], "writer": parts["journal"]["writer_pid"], **named}


def resident_mb(pids: Pids) -> dict[str, float]:
    """Measure each process."""
    return {name: psutil.Process(pid).memory_info().rss / 1e6 for name, pid in pids.items()}


def send(socket: "zmq.Socket[bytes]", requests: int, window: int, every: int) -> Iterator[int]:
    """Send and receive them all; yields the count at every mark."""
    body = json.dumps({"method": "debug.echo", "params": {"text": "x" * 100}})[1:]
    sent = received = 0
    while received < requests:
        while sent < requests and sent - received < window:
            socket.send(f'{{"request_id": "m-{sent}", {body}'.encode())
            sent += 1
        if not socket.poll(20_000):
            raise SystemExit(f"no answer after {received} requests")
        while received < sent and socket.poll(0):
            socket.recv()
            received += 1
            if received % every == 0:
                yield received


def main() -> None:
    """Send the requests and print a line at every mark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--every", type=int, default=100_000)
    parser.add_argument("--window", type=int, default=256)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with service(options.workers) as endpoint, zmq.Context() as context:
        pids = processes(endpoint)
        first: dict[str, float] = {}
        print(f"{'requests':>10} {'req/s':>8}  " + "  ".join(f"{name:>9}" for name in pids) + "   (MB)")
        with context.socket(zmq.DEALER) as socket:
            socket.linger = 0
            socket.connect(endpoint)
            mark = time.perf_counter()
            for count in send(socket, options.requests, options.window, options.every):
                now = resident_mb(pids)
                first = first or now
                rate = options.every / (time.perf_counter() - mark)
                figures = "  ".join(f"{each:9.1f}" for each in now.values())
                print(f"{count:>10} {rate:>8.0f}  {figures}", flush=True)
                mark = time.perf_counter()
        growth = {name: now[name] - first[name] for name in pids}
        grown = ", ".join(f"{name} {each:+.1f}" for name, each in growth.items())
        print(f"grown since the first mark (MB): {grown}")


if __name__ == "__main__":
    main()
