"""The writer's end of the broker's socket: a thread that takes in whatever arrives, up to a bound.

Bytes that reached this process outlive the broker, so they are read eagerly, not at the pace of the disk.
"""

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator

HELLO = struct.Struct(">QQ")
"""What a link sends first: its epoch, and the sequence number of the chunk that follows."""

LENGTH = struct.Struct(">I")
RECEIVE_BYTES = 1 << 20


class Chunks:
    """Cuts the stream into the broker's epoch and numbered chunks.

    ``epoch`` is zero until the hello has come.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self._seq = 0
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Give each chunk that is whole by now, with its number; a partial one stays."""
        self._buffer += data
        start = 0
        if not self.epoch and len(self._buffer) >= HELLO.size:
            self.epoch, first = HELLO.unpack_from(self._buffer)
            self._seq, start = first - 1, HELLO.size
        while self.epoch and len(self._buffer) >= start + LENGTH.size:
            (length,) = LENGTH.unpack_from(self._buffer, start)
            end = start + LENGTH.size + length
            if end > len(self._buffer):
                break
            self._seq += 1
            yield self._seq, bytes(self._buffer[start + LENGTH.size : end])
            start = end
        del self._buffer[:start]


class Inbox:
    """What has arrived and is not taken yet; over ``max_bytes`` the broker's side has to wait."""

    def __init__(self, connection: socket.socket, max_bytes: int) -> None:
        self._connection = connection
        self._max_bytes = max_bytes
        self._blocks: deque[bytes] = deque()
        self._bytes = 0
        self._eof = False
        self._changed = threading.Condition()
        threading.Thread(target=self._receive, name="journal-inbox", daemon=True).start()

    @property
    def ended(self) -> bool:
        """Tell whether the broker's side is closed and everything has been taken."""
        with self._changed:
            return self._eof and not self._blocks

    @property
    def closed(self) -> bool:
        """Tell whether the broker's side is closed."""
        return self._eof

    def wait(self, timeout_s: float, enough_bytes: int = 1) -> None:
        """Wait until that much has arrived, the broker's side closes, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._eof or self._bytes >= enough_bytes, timeout_s)

    def take(self, max_bytes: int) -> bytes:
        """Take what has arrived, in order, up to about ``max_bytes``."""
        taken: list[bytes] = []
        with self._changed:
            while self._blocks and max_bytes > 0:
                block = self._blocks.popleft()
                taken.append(block)
                max_bytes -= len(block)
                self._bytes -= len(block)
            self._changed.notify_all()
        return b"".join(taken)

    def _receive(self) -> None:
        data = b"more"
        while data:
            try:
                data = self._connection.recv(RECEIVE_BYTES)
            except OSError:
                data = b""
            with self._changed:
                if data:
                    self._blocks.append(data)
                    self._bytes += len(data)
                else:
                    self._eof = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._bytes < self._max_bytes)
