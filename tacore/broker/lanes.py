"""The broker's end of its workers' lanes: who has one, and who asks for one."""

import socket

import zmq

from tacore.wire import lane
from tacore.wire.lane import Lane, Offer

HELLO_BYTES = 1024
MOST_STRANGERS = 64


class Lanes:
    """Takes lanes and finds them by their worker's routing id.

    ``offer`` goes into the welcome; it is None where lanes are not ``offered`` or the system has none. A
    worker is who knows the token; another user's process is turned away, and so is who comes when 64 wait
    already that have not said who they are.
    """

    def __init__(self, *, offered: bool = True) -> None:
        self._listener: socket.socket | None = None
        self.offer: Offer | None = None
        if offered and (opened := lane.listen()) is not None:
            self._listener, self.offer = opened
        self._poller: zmq.Poller | None = None
        self._by_routing: dict[bytes, Lane] = {}
        self._known: dict[int, tuple[bytes, Lane]] = {}
        self._strangers: dict[int, socket.socket] = {}

    def watch(self, poller: zmq.Poller) -> None:
        """Have whatever comes here polled for from now on."""
        self._poller = poller
        if self._listener is not None:
            poller.register(self._listener.fileno(), zmq.POLLIN)

    def send(self, routing: bytes, frames: tuple[bytes, ...]) -> bool:
        """Send a batch; False where it has to go through ZeroMQ."""
        found = self._by_routing.get(routing)
        return found is not None and found.send(frames)

    def read(self, fd: int) -> tuple[bytes, list[bytes]] | None:
        """Take what is there at a descriptor that was polled for; None where it is no message."""
        found = self._known.get(fd)
        if found is None:
            self._meet(fd)
            return None
        routing, its_lane = found
        frames = its_lane.receive()
        if frames is None:
            self._part(fd, routing, its_lane)
        return (routing, frames) if frames else None

    def close(self) -> None:
        """Close all of it; workers go on through ZeroMQ."""
        for fd, (routing, its_lane) in list(self._known.items()):
            self._part(fd, routing, its_lane)
        for fd in list(self._strangers):
            self._dismiss(fd).close()
        if self._listener is not None:
            self._unwatch(self._listener.fileno())
            self._listener.close()
            self._listener = None

    def _meet(self, fd: int) -> None:
        if fd in self._strangers:
            self._introduce(self._dismiss(fd))
            return
        if self._listener is None:
            return
        try:
            stranger, _ = self._listener.accept()
        except OSError:
            return
        if not lane.is_same_user(stranger) or len(self._strangers) >= MOST_STRANGERS:
            stranger.close()
            return
        stranger.setblocking(False)
        self._strangers[stranger.fileno()] = stranger
        self._watch(stranger.fileno())

    def _introduce(self, stranger: socket.socket) -> None:
        try:
            hello = stranger.recv(HELLO_BYTES)
        except OSError:
            hello = b""
        routing = self.offer.who(hello) if self.offer else None
        if not routing:
            stranger.close()
            return
        before = self._by_routing.get(routing)
        if before is not None:
            self._part(before.fileno(), routing, before)
        made = Lane(stranger)
        self._by_routing[routing] = made
        self._known[made.fileno()] = routing, made
        self._watch(made.fileno())

    def _dismiss(self, fd: int) -> socket.socket:
        self._unwatch(fd)
        return self._strangers.pop(fd)

    def _part(self, fd: int, routing: bytes, its_lane: Lane) -> None:
        self._unwatch(fd)
        del self._known[fd]
        del self._by_routing[routing]
        its_lane.close()

    def _watch(self, fd: int) -> None:
        if self._poller is not None:
            self._poller.register(fd, zmq.POLLIN)

    def _unwatch(self, fd: int) -> None:
        if self._poller is not None:
            self._poller.unregister(fd)
