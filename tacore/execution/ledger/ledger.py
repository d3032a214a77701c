"""The ledger: orders, their events and fills, positions and cash in one file with one writer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tacore.clock import Clock
from tacore.execution.ledger.faults import Fenced
from tacore.execution.ledger.file import LedgerFile
from tacore.execution.ledger.reads import Reads
from tacore.execution.ledger.transaction import Transaction


class Ledger(Reads):
    """An open ledger.db, for one thread at a time; reads see what is committed, or the group that is open.

    Whatever the file can't do raises Unavailable, whose ``details.reason`` says why; the next call tries
    anew. ``epoch`` is 0 until `take`.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._file = LedgerFile(path, clock.wall_us())
        self._clock = clock
        self.epoch = 0
        self.store_id: str = self._rows("SELECT store_id FROM about")[0][0]

    def take(self) -> int:
        """Become the one that may write: every other executor is fenced off from here on."""
        with self._file.transaction() as connection:
            connection.execute("UPDATE about SET epoch = epoch + 1")
            (epoch,) = connection.execute("SELECT epoch FROM about").fetchone()
        self.epoch = epoch
        return self.epoch

    @contextmanager
    def group(self) -> Iterator[Transaction]:
        """Open a transaction that is committed whole, and undone whole by any exception.

        Raises Fenced once another has taken the ledger, and Unavailable where the file can't be written:
        nothing of the group is in it then.
        """
        with self._file.transaction() as connection:
            (epoch,) = connection.execute("SELECT epoch FROM about").fetchone()
            if epoch != self.epoch:
                raise Fenced(
                    f"another executor has taken the ledger: its epoch is {epoch}, ours {self.epoch}",
                    details={"ledger": str(self._file.path), "epoch": self.epoch, "taken": epoch},
                )
            transaction = Transaction(connection, self.store_id, self._clock, self._file.fault)
            try:
                yield transaction
            finally:
                transaction.finish()

    def check(self) -> list[str]:
        """Look for damage and disagreement, as of one moment; [] where all is right.

        It reads the whole file: a second Ledger on another thread can do so while this one is written.
        """
        with self._file.snapshot():
            return super().check()

    def checked_apart(self) -> list[str]:
        """Do `check` over a connection of its own, in any thread, while this one goes on."""
        with Ledger(self._file.path, self._clock) as apart:
            return apart.check()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._file.rows(sql, values)
