"""What 50 slow requests in flight do to quick ones: p99 of debug.echo beside debug.sleep, and without.

Rounds with and without take turns, so that a noisy machine is as noisy for both. Starts a service of its own
on free ports in a temporary home: ``python -m benchmarks.isolation``.
"""

import argparse
import json
import statistics
import time

import zmq

from benchmarks.service import service

PATIENCE_MS = 20_000


class Flow:
    """A DEALER that keeps a number of requests of one method in flight."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, method: str) -> None:
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.method = method
        self.took_ms: list[float] = []
        self.open: dict[int, float] = {}
        self._next = 0

    def fill(self, window: int, params: dict[str, float]) -> None:
        """Send until that many are in flight."""
        while len(self.open) < window:
            self._next += 1
            request = {"request_id": self._next, "method": self.method, "params": params}
            self.open[self._next] = time.perf_counter()
            self.socket.send(json.dumps(request | {"timeout_ms": PATIENCE_MS}).encode())

    def drain(self) -> None:
        """Take the replies that are there."""
        while self.socket.poll(0):
            reply = json.loads(self.socket.recv())
            if reply["status"] != "success":
                raise SystemExit(f"{self.method} failed: {reply['error']}")
            self.took_ms.append((time.perf_counter() - self.open.pop(reply["request_id"])) * 1000)


def play(quick: Flow, slow: Flow, options: argparse.Namespace, sleepers: int) -> float:
    """Run one round; give the p99 of the quick method in milliseconds."""
    poller = zmq.Poller()
    for flow in (quick, slow):
        poller.register(flow.socket, zmq.POLLIN)
    settled = time.perf_counter() + options.settle
    until = settled + options.round
    while (now := time.perf_counter()) < until or slow.open or quick.open:
        if now < until:
            slow.fill(sleepers, {"seconds": options.seconds})
            quick.fill(options.window, {"n": 1})
        poller.poll(100)
        quick.drain()
        slow.drain()
        if now < settled:
            quick.took_ms.clear()
    ordered = sorted(quick.took_ms)
    quick.took_ms.clear()
    return ordered[int(len(ordered) * 0.99)]


def main() -> None:
    """Play the rounds and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--round", type=float, default=1.5, help="seconds of a round")
    parser.add_argument("--settle", type=float, default=0.5, help="seconds before a round counts")
    parser.add_argument("--sleepers", type=int, default=50, help="debug.sleep in flight")
    parser.add_argument("--seconds", type=float, default=0.1, help="how long each of them sleeps")
    parser.add_argument("--window", type=int, default=16, help="debug.echo in flight")
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    with service(options.workers) as endpoint, zmq.Context() as context:
        quick, slow = Flow(context, endpoint, "debug.echo"), Flow(context, endpoint, "debug.sleep")
        pairs = []
        for number in range(options.rounds):
            order = (0, options.sleepers) if number % 2 == 0 else (options.sleepers, 0)
            p99 = {sleepers: play(quick, slow, options, sleepers) for sleepers in order}
            pairs.append((p99[0], p99[options.sleepers]))
            print(f"round {number + 1}: p99 {pairs[-1][0]:.2f} ms alone, {pairs[-1][1]:.2f} ms beside")
        quick.socket.close()
        slow.socket.close()
    alone, beside = (statistics.median(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(two / one for one, two in pairs)
    print(f"p99 of debug.echo, {options.window} in flight, {options.workers} workers (median of rounds):")
    print(f"  alone                                 {alone:8.2f} ms")
    print(f"  beside {options.sleepers} debug.sleep of {options.seconds:g} s in flight {beside:8.2f} ms")
    print(f"  ratio (median over the rounds)        {ratio:8.2f}")


if __name__ == "__main__":
    main()
