"""Where clients come in: through ZeroMQ's ROUTER, or directly."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

import zmq

from tacore.broker.mailroom import Letter, Mailroom

NOBLOCK, RCVMORE = int(zmq.NOBLOCK), int(zmq.RCVMORE)
A_LOOK = 32
Heard = tuple[bytes, bool, bytes | int]
"""A client's routing id, whether an empty frame came first, and the frame after it or how many there were."""


class Front(Protocol):
    """The broker's side towards its clients."""

    @property
    def handle(self) -> "int | zmq.Socket[bytes]":
        """What is polled for reading."""

    @property
    def endpoint(self) -> str:
        """Where clients connect."""

    def pending(self) -> bool:
        """Tell whether there is something to read whatever the handle says."""

    def read(self) -> Iterator[Heard]:
        """Give some of what clients sent."""

    def send(self, letters: Iterable[Letter]) -> None:
        """Send each reply, or keep it for later."""

    def waiting(self) -> bool:
        """Tell whether replies are kept for slow clients."""

    def tick(self) -> None:
        """Do what is to be done from time to time."""

    def close(self) -> None:
        """Close it, after clients had a moment to take what is kept for them."""


class RouterFront:
    """Clients through a bound ROUTER, which stays the caller's to close."""

    def __init__(self, router: "zmq.Socket[bytes]", counts: "Counter[str]") -> None:
        self._router = router
        self._mail = Mailroom(router, counts)

    @property
    def handle(self) -> "zmq.Socket[bytes]":
        """The socket."""
        return self._router

    @property
    def endpoint(self) -> str:
        """Where clients connect."""
        return str(self._router.getsockopt_string(zmq.LAST_ENDPOINT))

    def pending(self) -> bool:
        """Tell that polling the socket says it all."""
        return False

    def read(self) -> Iterator[Heard]:
        """Give some of what clients sent."""
        # A Frame knows whether more follow, at less than the price of asking the socket.
        recv = self._router.recv
        try:
            for _ in range(A_LOOK):
                client = recv(NOBLOCK)
                frame = recv(NOBLOCK, False)
                delimited = not len(frame)
                if delimited and frame.more:
                    frame = recv(NOBLOCK, False)
                yield client, delimited, self._count(1 + delimited) if frame.more else frame.bytes
        except zmq.Again:
            pass

    def _count(self, frames: int) -> int:
        while self._router.getsockopt(RCVMORE):
            self._router.recv(NOBLOCK)
            frames += 1
        return frames

    def send(self, letters: Iterable[Letter]) -> None:
        """Send each reply, or keep it for later."""
        self._mail.send(letters)

    def waiting(self) -> bool:
        """Tell whether replies are kept for slow clients."""
        return self._mail.waiting()

    def tick(self) -> None:
        """Try again to send what was kept."""
        self._mail.retry()

    def close(self) -> None:
        """Try a last time; what ZeroMQ has by then is sent while its context lingers."""
        self._mail.retry()
