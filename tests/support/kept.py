"""Rows in a journal, for tests of what is read from it."""

from pathlib import Path

from tacore.store.batch import Batch
from tacore.store.database import Database
from tests.support.journal import T0_US, answers
from tests.support.journal_columns import Row


class Journal:
    """Writes rows as the writer does; ``count`` is the id of the newest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def write(
        self,
        count: int,
        *,
        method: str = "debug.echo",
        client: bytes = b"client",
        took_us: int = 1_000,
        answered_us: int = T0_US,
    ) -> None:
        """Write rows whose request ids are their own ids."""
        ids = range(self.count + 1, self.count + count + 1)
        rows = [Row(id_, None, took_us, b"{}", b"{}") for id_ in ids]
        batch, database = Batch(lines=False), Database(self.path)
        batch.add([answers(rows, method=method, client=client, answered_us=answered_us)])
        self.count += count
        batch.seq = self.count
        database.commit(batch, 1)
        database.close()
