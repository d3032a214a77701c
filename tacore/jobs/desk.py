"""The job desk: one thread, one jobs.db; calls in, outcomes out after their commit."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tacore.clock import Clock
from tacore.errors import Denied, TacoreError, Unavailable, too_late
from tacore.jobs.apart import Apart
from tacore.jobs.file import Fenced
from tacore.jobs.limits import extended
from tacore.jobs.pruning import Pruning
from tacore.jobs.queueing import Queueing
from tacore.jobs.rows import Kept, text_of
from tacore.jobs.running import Running
from tacore.jobs.runs import analyst_of
from tacore.jobs.setup import setup_of
from tacore.jobs.store import Store
from tacore.jobs.waiting import Waiter, Waiting, before
from tacore.model.jobs import ENDED, Ask, Job, JobState, Limits
from tacore.ports import Analyst, Later
from tacore.ports.jobs import JobFilter, JobStory
from tacore.ports.orders import Asker, Key

if TYPE_CHECKING:
    from tacore.model.agents import AgentSettings  # pydantic, which the way of a request does without

log = logging.getLogger("tacore.jobs")
T = TypeVar("T")
AGAIN_S = 1.0
"""How soon to try again to write what jobs.db did not take."""


class Desk:
    """Implements `tacore.ports.JobDesk`, and turns on the thread of its server.

    ``wake`` is called from other threads. ``pool`` makes the threads that ask providers of market data, from
    how many and their name. Made, it has taken over what an earlier manager left.
    """

    def __init__(
        self,
        store: Store,
        settings: "AgentSettings",
        analysts: Mapping[str, Analyst],
        folder: Path,
        clock: Clock,
        wake: Callable[[], None],
        pool: Callable[[int, str], Executor] = ThreadPoolExecutor,
    ) -> None:
        self.settings = settings
        self._store = store
        self._analysts = analysts
        self._clock = clock
        self._trouble = ""
        self._leaving = False
        self._running = Running(store, settings, analysts, folder, clock, wake)
        self._queueing = Queueing(settings, clock)
        self._waiting = Waiting(self._answer)
        self._apart = Apart(pool(4, "look"), wake, clock)
        self._pruning = Pruning(store, folder, settings.keep_days, clock)
        self._running.take_over()

    # -- the thread's own ------------------------------------------------------------------------------

    def turn(self) -> None:
        """Do what has come in and what is due. Raises Fenced where jobs.db belongs to a successor."""
        now = self._clock.monotonic()
        self._apart.turn()
        well = [self._attempt(part) for part in self._running.parts(now)]
        well.append(self._attempt(lambda: self._pruning.turn(now)))
        well.append(self._attempt(lambda: self._tell(now)))
        if all(well):
            self._trouble = ""

    def due(self) -> float | None:
        """Tell when to turn next (monotonic seconds)."""
        times = [self._pruning.due(), self._waiting.due(), *self._running.due()]
        return min(each for each in times if each is not None)

    def leave(self) -> None:
        """Answer whoever waits, and let nobody wait any more: the process is about to end."""
        if not self._leaving:
            self._leaving = True
            self._waiting.release()

    def close(self) -> None:
        """End every run in good order: their jobs go on with the next manager."""
        self._leaving = True
        self._running.close()
        self._attempt(lambda: self._running.write(self._clock.monotonic()))
        self._apart.close()
        self._running.release()

    def _attempt(self, part: Callable[[], None]) -> bool:
        """Let a part do its work; while jobs.db can't be read or written, the desk goes on without."""
        try:
            part()
            return True
        except Fenced:
            raise
        except Unavailable as error:
            self._running.hold(self._clock.monotonic() + AGAIN_S)
            if error.message != self._trouble:
                log.error("jobs_unwritable", extra={"reason": error.message})
            self._trouble = error.message
            return False

    def _tell(self, now: float) -> None:
        self._waiting.turn(now, self._running.changed, self._store.get)
        self._running.changed.clear()

    # -- calls -----------------------------------------------------------------------------------------

    def apart(self, look: Callable[[], T]) -> Later[T]:
        """Run something slow on a thread of its own."""
        return self._apart.ask(look)

    def submit(
        self, ask: Ask, limits: Limits, *, key: Key, fresh: bool, wait: bool, asker: Asker
    ) -> Later[JobStory]:
        """Begin a job, or join the one that is there; DeadlineExceeded where nobody waits any more."""
        if asker.deadline <= self._clock.monotonic():
            raise too_late()
        ask = msgspec.structs.replace(ask, setup=setup_of(self.settings, self._analysts.get(ask.engine)))
        with self._store.transaction() as tx:
            kept = self._queueing.joined(tx, ask, limits, key=key, fresh=fresh, asker=asker)
            joined = kept is not None
            if kept is None:
                self._queueing.check(ask, lambda: analyst_of(self._analysts, ask))
                kept = self._queueing.add(tx, ask, limits, key=key, asker=asker)
        if not joined:
            self._running.soon()
        deadline = before(asker.deadline, self._clock.monotonic())
        return self._told(Waiter(kept.number, None, deadline, joined), kept, waits=wait)

    def job(
        self, job_id: str, *, after_id: int, wait_s: float, asker: Asker, whole: bool = True
    ) -> Later[JobStory]:
        """Tell a job with its events after one."""
        kept, now = self._store.find(job_id), self._clock.monotonic()
        deadline = min(now + wait_s, before(asker.deadline, now))
        waiter = Waiter(kept.number, after_id, deadline, whole=whole)
        return self._told(waiter, kept, waits=wait_s > 0)

    def _told(self, waiter: Waiter, kept: Kept, *, waits: bool) -> Later[JobStory]:
        """Answer at once, or let the request wait for what it waits for."""
        now = self._clock.monotonic()
        if waits and not self._leaving and not waiter.satisfied(kept) and now < waiter.deadline:
            return self._waiting.add(waiter)
        self._answer(waiter)
        return waiter.told

    def jobs(self, only: JobFilter) -> Later[Sequence[Job]]:
        """List jobs."""
        listed: Later[Sequence[Job]] = Later()
        listed.resolve([self._timed(each, each.job) for each in self._store.jobs(only)])
        return listed

    def counts(self) -> Mapping[JobState, int]:
        """Count jobs by state."""
        return self._store.counts()

    def cancel(self, job_id: str, asker: Asker) -> Later[JobStory]:
        """Cancel a job."""
        number = self._store.find(job_id).number
        self._running.cancel(number, asker.principal)
        kept = self._store.find(job_id)
        if kept.job.state == "queued":
            with self._store.transaction() as tx:
                self._running.booking.cancel(tx, kept, asker.principal)
        elif kept.job.state != "cancelled":
            raise self._denied(kept, "cancelled")
        return self._done(number)

    def retry(self, job_id: str, asker: Asker) -> Later[JobStory]:
        """Take a failed or cancelled job up again."""
        kept = self._store.find(job_id)
        if kept.job.state in ("queued", "running") and self._store.was_retried(kept.number):
            return self._done(kept.number)  # the same request came twice
        if kept.job.state not in ("failed", "cancelled"):
            raise self._denied(kept, "retried")
        self._alone(kept)
        self._queueing.check(kept.job.ask, lambda: analyst_of(self._analysts, kept.job.ask))
        with self._store.transaction() as tx:
            self._queueing.make_room(tx)
            tx.move(
                kept,
                "queued",
                due_us=self._clock.wall_us(),
                ended_us=None,
                allowed=kept.job.attempts + self.settings.retries.attempts,
                limits=text_of(extended(kept.job, kept.allotment)),
                fault_code=None,
                fault_message=None,
            )
            text = f"{asker.principal} has it go on after its last finished node"
            tx.note(kept.number, "queued", text, {"by": asker.principal})
        self._running.soon()
        return self._done(kept.number)

    def _alone(self, kept: Kept) -> None:
        """Refuse a retry while another job does the same work: it would be paid for twice."""
        other = self._store.unfinished(kept.job.ask)
        if other is not None:
            job_id, state = other.job.job_id, other.job.state
            raise Denied(
                f"job {job_id} does the same work and is {state}: {kept.job.job_id} can't be retried now",
                details={"job_id": kept.job.job_id, "state": kept.job.state, "other_job_id": job_id},
            )

    def _done(self, number: int) -> Later[JobStory]:
        self._running.changed.add(number)
        waiter = Waiter(number, None, 0.0)
        self._answer(waiter)
        return waiter.told

    @staticmethod
    def _denied(kept: Kept, what: str) -> Denied:
        state = kept.job.state
        has = f"has ended: it is {state}" if state in ENDED else f"is {state}"
        return Denied(
            f"job {kept.job.job_id} {has}; it can't be {what}",
            details={"job_id": kept.job.job_id, "state": state},
        )

    def _timed(self, kept: Kept, job: Job) -> Job:
        """Say when a run began as by the wall clock of now, which may have been set since."""
        began = self._running.began(kept.number)
        if began is None or job.state != "running":
            return job
        under_way_us = round((self._clock.monotonic() - began) * 1e6)
        return msgspec.structs.replace(job, running_since_us=self._clock.wall_us() - under_way_us)

    def _answer(self, waiter: Waiter) -> None:
        """Tell a job as it is now, or why that can't be told."""
        try:
            kept = self._store.get(waiter.number)
            if kept is None:
                raise Unavailable("the job has been removed meanwhile", retryable=False)
            after = 0 if waiter.after_id is None else waiter.after_id
            events = self._store.events(waiter.number, after)
            whole = waiter.whole or kept.job.state in ENDED
            job = self._timed(kept, self._store.whole(kept) if whole else kept.job)
            story = JobStory(job=job, events=events, joined=waiter.joined, whole=whole)
        except TacoreError as error:
            waiter.told.fail(error)
        else:
            waiter.told.resolve(story)
