"""The broker's socket loop: reads clients and workers, feeds the core, carries out what it wants."""

import logging
from dataclasses import dataclass

import zmq

from tacore.broker import direct
from tacore.broker.core import Core
from tacore.broker.direct import Direct
from tacore.broker.fleet import Fleet
from tacore.broker.front import Front, RouterFront
from tacore.broker.lanes import Lanes
from tacore.broker.mailroom import plain_send
from tacore.broker.scheduling import calm_io_threads
from tacore.ports import Journal
from tacore.wire.records import Answers, encode_chunk

log = logging.getLogger("tacore.broker")

NOBLOCK, SNDMORE = int(zmq.NOBLOCK), int(zmq.SNDMORE)
DRAIN_AT_MOST = 512
LAST_LOOKS = 16
A_TURN = 32
"""Requests read before they are handed out: workers begin with these while the next are read."""
HOLD_MS, TICK_MS, SLOW_TICK_MS = 1, 20, 100


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the broker binds, and what its sockets hold at most (messages, bytes).

    With ``direct`` clients' connections are the broker's own where that is possible, else ZeroMQ's.
    """

    frontend: str
    backend: str
    hwm: int = 1000
    max_message_bytes: int = 8 << 20
    direct: bool = True


class Server:
    """Owns the sockets. `run` returns after `stop`, when everything accepted is answered and journalled.

    Raises OSError or ZMQError where it can't listen.
    """

    def __init__(
        self,
        core: Core,
        fleet: Fleet,
        journal: Journal,
        endpoints: Endpoints,
        drain_s: float = 10.0,
        lanes: Lanes | None = None,
    ) -> None:
        self._core = core
        self._fleet = fleet
        self._journal = journal
        self._drain_s = drain_s
        self._stop_by: float | None = None
        self._context = zmq.Context()
        self._back = self._router(endpoints.backend, endpoints)
        self._lanes = lanes or Lanes(offered=False)
        try:
            self._front = self._open_front(endpoints)
        except OSError:
            self._context.destroy(linger=0)
            raise
        self._send_back = plain_send(self._back)
        self._next_tick = 0.0
        self._next_look = 0.0

    @property
    def bound(self) -> tuple[str, str]:
        """Where clients and where workers connect."""
        return self._front.endpoint, str(self._back.getsockopt_string(zmq.LAST_ENDPOINT))

    def _open_front(self, endpoints: Endpoints) -> Front:
        counts = self._core.out.counts
        host, _, port = endpoints.frontend.removeprefix("tcp://").rpartition(":")
        if endpoints.direct and direct.is_possible(host):
            return Direct(host, int(port.replace("*", "0")), counts, endpoints.max_message_bytes)
        return RouterFront(self._router(endpoints.frontend, endpoints), counts)

    def _router(self, endpoint: str, endpoints: Endpoints) -> "zmq.Socket[bytes]":
        socket = self._context.socket(zmq.ROUTER)
        socket.linger = 1000
        socket.sndhwm = socket.rcvhwm = endpoints.hwm
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        socket.setsockopt(zmq.MAXMSGSIZE, endpoints.max_message_bytes)
        socket.setsockopt(zmq.HEARTBEAT_IVL, 5000)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 15000)
        if endpoint == endpoints.backend:
            socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
            socket.setsockopt(zmq.MAXMSGSIZE, -1)
        try:
            socket.bind(endpoint)
        except zmq.ZMQError:
            self._context.destroy(linger=0)
            raise
        return socket

    def stop(self, how: str = "stop") -> None:
        """Drain; with "stop", end as well, at the latest when the drain time is over.

        Safe in a signal handler.
        """
        self._core.draining = True
        if how == "stop" and self._stop_by is None:
            self._stop_by = self._core.clock.monotonic() + self._drain_s

    def run(self) -> None:
        """Serve until stopped."""
        clock, poller = self._core.clock, zmq.Poller()
        poller.register(self._front.handle, zmq.POLLIN)
        poller.register(self._back, zmq.POLLIN)
        self._lanes.watch(poller)
        calm_io_threads()
        while not self._done(clock.monotonic()):
            ready = poller.poll(self._patience_ms())
            if ready or self._core.holding() or self._front.pending():
                self._turn([socket for socket, _ in ready])
            now = clock.monotonic()
            if now >= self._next_tick:
                self._tick(now)

    def _patience_ms(self) -> int:
        if self._front.pending():
            return 0
        if self._core.holding():
            return HOLD_MS
        busy = self._core.out.records or self._front.waiting()
        return TICK_MS if busy else SLOW_TICK_MS

    def _turn(self, ready: list[object]) -> None:
        now, front = self._core.clock.monotonic(), self._front.handle
        if self._back in ready:
            self._read_workers(now)
        for each in ready:
            if type(each) is int and each != front:
                self._read_lane(each, now)
        if front in ready or self._front.pending():
            self._read_clients(now)
        self._hand_out(now)

    def _hand_out(self, now: float) -> None:
        self._core.dispatch(now)
        self._flush()

    def _done(self, now: float) -> bool:
        if self._stop_by is None:
            return False
        return now >= self._stop_by or (not self._core.in_flight() and not self._front.waiting())

    def close(self) -> None:
        """Answer what can't be finished, hand the journal over, and close the sockets."""
        self._core.give_up("the broker is stopping")
        for _ in range(LAST_LOOKS):
            self._read_clients(self._core.clock.monotonic())
        self._fleet.farewell()
        self._flush()
        self._front.tick()
        self._give_to_journal()
        self._journal.close(10.0)
        self._lanes.close()
        # Last: a ZeroMQ client whose connection ends may lose the reply that it has just received.
        self._front.close()
        self._context.destroy(linger=1000)

    # -- reading -----------------------------------------------------------------------------------

    def _read_clients(self, now: float) -> None:
        on_request, left = self._core.on_request, A_TURN
        for client, delimited, body in self._front.read():
            if isinstance(body, bytes):
                on_request(client, delimited, body, now)
            else:
                self._core.on_frames(client, delimited, body)
            left -= 1
            if not left:
                self._hand_out(now)
                left = A_TURN

    def _read_workers(self, now: float) -> None:
        recv, on_message = self._back.recv, self._fleet.on_message
        try:
            for _ in range(DRAIN_AT_MOST):
                routing = recv(NOBLOCK)
                frame = recv(NOBLOCK, False)
                frames = [frame.bytes]
                while frame.more:
                    frame = recv(NOBLOCK, False)
                    frames.append(frame.bytes)
                on_message(routing, frames, now)
                if self._core.out.to_clients:
                    self._send_clients()
        except zmq.Again:
            pass

    def _read_lane(self, fd: int, now: float) -> None:
        message = self._lanes.read(fd)
        if message is not None:
            self._fleet.on_message(*message, now)
            self._send_clients()

    # -- writing -----------------------------------------------------------------------------------

    def _flush(self) -> None:
        out = self._core.out
        while out.to_clients or out.to_workers:
            self._send_clients()
            self._send_workers()

    def _send_clients(self) -> None:
        replies = self._core.out.to_clients
        self._front.send(replies)
        replies.clear()

    def _send_workers(self) -> None:
        out, send = self._core.out, self._send_back
        orders, out.to_workers = out.to_workers, []
        for routing, frames in orders:
            if len(frames) > 1 and self._lanes.send(routing, frames):
                continue
            try:
                send(routing, SNDMORE | NOBLOCK)
            except zmq.Again:
                out.counts["backend_full"] += 1
                self._fleet.unreachable(routing, self._core.clock.monotonic())
                continue
            except zmq.ZMQError:
                self._fleet.unreachable(routing, self._core.clock.monotonic())
                continue
            last = len(frames) - 1
            for index, frame in enumerate(frames):
                send(frame, NOBLOCK | SNDMORE if index < last else NOBLOCK)

    # -- time --------------------------------------------------------------------------------------

    def _tick(self, now: float) -> None:
        self._next_tick = now + TICK_MS / 1000
        self._give_to_journal()
        self._front.tick()
        if now >= self._next_look:
            self._next_look = now + SLOW_TICK_MS / 1000
            self._fleet.tick(now)
            self._hand_out(now)

    def _give_to_journal(self) -> None:
        records = self._core.out.records
        if records:
            rows = sum(len(each.clients) for each in records if isinstance(each, Answers))
            self._journal.append(encode_chunk(records), rows)
            records.clear()
        self._journal.pump()
