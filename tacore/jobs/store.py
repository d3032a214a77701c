"""jobs.db: one manager writes it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tacore.clock import Clock
from tacore.jobs.changes import Changes
from tacore.jobs.file import JobsFile
from tacore.jobs.reads import Reading


class Store(Reading):
    """jobs.db of a home. One thread uses it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._file = JobsFile(path, clock.wall_us())
        self._clock = clock

    @property
    def store_id(self) -> str:
        """Which store this is."""
        return self._file.store_id

    @property
    def epoch(self) -> int:
        """Give the epoch that was taken."""
        return self._file.epoch

    def take(self) -> None:
        """Begin the next epoch."""
        self._file.take()

    @contextmanager
    def transaction(self) -> Iterator[Changes]:
        """Commit what happens inside, or undo all of it; Fenced where a later manager has taken it."""
        with self._file.transaction() as run:
            yield Changes(run, self.store_id[:4], self._clock)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._file.rows(sql, values)
