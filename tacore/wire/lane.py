"""A lane: the short cut of batches between the broker and a worker on the same host.

A ZeroMQ message passes an I/O thread at either end, and each of them must be woken; between two processes of
one host that is most of a quick request's time. A lane is a Unix socket that keeps messages apart
(SOCK_SEQPACKET), written and read by the threads that make and take the batches. It only ever carries what
would also reach its end through ZeroMQ: what does not fit into it, or finds it full or closed, goes that way.

The broker's `Offer` is in its welcome. A worker that can connect to it, says its routing id and the offer's
token first. Linux alone has the sockets and the names without a file that this needs.
"""

import os
import secrets
import socket
import struct
import sys
from collections.abc import Sequence

import msgspec

MOST_BYTES = 128 << 10
_LENGTHS = struct.Struct("<III")
_PEER = struct.Struct("3i")
_CONNECT_S = 1.0


class Offer(msgspec.Struct, array_like=True, frozen=True):
    """Where a broker takes lanes (an abstract Unix address), and the word that its workers know."""

    address: bytes
    token: bytes

    def hello(self, routing: bytes) -> bytes:
        """Build what a worker says first."""
        return self.token + routing

    def who(self, hello: bytes) -> bytes | None:
        """Read the routing id of a worker that knows the token."""
        size = len(self.token)
        return hello[size:] if secrets.compare_digest(hello[:size], self.token) else None


class Lane:
    """One end of a lane; it never blocks."""

    __slots__ = ("_buffer", "_socket")

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._buffer = bytearray(MOST_BYTES)

    def fileno(self) -> int:
        """Give the descriptor, to be polled."""
        return self._socket.fileno()

    def send(self, frames: Sequence[bytes]) -> bool:
        """Send a message of two or three frames, none of them empty; False where it has to go another way."""
        first, second, third = (*frames, b"")[:3]
        if len(first) + len(second) + len(third) > MOST_BYTES - _LENGTHS.size:
            return False
        lengths = _LENGTHS.pack(len(first), len(second), len(third))
        try:
            self._socket.sendmsg((lengths, first, second, third))
        except OSError:
            return False
        return True

    def receive(self) -> list[bytes] | None:
        """Take the next message, [] where there is none now, None where the other end is gone."""
        buffer = self._buffer
        try:
            size = self._socket.recv_into(buffer)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if size < _LENGTHS.size:
            return None
        first, second, third = _LENGTHS.unpack_from(buffer)
        begin = _LENGTHS.size
        middle = begin + first
        end = middle + second
        if end + third != size:
            return None
        frames = [bytes(buffer[begin:middle]), bytes(buffer[middle:end])]
        if third:
            frames.append(bytes(buffer[end:size]))
        return frames

    def close(self) -> None:
        """Close this end; what the other one has sent is lost."""
        self._socket.close()


def listen() -> tuple[socket.socket, Offer] | None:
    """Open a socket that takes lanes, under a name that nobody guesses; None where the system has none."""
    if sys.platform != "linux":
        return None
    offer = Offer(b"\0tacore-" + secrets.token_hex(16).encode(), secrets.token_bytes(16))
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        listener.bind(offer.address)
        listener.listen()
    except OSError:
        listener.close()
        return None
    listener.setblocking(False)
    return listener, offer


def is_same_user(connection: socket.socket) -> bool:
    """Tell whether the process at the other end runs as this user."""
    _, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return bool(uid == os.geteuid())


def connect(offer: Offer, routing: bytes) -> Lane | None:
    """Open the lane of a worker known by that routing id; None where the broker is not on this host."""
    if sys.platform != "linux":
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(_CONNECT_S)
    try:
        connection.connect(offer.address)
        connection.send(offer.hello(routing))
    except OSError:
        connection.close()
        return None
    return Lane(connection)
