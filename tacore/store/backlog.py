"""What the broker has for the writer: numbered chunks, kept until they are committed."""

from collections import deque
from itertools import islice
from typing import NamedTuple

SEND_BYTES = 256 << 10


class Chunk(NamedTuple):
    """A chunk, how many rows it counts for, and when it came (monotonic seconds)."""

    data: bytes
    rows: int
    at: float


class Backlog:
    """A bounded queue; chunks that do not fit are dropped and their rows counted."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._chunks: deque[Chunk] = deque()
        self._sent = 0
        self.bytes = 0
        self.committed_seq = 0
        self.rows_waiting = 0
        self.rows_committed = 0
        self.rows_dropped = 0
        self.dropped_at = float("-inf")

    def __len__(self) -> int:
        return len(self._chunks)

    @property
    def unsent(self) -> int:
        """Count the chunks that the present writer has not been given."""
        return len(self._chunks) - self._sent

    @property
    def rows_sent(self) -> int:
        """Count the rows that the present writer or one before it has been given."""
        return self.rows_committed + sum(chunk.rows for chunk in islice(self._chunks, self._sent))

    def append(self, data: bytes, rows: int, now: float) -> None:
        """Take a chunk, or drop it."""
        if self.bytes + len(data) > self._max_bytes:
            self.rows_dropped += rows
            self.dropped_at = now
            return
        self._chunks.append(Chunk(data, rows, now))
        self.bytes += len(data)
        self.rows_waiting += rows

    def rewind(self) -> int:
        """Begin anew with the first chunk that is not committed; give its number."""
        self._sent = 0
        return self.committed_seq + 1

    def take(self) -> bytes:
        """Give the next chunks to send, joined; empty when all are sent."""
        taken: list[bytes] = []
        size = 0
        while self._sent < len(self._chunks) and size < SEND_BYTES:
            chunk = self._chunks[self._sent]
            taken.append(chunk.data)
            size += len(chunk.data)
            self._sent += 1
        return b"".join(taken)

    def commit(self, seq: int) -> None:
        """Forget everything up to this number."""
        while self.committed_seq < seq and self._chunks:
            chunk = self._chunks.popleft()
            self.bytes -= len(chunk.data)
            self.rows_waiting -= chunk.rows
            self.rows_committed += chunk.rows
            self.committed_seq += 1
            self._sent = max(0, self._sent - 1)

    def lag_s(self, now: float) -> float:
        """Tell for how long the oldest chunk has waited to be committed."""
        return now - self._chunks[0].at if self._chunks else 0.0
