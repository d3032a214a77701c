"""One client's connection: what it says, what it is to be told, and what waits because it does not read."""

import socket
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from tacore.wire.zmtp import Message, Session

A_READ = 8192
MOST_A_READ = 1 << 20
A_WRITE = 1 << 18


class Allowance:
    """What is kept for slow clients at most: so many replies for each, so many bytes for all together."""

    __slots__ = ("counts", "kept_bytes", "limit", "limit_bytes")

    def __init__(self, limit: int, limit_bytes: int, counts: "Counter[str]") -> None:
        self.limit = limit
        self.limit_bytes = limit_bytes
        self.counts = counts
        self.kept_bytes = 0


class Connection:
    """Reads and writes a non-blocking socket; ``replies`` is what `flush` sends next.

    ``name`` is the client's routing id, empty until the handshake is over. ``unheard`` are messages that came
    and were not taken yet; nothing more is read before they are. Each method raises OSError where the client
    is gone.
    """

    __slots__ = ("_allowance", "born", "kept", "name", "replies", "session", "socket", "unheard")

    def __init__(self, accepted: socket.socket, session: Session, allowance: Allowance, born: float) -> None:
        self.socket = accepted
        self.session = session
        self.born = born
        self.name = b""
        self.unheard: Iterator[Message] | None = None
        self.replies: list[bytes] = []
        self.kept: deque[bytes | memoryview] = deque()
        self._allowance = allowance

    def receive(self) -> None:
        """Read once what is there. Raises BlockingIOError where nothing is, Violation as the session does."""
        data = self.socket.recv(min(max(self.session.wanted, A_READ), MOST_A_READ))
        if not data:
            raise ConnectionResetError
        self.unheard = self.session.feed(data)

    def finish(self) -> None:
        """Say that no more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def is_over(self) -> bool:
        """Read past what the client still says; tell whether it has closed its end."""
        try:
            return not self.socket.recv(MOST_A_READ)
        except BlockingIOError:
            return False

    def flush(self) -> bool:
        """Send the replies; tell whether the client just became slow, so that some of them are kept."""
        replies, began = self.replies, False
        if self.kept:
            self._keep(replies)
        else:
            data = replies[0] if len(replies) == 1 else b"".join(replies)
            try:
                sent = self.socket.send(data)
            except BlockingIOError:
                sent = 0
            if sent < len(data):
                began = True
                self._keep(_rest(replies, sent))
        replies.clear()
        return began

    def resume(self) -> None:
        """Send more of what is kept."""
        some, size = [], 0
        for reply in self.kept:
            some.append(reply)
            size += len(reply)
            if size >= A_WRITE:
                break
        try:
            sent = self.socket.send(some[0] if len(some) == 1 else b"".join(some))
        except BlockingIOError:
            return
        self._allowance.kept_bytes -= sent
        kept = self.kept
        while kept and sent >= len(kept[0]):
            sent -= len(kept.popleft())
        if sent:
            kept[0] = memoryview(kept[0])[sent:]

    def close(self) -> None:
        """Close it; what was kept is lost."""
        self._allowance.kept_bytes -= sum(map(len, self.kept))
        self.kept.clear()
        self.replies.clear()
        self.socket.close()

    def _keep(self, replies: Iterable[bytes | memoryview]) -> None:
        """Keep replies for later; the first one, part of which may be sent, in any case."""
        kept, allowance = self.kept, self._allowance
        for reply in replies:
            full = len(kept) >= allowance.limit or allowance.kept_bytes + len(reply) > allowance.limit_bytes
            if full and kept:
                allowance.counts["replies_dropped"] += 1
            else:
                kept.append(reply)
                allowance.kept_bytes += len(reply)


def _rest(replies: Iterable[bytes], sent: int) -> Iterator[bytes | memoryview]:
    """Give what is left of replies of which so many bytes are sent."""
    for reply in replies:
        if sent < len(reply):
            yield memoryview(reply)[sent:] if sent else reply
        sent = max(0, sent - len(reply))
