"""A load on a broker for a while: requests in flight over raw sockets, and how long each answer took."""

import itertools
import os
import time
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import zmq

from tacore.client.envelope import encode_params

GRACE_S = 5.0
"""How long the last answers are waited for, and the longest silence in between."""

TELL_S = 0.2
Socket = zmq.Socket[bytes]
Tell = Callable[[float, "Measured"], None]
"""Is told now and then how many seconds have gone, and what was measured so far."""


class _Error(msgspec.Struct):
    code: str = "internal"


class _Reply(msgspec.Struct):
    request_id: str
    status: str = ""
    error: _Error | None = None


_decode = msgspec.json.Decoder(_Reply).decode


@dataclass(slots=True)
class Measured:
    """What came of a load; ``latencies_s`` has one entry for each answer, errors too."""

    sent: int = 0
    seconds: float = 0.0
    latencies_s: "array[float]" = field(default_factory=lambda: array("d"))
    errors: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False


class Load:
    """Keeps ``concurrency`` requests in flight over ``clients`` sockets; an answer is followed at once."""

    def __init__(
        self,
        endpoint: str,
        method: str,
        params: dict[str, object],
        clients: int,
        tell: Tell = lambda _seconds, _measured: None,
    ) -> None:
        self._tell = tell
        self._tell_at = 0.0
        self._context: zmq.Context[Socket] = zmq.Context()
        self._sockets = [self._connect(endpoint) for _ in range(clients)]
        self._poller = zmq.Poller()
        for socket in self._sockets:
            self._poller.register(socket, zmq.POLLIN)
        self._run = os.urandom(6).hex()
        rest = f'","method":{msgspec.json.encode(method).decode()},"params":{encode_params(params)}'
        self._tail = f'{rest},"timeout_ms":{round(GRACE_S * 1000)}}}'.encode()
        self._numbers = itertools.count()
        self._flying: dict[str, float] = {}
        self._measured = Measured()

    def run(self, concurrency: int, seconds: float) -> Measured:
        """Send for that long, wait for the rest, and give what was measured; Ctrl-C ends it early."""
        begun = time.perf_counter()
        try:
            for _, socket in zip(range(concurrency), itertools.cycle(self._sockets), strict=False):
                self._send(socket)
            self._keep_up(begun, begun + seconds)
        except KeyboardInterrupt:
            self._measured.interrupted = True
            self._flying.clear()
        self._measured.seconds = time.perf_counter() - begun
        if self._flying:
            self._measured.errors["no_answer"] += len(self._flying)
        self._context.destroy(linger=0)
        return self._measured

    def _connect(self, endpoint: str) -> Socket:
        socket = self._context.socket(zmq.DEALER)
        socket.sndhwm = socket.rcvhwm = 0
        socket.connect(endpoint)
        return socket

    def _keep_up(self, begun: float, until: float) -> None:
        heard = begun
        while self._flying:
            ready = self._poller.poll(int(TELL_S * 1000))
            now = time.perf_counter()
            if now >= self._tell_at:
                self._tell_at = now + TELL_S
                self._tell(now - begun, self._measured)
            if ready:
                heard = now
            elif now - heard >= GRACE_S:
                return
            for socket, _ in ready:
                self._read(socket, until)

    def _read(self, socket: Socket, until: float) -> None:
        try:
            while True:
                body = socket.recv(zmq.NOBLOCK)
                now = time.perf_counter()
                self._take(body, now)
                if now < until:
                    self._send(socket)
        except zmq.Again:
            return

    def _take(self, body: bytes, now: float) -> None:
        reply = _decode(body)
        started = self._flying.pop(reply.request_id, None)
        if started is None:
            return
        self._measured.latencies_s.append(now - started)
        if reply.status != "success":
            self._measured.errors[reply.error.code if reply.error else "internal"] += 1

    def _send(self, socket: Socket) -> None:
        name = f"{self._run}-{next(self._numbers)}"
        self._flying[name] = time.perf_counter()
        socket.send(f'{{"request_id":"{name}'.encode() + self._tail)
        self._measured.sent += 1
