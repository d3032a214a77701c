"""The parent of worker processes on a host: keeps them up, and takes orders from the broker."""

import logging
from collections.abc import Callable
from typing import Any

import msgspec
import zmq

from tacore.clock import Clock
from tacore.wire import backend
from tacore.worker.companion import Companion
from tacore.worker.slots import Slots

log = logging.getLogger("tacore.worker")

Describe = Callable[[Slots], backend.Fleet]
UNCONNECTED_S = 0.05
"""How soon to introduce itself again while there is no connection to the broker."""


class SupervisorServer:
    """Runs slots until stopped; registers with the broker and repeats it as a heartbeat."""

    def __init__(
        self,
        slots: Slots,
        describe: Describe,
        endpoint: str,
        clock: Clock,
        heartbeat_s: float = 1.0,
        drain_s: float = 10.0,
        companion: Companion | None = None,
    ) -> None:
        self._slots = slots
        self._describe = describe
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._drain_s = drain_s
        self._companion = companion
        self._stop_by: float | None = None
        self._beat_due = 0.0
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        me = describe(slots)
        self._me = me.supervisor_id
        self._socket.setsockopt(zmq.ROUTING_ID, backend.SUPERVISOR + f"{me.supervisor_id}/{me.pid}".encode())
        self._socket.setsockopt(zmq.IMMEDIATE, 1)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 400)
        self._socket.linger = 200
        self._socket.connect(endpoint)

    def stop(self) -> None:
        """Let every worker finish, then end. Safe in a signal handler and from any thread."""
        if self._stop_by is None:
            self._stop_by = self._clock.monotonic() + self._drain_s

    def run(self) -> None:
        """Keep the workers up until stopped, then see them all off."""
        while self._stop_by is None:
            self._turn()
        for process in self._slots.running():
            process.terminate()
        if self._companion is not None:
            self._companion.stop()
        self._slots.wanted = 0
        while self._running() and self._clock.monotonic() < self._stop_by:
            self._listen(0.1)
            self._reap()
        for process in self._slots.running():
            process.kill()
        if self._companion is not None:
            self._companion.kill()
        while self._running():
            self._listen(0.05)
            self._reap()
        self._send(backend.message(backend.GOODBYE, backend.Name(self._me)))
        self._context.destroy(linger=200)

    def _running(self) -> bool:
        gone = self._companion is None or self._companion.gone()
        return bool(self._slots.running()) or not gone

    def _turn(self) -> None:
        now = self._clock.monotonic()
        self._slots.due(now)
        if self._companion is not None:
            self._companion.turn(now)
        if now >= self._beat_due:
            sent = self._send(backend.message(backend.FLEET, self._describe(self._slots)))
            self._beat_due = now + (self._heartbeat_s if sent else min(UNCONNECTED_S, self._heartbeat_s))
        following = min(self._beat_due, self._slots.next_start() or self._beat_due)
        self._listen(min(max(following - now, 0.0), 0.2))
        self._reap()

    def _listen(self, at_most_s: float) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        for process in self._slots.running():
            poller.register(process.fd, zmq.POLLIN)
        for ready, _ in poller.poll(int(at_most_s * 1000) + 1):
            if ready is self._socket:
                self._read()

    def _read(self) -> None:
        try:
            while True:
                self._obey(self._socket.recv(zmq.NOBLOCK))
        except zmq.Again:
            pass
        except msgspec.MsgspecError:
            log.warning("order_malformed")

    def _obey(self, header: bytes) -> None:
        kind, now = header[:1], self._clock.monotonic()
        orders: dict[bytes, Callable[[str], Any]] = {
            backend.RESTART: lambda name: self._slots.restart(name, now),
            backend.KILL: self._slots.kill,
            backend.STOP: self._slots.retire,
        }
        if kind == backend.SCALE:
            wanted = backend.payload(backend.Scale, header).wanted
            log.info("scale", extra={"wanted": wanted})
            self._slots.scale(wanted, now)
        elif kind in orders:
            orders[kind](backend.payload(backend.Name, header).worker_id)
        elif kind == backend.REGISTER:
            self._beat_due = now

    def _reap(self) -> None:
        for worker_id, reason in self._slots.reap(self._clock.monotonic()):
            self._send(backend.message(backend.DIED, backend.Died(worker_id, reason)))
            log.info("worker_ended", extra={"worker_id": worker_id, "reason": reason})
        for worker_id in self._slots.gave_up():
            log.debug("worker_given_up", extra={"worker_id": worker_id})

    def _send(self, header: bytes) -> bool:
        try:
            self._socket.send(header, zmq.NOBLOCK)
        except zmq.Again:
            log.debug("broker_unreachable")
            return False
        return True
