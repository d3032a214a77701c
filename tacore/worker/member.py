"""What every worker process has in common: its two sockets, signs of life, registering and taking leave."""

import contextlib
import logging
import os
import socket
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass

import psutil
import zmq

from tacore.clock import SystemClock
from tacore.ports import Cache, NoCache
from tacore.wire import backend

log = logging.getLogger("tacore.worker")

IDLE_MS = 250


@dataclass(frozen=True, slots=True)
class Link:
    """Where the broker is, and how often to show signs of life (seconds)."""

    endpoint: str
    heartbeat_s: float = 1.0


class Member(ABC):
    """A worker process as the broker sees it. `run` belongs to the main thread; heartbeats have their own.

    Who inherits reads the data socket in `_next`, whose False ends it. ``cache`` is what its methods use:
    heartbeats report it, and the broker may have it cleared.
    """

    def __init__(self, ready: backend.Ready, link: Link, cache: Cache | None = None) -> None:
        self._ready = ready
        self._link = link
        self._cache: Cache = cache or NoCache()
        self._stopping = False
        self._drained = False
        self._cut_off = False
        self._ended = threading.Event()
        self._wake_send, self._wake_recv = socket.socketpair()
        self._context = zmq.Context()
        self._data = self._dealer(backend.DATA)
        self._data.rcvtimeo = self._data.sndtimeo = IDLE_MS

    def _routing(self, face: bytes) -> bytes:
        return face + f"{self._ready.worker_id}/{self._ready.pid}".encode()

    def _dealer(self, face: bytes) -> "zmq.Socket[bytes]":
        made = self._context.socket(zmq.DEALER)
        made.setsockopt(zmq.ROUTING_ID, self._routing(face))
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
        try:
            while self._next():
                pass
        except BaseException:
            self._close(control, linger_ms=0)
            raise
        self._send(backend.message(backend.GOODBYE, backend.Name(self._ready.worker_id)))
        self._close(control, linger_ms=500)

    def _close(self, control: threading.Thread, linger_ms: int) -> None:
        self._ended.set()
        self._wake()
        control.join(2.0)
        self._wake_send.close()
        self._wake_recv.close()
        self._context.destroy(linger=linger_ms)

    @abstractmethod
    def _next(self) -> bool: ...

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

    def _welcomed(self, welcome: backend.Welcome) -> None:
        """Take note that the broker knows this process."""
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
            self._ready.worker_id,
            cpu.user + cpu.system,
            process.memory_info().rss,
            self._cache.report(),
            SystemClock.wall_us(),
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
        if kind == backend.CANCEL:
            self._cancel(backend.payload(backend.Cancel, header).dispatch_id)
        elif kind == backend.CLEAR:
            self._cache.clear(backend.payload(backend.Clear, header).kind)
        elif kind == backend.KILL:
            log.error("killed_by_broker", extra={"worker_id": self._ready.worker_id})
            os._exit(137)

    def _cancel(self, dispatch_id: int) -> None:
        """Hear, on the control thread, that nobody waits for that dispatch; unless told how, it goes on."""
        log.debug("cancel_ignored", extra={"dispatch_id": dispatch_id})
