"""A request's row of the journal as spans of time: what a waterfall draws, wherever it is drawn."""

from datetime import datetime, timedelta
from typing import NamedTuple

from tacore.store.rows import LogRow
from tacore.wire.trace import Try, decode_steps, decode_tries

BROKER = "broker"
_NOTICED_US = 1_000
"""So long the broker may take to answer after a loss without having waited for another worker."""


class Span(NamedTuple):
    """What something took, in milliseconds since the broker got the request.

    The first span of a row is the whole ``request``; ``parent`` is another one's ``id``, ``depth`` counts
    those around it, and parents come before what is inside them. ``kind`` is request, queue (no worker has
    it), attempt (one has), processing (its method runs), step (a part of that) or retry (the client asked
    again: 0 ms). ``outcome`` is success or an error's code; ``note`` says more: why a worker was lost, what a
    cache had.
    """

    id: int
    parent: int | None
    depth: int
    kind: str
    span: str
    start_ms: float
    ms: float
    worker_id: str | None = None
    outcome: str | None = None
    note: str | None = None


def spans_of(row: LogRow) -> list[Span]:
    """Tell what became of a request, in order of time within each parent.

    When processing began is not on record: it is put at the end of the last attempt. What is left of that
    before it is the way there and back, and the company of a batch.
    """
    took = datetime.fromisoformat(row.answered_at) - datetime.fromisoformat(row.created_at)
    return _Waterfall(row, max(0, took // timedelta(microseconds=1))).spans


class _Waterfall:
    """The spans of one row; times are in microseconds until they are added."""

    def __init__(self, row: LogRow, total_us: int) -> None:
        self.spans: list[Span] = []
        self._row = row
        self._end = total_us
        self._outcome = row.code or row.status
        self._add(None, "request", row.method or "request", 0, total_us, row.worker_id, self._outcome)
        tries = decode_tries(row.tries) if row.tries else []
        if not tries and row.worker_id != BROKER:
            tries = [Try(round(row.queue_ms * 1000), row.worker_id, total_us)]
        self._rest(self._tries(tries))

    def _tries(self, tries: list[Try]) -> int:
        """Add who had it, the waits between, and the retries; give since when nobody has it."""
        free_us, number = 0, 0
        for each in tries:
            if each.worker_id is None:
                self._add(0, "retry", "retry joined", each.at_us, each.at_us)
                continue
            number += 1
            self._queue(free_us, each.at_us)
            free_us = self._end if each.until_us is None else each.until_us
            outcome = "worker_lost" if each.lost else self._outcome
            had = self._add(
                0, "attempt", f"attempt {number}", each.at_us, free_us, each.worker_id, outcome, each.lost
            )
            if not each.lost:
                self._processing(had, each.at_us, free_us, each.worker_id)
        return free_us

    def _rest(self, free_us: int) -> None:
        """Add what came before the broker's own answer: it waited in vain, or served the method itself."""
        if self._row.worker_id != BROKER:
            return
        if self._row.queue_ms or free_us:
            if self._end - free_us >= _NOTICED_US:
                self._queue(free_us, self._end)
        elif self._end:
            self._add(0, "processing", "processing", 0, self._end, BROKER)

    def _queue(self, start_us: int, end_us: int) -> None:
        if end_us > start_us:
            self._add(0, "queue", "queue", start_us, end_us)

    def _processing(self, attempt: int, sent_us: int, end_us: int, worker_id: str) -> None:
        start_us = max(sent_us, end_us - round(self._row.processing_time_ms * 1000))
        around = [self._add(attempt, "processing", "processing", start_us, end_us, worker_id)]
        for each in decode_steps(self._row.steps) if self._row.steps else ():
            del around[each.depth + 1 :]
            began = start_us + each.at_us
            found = self._add(
                around[-1], "step", each.name, began, began + each.us, worker_id, each.failed, each.note
            )
            around.append(found)

    def _add(
        self,
        parent: int | None,
        kind: str,
        name: str,
        start_us: int,
        end_us: int,
        worker_id: str | None = None,
        outcome: str | None = None,
        note: str | None = None,
    ) -> int:
        found = len(self.spans)
        depth = 0 if parent is None else self.spans[parent].depth + 1
        times = start_us / 1000, (end_us - start_us) / 1000
        self.spans.append(Span(found, parent, depth, kind, name, *times, worker_id, outcome, note))
        return found
