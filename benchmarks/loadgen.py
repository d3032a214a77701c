"""One load on one endpoint: a DEALER with a window of requests in flight, or many REQ sockets.

Every reply is decoded, its id is matched and its status checked; what is lost or failed counts as an error.
Prints one JSON line.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator

import msgspec
import zmq

NOBLOCK, SNDMORE = int(zmq.NOBLOCK), int(zmq.SNDMORE)
PATIENCE_S = 10.0


class Reply(msgspec.Struct, gc=False):
    """What is looked at."""

    request_id: str
    status: str


_decode = msgspec.json.Decoder(Reply).decode


class Load:
    """What was sent and not yet answered, and how long the answers took."""

    def __init__(self, method: str, params: str) -> None:
        self._head = f'{{"request_id":"{os.getpid():x}-'.encode()
        self._tail = f'","method":"{method}","params":{params}}}'.encode()
        self._skip = len(self._head) - len(b'{"request_id":"')
        self._next = 0
        self.open: dict[str, float] = {}
        self.latencies_s: list[float] = []
        self.errors = 0

    def body(self) -> bytes:
        """Make the next request."""
        number = self._next
        self._next += 1
        self.open[str(number)] = time.perf_counter()
        return b"%b%d%b" % (self._head, number, self._tail)

    def take(self, body: bytes) -> None:
        """Match a reply."""
        reply = _decode(body)
        sent = self.open.pop(reply.request_id[self._skip :], None)
        if sent is None or reply.status != "success":
            self.errors += 1
        else:
            self.latencies_s.append(time.perf_counter() - sent)

    def measured_from_now(self) -> None:
        """Forget the warm-up."""
        self.latencies_s.clear()
        self.errors = 0


def dealer(endpoint: str, window: int, load: Load) -> Iterator[None]:
    """Keep a window of requests in flight on one socket; yields after each round, ends when asked to."""
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger, socket.sndhwm, socket.rcvhwm = 0, 0, 0
    socket.rcvtimeo = int(PATIENCE_S * 1000)
    socket.connect(endpoint)
    wanted = window
    try:
        while True:
            for _ in range(wanted):
                socket.send(b"", SNDMORE)
                socket.send(load.body())
            yield
            wanted = _drain(socket, load)
    except GeneratorExit:
        while load.open:
            _drain(socket, load)
    finally:
        socket.close()


def _drain(socket: "zmq.Socket[bytes]", load: Load) -> int:
    taken, most = 0, len(load.open)
    socket.recv()
    try:
        while True:
            load.take(socket.recv(NOBLOCK))
            taken += 1
            if taken == most:
                return taken
            socket.recv(NOBLOCK)
    except zmq.Again:
        return taken


def req(endpoint: str, clients: int, load: Load) -> Iterator[None]:
    """Have many REQ sockets with one request in flight each."""
    poller = zmq.Poller()
    sockets: list[zmq.Socket[bytes]] = [zmq.Context.instance().socket(zmq.REQ) for _ in range(clients)]
    for socket in sockets:
        socket.linger = 0
        socket.connect(endpoint)
        poller.register(socket, zmq.POLLIN)
        socket.send(load.body())
    try:
        while True:
            yield
            for socket, _ in poller.poll(int(PATIENCE_S * 1000)):
                load.take(socket.recv())
                socket.send(load.body())
    except GeneratorExit:
        while load.open:
            for socket, _ in poller.poll(int(PATIENCE_S * 1000)):
                load.take(socket.recv())
    finally:
        for socket in sockets:
            socket.close()


def run(load: Load, rounds: Iterator[None], warmup_s: float, duration_s: float) -> dict[str, float]:
    """Drive a load for a bounded time."""
    begin = time.perf_counter()
    while time.perf_counter() < begin + warmup_s:
        next(rounds)
    load.measured_from_now()
    mark = time.perf_counter()
    while (now := time.perf_counter()) < mark + duration_s:
        next(rounds)
    done, took_s = len(load.latencies_s), now - mark
    rounds.close()  # type: ignore[attr-defined]  # a generator
    ordered = sorted(load.latencies_s) or [0.0]

    def quantile(part: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1e3, 3)

    lost = load.errors + len(load.open)
    quantiles = {"p50_ms": quantile(0.5), "p95_ms": quantile(0.95), "p99_ms": quantile(0.99)}
    return {"req_s": round(done / took_s, 1), "requests": done, **quantiles, "errors": lost}


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("endpoint")
    parser.add_argument("--mode", choices=["dealer", "req"], default="dealer")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--duration", type=float, default=1.0)
    parser.add_argument("--warmup", type=float, default=0.3)
    parser.add_argument("--method", default="debug.echo")
    parser.add_argument("--params", default="{}")
    given = parser.parse_args()
    load = Load(given.method, given.params)
    drive = dealer if given.mode == "dealer" else req
    print(json.dumps(run(load, drive(given.endpoint, given.in_flight, load), given.warmup, given.duration)))


if __name__ == "__main__":
    main()
