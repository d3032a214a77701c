"""Clients' connections that the broker's own thread reads and writes.

A message through a ZeroMQ socket passes an I/O thread, which has to be woken, and takes a call for each
frame. Here one call reads what a client sent together, and one writes what is ready for it.
"""

import contextlib
import ipaddress
import itertools
import logging
import os
import select
import socket
import struct
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from tacore.broker.connection import Allowance, Connection
from tacore.broker.mailroom import KEPT_BYTES, KEPT_REPLIES, Letter
from tacore.wire.zmtp import Session, Violation, head

log = logging.getLogger("tacore.broker")

READ, WRITE = 1, 4
"""EPOLLIN and EPOLLOUT, by their numbers: other systems' select module lacks the names."""
A_LOOK = 32
A_TURN = 256
A_WORD = 32
"""Messages that are taken in a turn, and of one client before others have their turn."""
BACKLOG = 1024
HANDSHAKE_S = 30.0
KEEPALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 5, "TCP_USER_TIMEOUT": 30_000}
"""A host that vanished is noticed after 30 s, as is a client that takes nothing of what waits for it."""
A_COMPLAINT_S = 1.0
"""Complaints are all counted, and one in this time is logged."""
_NAME = struct.Struct(">BI")


def is_possible(host: str) -> bool:
    """Tell whether clients of that interface can be served this way."""
    if sys.platform != "linux":
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host == "*"
    return True


