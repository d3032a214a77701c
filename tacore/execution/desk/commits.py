"""Group commit: what waits at the same time shares one transaction, each in a savepoint of its own."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tacore.errors import Internal, TacoreError, Unavailable
from tacore.execution.ledger import Fenced, Ledger, Transaction

log = logging.getLogger("tacore.execution")

MOST = 256
"""Jobs of one transaction."""


@dataclass(slots=True)
class Job:
    """Something to write: ``work`` runs inside the transaction, ``after`` once it is committed.

    ``failed`` is called in place of ``after``: with what ``work`` raised, or with Unavailable where the whole
    transaction could not be written. Lower ``urgency`` goes first.
    """

    work: Callable[[Transaction], Any]
    after: Callable[[Any], None]
    failed: Callable[[TacoreError], None]
    urgency: int = 1
    result: Any = None
    error: TacoreError | None = None


@dataclass(slots=True)
class Commits:
    """Collects jobs and writes them together."""

    ledger: Ledger
    begin: Callable[[Transaction], None]
    """Called at the start of each transaction."""
    undone: Callable[[], None]
    """Called when a job's part of it was taken back."""
    trouble: str = ""
    """Why the last transaction could not be written; empty once one could."""
    _jobs: list[Job] = field(default_factory=list)

    def add(self, job: Job) -> None:
        """Have a job written with the next transaction."""
        self._jobs.append(job)

    def run(self) -> None:
        """Write what waits. Raises Fenced where the ledger belongs to a successor."""
        while self._jobs:
            self._jobs.sort(key=lambda job: job.urgency)
            group, self._jobs = self._jobs[:MOST], self._jobs[MOST:]
            try:
                self._write(group)
            except Fenced:
                raise
            except Unavailable as error:
                self._refuse(group, error)
                continue
            self.trouble = ""
            for job in group:
                _finish(job)

    def _write(self, group: list[Job]) -> None:
        with self.ledger.group() as tx:
            self.begin(tx)
            for job in group:
                job.result, job.error = _attempt(job, tx)
                if job.error is not None:
                    self.undone()

    def _refuse(self, group: list[Job], error: Unavailable) -> None:
        if error.message != self.trouble:
            log.error("ledger_unwritable", extra={"reason": error.message, "jobs": len(group)})
        self.trouble = error.message
        for job in group:
            _fail(job, Unavailable(error.message, details=error.details))


def _attempt(job: Job, tx: Transaction) -> tuple[Any, TacoreError | None]:
    """Run a job in its savepoint."""
    try:
        with tx.savepoint():
            return job.work(tx), None
    except Fenced:
        raise
    except TacoreError as error:
        return None, error
    except Exception as error:
        log.exception("order_work_failed", exc_info=error)
        return None, Internal("the order desk failed; its log has the details")


def _finish(job: Job) -> None:
    """Tell the outcome; one that is committed and can't be read back is told as the error that this gives."""
    if job.error is not None:
        _fail(job, job.error)
        return
    try:
        job.after(job.result)
    except TacoreError as error:
        _fail(job, error)


def _fail(job: Job, error: TacoreError) -> None:
    """Tell an error; that the ledger can't be read on the way ends neither the group nor the process."""
    try:
        job.failed(error)
    except TacoreError as raised:
        log.error("outcome_not_told", extra={"reason": raised.message})
