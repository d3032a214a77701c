"""Replies on their way out: a slow client gets its replies late, within a bound, and holds up nobody."""

from collections import Counter, deque
from collections.abc import Callable, Iterable

import zmq

MORE = int(zmq.NOBLOCK) | int(zmq.SNDMORE)
LAST = int(zmq.NOBLOCK)
KEPT_REPLIES = 20_000
KEPT_BYTES = 256 << 20
Letter = tuple[bytes, bool, bytes]
"""A client's routing id, whether its reply goes behind an empty frame, and the reply."""


def plain_send(socket: "zmq.Socket[bytes]") -> Callable[[bytes, int], object]:
    """Give a socket's send in C; the one in Python around it serves other kinds and doubles the price."""
    return super(zmq.Socket, socket).send


class Mailroom:
    """Sends replies on a ROUTER with ROUTER_MANDATORY.

    A client whose pipe is full has its replies kept, up to ``limit`` of them and ``limit_bytes`` for all
    clients together; over that they are dropped and counted. A client that is gone has its replies counted as
    unroutable.
    """

    def __init__(
        self,
        socket: "zmq.Socket[bytes]",
        counts: "Counter[str]",
        limit: int = KEPT_REPLIES,
        limit_bytes: int = KEPT_BYTES,
    ) -> None:
        self._send = plain_send(socket)
        self._counts = counts
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._kept: dict[bytes, deque[Letter]] = {}
        self._kept_bytes = 0

    def waiting(self) -> bool:
        """Tell whether replies are kept for slow clients."""
        return bool(self._kept)

    def send(self, letters: Iterable[Letter]) -> None:
        """Send each reply, or keep it for later."""
        kept, attempt = self._kept, self._try
        for letter in letters:
            if (kept and letter[0] in kept) or not attempt(letter):
                self._keep(letter)

    def _try(self, letter: Letter) -> bool:
        client, delimited, body = letter
        send = self._send
        try:
            send(client, MORE)
        except zmq.Again:
            return False
        except zmq.ZMQError:
            self._counts["unroutable"] += 1
            return True
        if delimited:
            send(b"", MORE)
        send(body, LAST)
        return True

    def retry(self) -> None:
        """Try again to send what was kept; a client that still takes nothing costs one try."""
        for client, line in list(self._kept.items()):
            while line and self._try(line[0]):
                self._kept_bytes -= len(line.popleft()[2])
            if not line:
                del self._kept[client]

    def _keep(self, letter: Letter) -> None:
        line = self._kept.get(letter[0], ())
        if len(line) >= self._limit or self._kept_bytes + len(letter[2]) > self._limit_bytes:
            self._counts["replies_dropped"] += 1
            return
        self._kept.setdefault(letter[0], deque()).append(letter)
        self._kept_bytes += len(letter[2])