class Direct:
    """Listens for ZeroMQ clients and speaks their protocol with them, by one thread without blocking.

    A client that does not read has its replies kept, up to ``limit`` of them and ``limit_bytes`` for all
    clients together; over that they are dropped and counted. Raises OSError where it can't listen.
    """

    def __init__(
        self,
        host: str,
        port: int,
        counts: "Counter[str]",
        max_message_bytes: int,
        limit: int = KEPT_REPLIES,
        limit_bytes: int = KEPT_BYTES,
    ) -> None:
        host = host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        address = ("" if host == "*" else host, port)
        self._listener = socket.create_server(address, family=family, backlog=BACKLOG)
        self._listener.setblocking(False)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, READ)
        self._listens = True
        self._counts = counts
        self._max_message_bytes = max_message_bytes
        self._allowance = Allowance(limit, limit_bytes, counts)
        self._connections: dict[int, Connection] = {}
        self._strangers: dict[int, Connection] = {}
        self._unheard: deque[Connection] = deque()
        self._by_name: dict[bytes, Connection] = {}
        self._names = itertools.count(int.from_bytes(os.urandom(4)))
        self._next_complaint = 0.0

    @property
    def handle(self) -> int:
        """The descriptor to be polled for reading."""
        return self._epoll.fileno()

    @property
    def endpoint(self) -> str:
        """Where clients connect."""
        host, port = self._listener.getsockname()[:2]
        return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"

    # -- reading -----------------------------------------------------------------------------------

    def pending(self) -> bool:
        """Tell whether more was read than was taken: read again, whatever the handle says."""
        return bool(self._unheard)

    def read(self) -> Iterator[tuple[bytes, bool, bytes | int]]:
        """Give some of what clients sent: routing id, whether delimited, the body or a number of frames."""
        for fd, events in self._epoll.poll(0, A_LOOK):
            connection = self._connections.get(fd)
            if connection is None:
                if fd == self._listener.fileno():
                    self._accept()
                continue
            if events & WRITE:
                self._resume(connection)
            if events != WRITE and connection.unheard is None:
                self._receive(connection)
        left = A_TURN
        while self._unheard and left > 0:
            connection, taken = self._unheard.popleft(), 0
            try:
                for delimited, body in itertools.islice(connection.unheard or (), A_WORD):
                    taken += 1
                    yield connection.name, delimited, body
            except Violation as violation:
                self._send_away(connection, violation)
                continue
            left -= taken
            self._has_spoken(connection, over=taken < A_WORD)

    def _receive(self, connection: Connection) -> None:
        try:
            connection.receive()
            identity = connection.session.identity
            if not connection.name and identity is not None:
                self._meet(connection, identity)
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)
        except Violation as violation:
            self._send_away(connection, violation)
        else:
            self._unheard.append(connection)

    def _has_spoken(self, connection: Connection, *, over: bool) -> None:
        if over:
            connection.unheard = None
        else:
            self._unheard.append(connection)
        if connection.session.to_send:
            self._say(connection)

    def _accept(self) -> None:
        for _ in range(A_LOOK):
            try:
                accepted, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptors left: a later tick looks again
                self._listens = False
                self._epoll.unregister(self._listener)
                self._complain("clients_not_accepted", str(error))
                return
            try:
                self._welcome(accepted)
            except OSError as error:
                self._complain("clients_not_accepted", str(error))
                accepted.close()

    def _welcome(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            accepted.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._epoll.register(accepted, READ)
        session = Session(self._max_message_bytes)
        connection = Connection(accepted, session, self._allowance, time.monotonic())
        self._connections[accepted.fileno()] = self._strangers[accepted.fileno()] = connection
        self._say(connection)

    def _meet(self, connection: Connection, identity: bytes) -> None:
        while not identity:
            name = _NAME.pack(0, next(self._names) & 0xFFFFFFFF)
            identity = b"" if name in self._by_name else name
        if identity in self._by_name:
            raise Violation(f"the identity {identity!r} is another client's")
        connection.name = identity
        self._by_name[identity] = connection
        del self._strangers[connection.socket.fileno()]

    # -- writing -----------------------------------------------------------------------------------

    def send(self, letters: Iterable[Letter]) -> None:
        """Send each reply, or keep it for later."""
        by_name, touched = self._by_name, []
        for client, delimited, body in letters:
            connection = by_name.get(client)
            if connection is None:
                self._counts["unroutable"] += 1
                continue
            replies = connection.replies
            if not replies:
                touched.append(connection)
            replies.append(head(len(body), delimited) + body)
        for connection in touched:
            self._flush(connection)

    def waiting(self) -> bool:
        """Tell whether replies are kept for slow clients."""
        return bool(self._allowance.kept_bytes)

    def _say(self, connection: Connection) -> None:
        """Send what the protocol itself wants sent; who does not read needs no sign of life."""
        said = b"".join(connection.session.to_send)
        connection.session.to_send.clear()
        if not connection.kept and connection.socket.fileno() >= 0:
            connection.replies.append(said)
            self._flush(connection)

    def _flush(self, connection: Connection) -> None:
        try:
            if connection.flush():
                self._epoll.modify(connection.socket, READ | WRITE)
        except OSError:
            self._drop(connection)

    def _resume(self, connection: Connection) -> None:
        try:
            connection.resume()
            if not connection.kept:
                self._epoll.modify(connection.socket, READ)
        except OSError:
            self._drop(connection)

    # -- the end of connections --------------------------------------------------------------------

    def tick(self) -> None:
        """Send away who does not say who it is in time; accept again after descriptors had run out."""
        if not self._listens:
            with contextlib.suppress(OSError):
                self._epoll.register(self._listener, READ)
                self._listens = True
        late = time.monotonic() - HANDSHAKE_S
        for connection in list(itertools.takewhile(lambda each: each.born < late, self._strangers.values())):
            self._send_away(connection, Violation(f"no handshake within {HANDSHAKE_S:.0f} s"))

    def close(self, linger_s: float = 1.0) -> None:
        """Close all, after clients had a moment to take what was sent and what is kept for them.

        What is closed with something unread loses what its client has not received: each is read to its end.
        """
        if self._epoll.closed:
            return
        self._listener.close()
        for connection in list(self._connections.values()):
            if not connection.kept:
                self._finish(connection)
        until = time.monotonic() + linger_s
        while self._connections and (left_s := until - time.monotonic()) > 0:
            for fd, events in self._epoll.poll(left_s, A_LOOK):
                self._see_off(self._connections[fd], events)
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._epoll.close()

    def _see_off(self, connection: Connection, events: int) -> None:
        try:
            if events != WRITE and connection.is_over():
                raise ConnectionResetError
        except OSError:
            self._drop(connection)
            return
        if connection.kept and events & WRITE:
            self._resume(connection)
            if not connection.kept:
                self._finish(connection)

    def _finish(self, connection: Connection) -> None:
        try:
            connection.finish()
        except OSError:
            self._drop(connection)

    def _send_away(self, connection: Connection, violation: Violation) -> None:
        self._complain("clients_sent_away", str(violation), connection)
        self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        fd = connection.socket.fileno()
        if fd < 0:
            return
        self._epoll.unregister(fd)
        del self._connections[fd]
        self._strangers.pop(fd, None)
        if connection.name:
            del self._by_name[connection.name]
        connection.close()

    def _complain(self, what: str, why: str, connection: Connection | None = None) -> None:
        self._counts[what] += 1
        now = time.monotonic()
        if now < self._next_complaint:
            return
        self._next_complaint = now + A_COMPLAINT_S
        about = {"why": why}
        if connection is not None:
            with contextlib.suppress(OSError):
                about["peer"] = "{}:{}".format(*connection.socket.getpeername())
        log.warning(what, extra=about)
