"""Labelled points at which a process may be taken to die, reached by wrapping what the desk is made of.

A crash is a BaseException, so that nothing on its way takes it for an error. The ledger's files are copied at
that very moment, which is what a kill -9 leaves of them: the system keeps what was written, the WAL's end
included. What the dead process would undo or do afterwards happens to other files.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from tacore.clock import Clock
from tacore.execution.desk import Desk
from tacore.execution.ledger import Ledger, Transaction

POINTS = {
    "before BEGIN": (2, 3),
    "amid a transaction": (3, 40),
    "before COMMIT": (2, 3),
    "amid COMMIT": (2, 3),
    "after COMMIT": (2, 3),
    "before send": (6, 2),
    "after the venue took it": (8, 2),
    "before a cancel": (3, 1),
    "after a cancel": (4, 1),
    "before the hand-over": (3, 4),
    "after the hand-over": (2, 4),
    "before the reply": (2, 3),
    "after the reply": (1, 3),
}
"""Every label: how often it is chosen, and within how many passages of it one of them."""


class Crash(BaseException):
    """The end of a process, by kill -9."""


class Fuse:
    """Ends the world at one passage of one label; ``at_end`` is called at that moment with the label."""

    def __init__(self, chance: Random, at_end: Callable[[str], None]) -> None:
        self.crashes: Counter[str] = Counter()
        self._chance = chance
        self._at_end = at_end
        self._label = ""
        self._left = 0

    @property
    def armed(self) -> bool:
        return self._label != ""

    def arm(self) -> None:
        """Choose where the next crash is."""
        weights = [weight for weight, _ in POINTS.values()]
        (self._label,) = self._chance.choices(list(POINTS), weights)
        self._left = self._chance.randint(1, POINTS[self._label][1])

    def disarm(self) -> None:
        """Let everything go well."""
        self._label = ""

    def reach(self, label: str, *_: object) -> None:
        """Pass a labelled point, or die there."""
        if label != self._label:
            return
        self._left -= 1
        if not self._left:
            self._label = ""
            self.crashes[label] += 1
            self._at_end(label)
            raise Crash(label)


class WatchedLedger(Ledger):
    """A ledger whose groups pass the fuse."""

    def __init__(self, path: Path, clock: Clock, fuse: Fuse) -> None:
        super().__init__(path, clock)
        self.path = path
        self.wal_before = 0
        self._fuse = fuse

    @contextmanager
    def group(self) -> Iterator[Transaction]:
        self._fuse.reach("before BEGIN")
        with super().group() as tx:
            write = tx._rows

            def watched(sql: str, values: Any = ()) -> list[Any]:
                found = write(sql, values)
                self._fuse.reach("amid a transaction")
                return found

            tx._rows = watched  # type: ignore[method-assign]
            yield tx
            self.wal_before = size(wal_of(self.path))
            self._fuse.reach("before COMMIT")
        self._fuse.reach("amid COMMIT")
        self._fuse.reach("after COMMIT")

    def leave(self, folder: Path, label: str, chance: Random) -> Path:
        """Copy the files as they are now; amid COMMIT some of what it has written is not there yet."""
        copy = folder / self.path.name
        folder.mkdir()
        shutil.copyfile(self.path, copy)
        if wal_of(self.path).exists():
            shutil.copyfile(wal_of(self.path), wal_of(copy))
        written = size(wal_of(copy))
        if label == "amid COMMIT" and written > self.wal_before:
            with wal_of(copy).open("r+b") as wal:
                wal.truncate(chance.randrange(self.wal_before, written))
        return copy


class WatchedDesk(Desk):
    """A desk whose threads' answers pass the fuse."""

    def __init__(self, fuse: Fuse, *parts: Any) -> None:
        self._fuse = fuse
        super().__init__(*parts)

    def _hand_over(self, call: Callable[[], None]) -> None:
        self._fuse.reach("before the hand-over")
        super()._hand_over(call)
        self._fuse.reach("after the hand-over")


def wal_of(path: Path) -> Path:
    """Name a ledger's WAL."""
    return path.with_name(f"{path.name}-wal")


def size(path: Path) -> int:
    """Give a file's size, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0
