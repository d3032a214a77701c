"""A worker process: its two sockets, around a session."""

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil
import zmq

from tacore.ports import Cache, NoCache
from tacore.wire import backend
from tacore.worker.session import Session

log = logging.getLogger("tacore.worker")

IDLE_MS = 250
SNDMORE = int(zmq.SNDMORE)


@dataclass(frozen=True, slots=True)
class Link:
    """Where the broker is, and how often to show signs of life (seconds)."""

    endpoint: str
    heartbeat_s: float = 1.0


class WorkerServer:
    """Serves batches until stopped. `run` belongs to the main thread; heartbeats have a thread of their own.

    ``build`` makes the session once the broker has said welcome, whose answer carries the markets' clocks.
    ``cache`` is what the session's methods use: heartbeats report it, and the broker may have it cleared.
    """

    def __init__(
        self,
        ready: backend.Ready,
        link: Link,
        build: Callable[[backend.Welcome], Session],
        cache: Cache | None = None,
    ) -> None:
        self._ready = ready
        self._link = link
        self._build = build
        self._cache: Cache = cache or NoCache()
        self._welcome: backend.Welcome | None = None
        self._session: Session | None = None
        self._stopping = False
        self._drained = False
        self._cut_off = False
        self._ended = threading.Event()
        self._wake_send, self._wake_recv = socket.socketpair()
        self._context = zmq.Context()
        self._data = self._dealer(backend.DATA)
        self._data.rcvtimeo = self._data.sndtimeo = IDLE_MS

    def _dealer(self, face: bytes) -> "zmq.Socket[bytes]":
        made = self._context.socket(zmq.DEALER)
        made.setsockopt(zmq.ROUTING_ID, face + f"{self._ready.worker_id}/{self._ready.pid}".encode())
        made.setsockopt(zmq.IMMEDIATE, 1)
        made.setsockopt(zmq.RECONNECT_IVL, 50)
        made.setsockopt(zmq.RECONNECT_IVL_MAX, 400)
        made.setsockopt(zmq.HEARTBEAT_IVL, 2000)
        made.setsockopt(zmq.HEARTBEAT_TIMEOUT, 6000)
        made.linger = 500
        made.connect(self._link.endpoint)
        return made

    def stop(self) -> None:
        """Finish what is held, take leave of the broker and end. Safe in a signal handler and any thread."""
        self._stopping = True
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # closed, once it has ended
            self._wake_send.send(b"x")

    # -- the data socket ---------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until stopped."""
        control = threading.Thread(target=self._control_loop, name="control", daemon=True)
        control.start()
        self._register()
        while self._next():
            pass
        self._send(backend.message(backend.GOODBYE, backend.Name(self._ready.worker_id)))
        self._ended.set()
        self._wake()
        control.join(2.0)
        self._wake_send.close()
        self._wake_recv.close()
        self._context.destroy(linger=500)

    def _next(self) -> bool:
        data = self._data
        try:
            frame = data.recv(copy=False)
        except zmq.Again:
            return not (self._stopping and self._cut_off)
        header, frames = frame.bytes, []
        while frame.more:
            frame = data.recv(copy=False)
            frames.append(frame.bytes)
        kind = header[:1]
        if kind == backend.REQUEST and self._session is not None:
            self._answer(self._session, header, frames[0])
        elif kind == backend.WELCOME:
            self._greeted(backend.payload(backend.Welcome, header))
        elif kind == backend.REGISTER:
            self._register()
        elif kind == backend.GOODBYE:
            return False
        return True

    def _answer(self, session: Session, header: bytes, blob: bytes) -> None:
        head, replies, rows = session.run(header, blob)
        try:
            self._data.send(head, SNDMORE)
            self._data.send(replies, SNDMORE)
            self._data.send(rows)
        except zmq.Again:
            log.warning("reply_undeliverable", extra={"worker_id": self._ready.worker_id})

    def _register(self) -> None:
        ready = backend.message(backend.READY, self._ready)
        while not self._send(ready) and not self._stopping:
            pass

    def _send(self, header: bytes) -> bool:
        try:
            self._data.send(header)
        except zmq.Again:
            return False
        return True

    def _greeted(self, welcome: backend.Welcome) -> None:
        if self._session is None or welcome != self._welcome:
            self._session = self._build(welcome)
            self._welcome = welcome
        if self._stopping:
            self._drained = False  # this broker does not know yet that we leave
            self._wake()
        log.info("registered", extra={"worker_id": self._ready.worker_id, "broker": welcome.version})

    # -- the control socket, on its own thread -----------------------------------------------------

    def _control_loop(self) -> None:
        socket_ = self._dealer(backend.CONTROL)
        poller = zmq.Poller()
        poller.register(socket_, zmq.POLLIN)
        poller.register(self._wake_recv, zmq.POLLIN)
        process = psutil.Process()
        due = 0.0
        while not self._ended.is_set():
            now = time.monotonic()
            if now >= due:
                self._beat(socket_, process)
                due = now + self._link.heartbeat_s
            for ready, _ in poller.poll(max(1, int((due - now) * 1000))):
                if ready is socket_:
                    self._obey(socket_.recv())
                else:
                    self._wake_recv.recv(64)
            if self._stopping and not self._drained:
                self._drained = True  # first: a welcome that comes meanwhile takes it back
                if not self._say_drain(socket_):
                    self._drained = False
        socket_.close(linger=0)

    def _beat(self, control: "zmq.Socket[bytes]", process: psutil.Process) -> None:
        cpu = process.cpu_times()
        beat = backend.Heartbeat(
            self._ready.worker_id, cpu.user + cpu.system, process.memory_info().rss, self._cache.report()
        )
        self._send_control(control, backend.message(backend.HEARTBEAT, beat))

    def _say_drain(self, control: "zmq.Socket[bytes]") -> bool:
        order = backend.message(backend.DRAIN, backend.Name(self._ready.worker_id))
        return self._send_control(control, order)

    def _send_control(self, control: "zmq.Socket[bytes]", header: bytes) -> bool:
        try:
            control.send(header, zmq.NOBLOCK)
        except zmq.Again:
            self._cut_off = True
            return False
        self._cut_off = False
        return True

    def _obey(self, header: bytes) -> None:
        kind = header[:1]
        if kind == backend.CANCEL and self._session is not None:
            self._session.cancel(backend.payload(backend.Cancel, header).dispatch_id)
        elif kind == backend.CLEAR:
            self._cache.clear(backend.payload(backend.Clear, header).kind)
        elif kind == backend.KILL:
            log.error("killed_by_broker", extra={"worker_id": self._ready.worker_id})
            os._exit(137)
