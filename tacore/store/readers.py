"""Readers of tacore.db for programs that stay: borrowed by any thread, made anew when the file is another."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from tacore.errors import Unavailable
from tacore.store.queries import Reader

T = TypeVar("T")
Identity = tuple[int, int]


class Readers:
    """Read-only connections to one journal, as many as threads ask at once.

    A file that was replaced (restored, or started anew) is noticed at the next look.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[tuple[Identity, Reader]] = []
        self._lock = threading.Lock()
        self._closed = False

    def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query on a connection; NotFound where there is no journal, Unavailable where it fails."""
        with self._borrowed() as reader:
            return query(reader)

    def close(self) -> None:
        """Close what is idle; what is borrowed closes when it comes back."""
        with self._lock:
            self._closed, idle = True, self._idle
            self._idle = []
        for _, reader in idle:
            reader.close()

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[Reader]:
        identity, reader = self._take()
        try:
            yield reader
        except sqlite3.Error as problem:
            reader.close()
            raise Unavailable(f"the journal at {self.path} cannot be read: {problem}") from problem
        except BaseException:
            self._give_back(identity, reader)
            raise
        self._give_back(identity, reader)

    def _take(self) -> tuple[Identity, Reader]:
        now = _identity(self.path)
        with self._lock:
            fresh = [each for each in self._idle if each[0] == now]
            stale = [each for each in self._idle if each[0] != now]
            found = fresh.pop() if fresh else None
            self._idle = fresh
        for _, reader in stale:
            reader.close()
        return found or (now, Reader(self.path))

    def _give_back(self, identity: Identity, reader: Reader) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append((identity, reader))
                return
        reader.close()


def _identity(path: Path) -> Identity:
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of Path's price, at each query
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino)
