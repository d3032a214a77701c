"""The job desk: one thread, one jobs.db; calls in, outcomes out after their commit.

What runs say comes from other threads through a queue, and is written in order, once each: what can't be
written now waits. A job is running in jobs.db before its process is started, and its process is gone before
another state is written; so a manager that dies at any moment leaves nothing that its successor can't tell.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from tacore.clock import Clock
from tacore.errors import Denied, TacoreError, Unavailable
from tacore.jobs.apart import Apart
from tacore.jobs.booking import Booking, Stopped, Told
from tacore.jobs.file import Fenced
from tacore.jobs.limits import extended, too_long, used_up
from tacore.jobs.pruning import Pruning
from tacore.jobs.queueing import Queueing
from tacore.jobs.rows import Kept, text_of
from tacore.jobs.runs import Live, Runs, analyst_of, bury
from tacore.jobs.store import Store
from tacore.jobs.waiting import Waiter, Waiting, before
from tacore.model.jobs import ENDED, Ask, Fault, Job, JobState, Limits
from tacore.ports import Analyst, Later
from tacore.ports.analyst import Said
from tacore.ports.jobs import JobFilter, JobStory
from tacore.ports.orders import Asker

if TYPE_CHECKING:
    from tacore.model.agents import AgentSettings  # pydantic, which the way of a request does without

log = logging.getLogger("tacore.jobs")
T = TypeVar("T")
AGAIN_S = 1.0
"""How soon to try again to write what jobs.db did not take."""
TOUCH_S = 10.0
"""How often a running job's row says that it still runs."""


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
        self._wake = wake
        self._said: SimpleQueue[Told] = SimpleQueue()
        self._unwritten: list[Told] = []
        self._changed: set[int] = set()
        self._again_at = 0.0
        self._touch_at = 0.0
        self._trouble = ""
        self._leaving = False
        self._next_start: float | None = 0.0
        self._runs = Runs(analysts, folder)
        self._booking = Booking(settings, clock, self._stop_for)
        self._queueing = Queueing(settings, clock)
        self._waiting = Waiting(self._answer)
        self._apart = Apart(pool(4, "look"), wake)
        self._pruning = Pruning(store, folder, settings.keep_days, clock)
        self._take_over()
        if settings.warm:
            self._warm(settings.engine)

    def _take_over(self) -> None:
        """End what an earlier manager's runs have left, and put their jobs back in line."""
        left = self._store.running()
        for kept in left:
            bury(kept)
        if left:
            with self._store.transaction() as tx:
                for kept in left:
                    self._booking.take_over(tx, kept)
            log.warning("jobs_taken_over", extra={"jobs": [kept.job.job_id for kept in left]})

    # -- the thread's own ------------------------------------------------------------------------------

    def turn(self) -> None:
        """Do what has come in and what is due. Raises Fenced where jobs.db belongs to a successor."""
        now = self._clock.monotonic()
        self._apart.turn()
        self._attempt(lambda: self._write(now))
        self._end_late(now)
        if not self._unwritten:
            self._attempt(lambda: self._start_due(now))
            self._attempt(lambda: self._touch(now))
            self._attempt(lambda: self._pruning.turn(now))
        self._attempt(lambda: self._tell(now))

    def _tell(self, now: float) -> None:
        self._waiting.turn(now, self._changed, self._store.get)
        self._changed.clear()

    def due(self) -> float | None:
        """Tell when to turn next (monotonic seconds)."""
        times = [self._pruning.due(), self._waiting.due()]
        times += [live.deadline for live in self._runs if not live.stopping]
        if self._unwritten:
            times.append(self._again_at)
        elif not self._said.empty():
            times.append(0.0)
        if len(self._runs):
            times.append(self._touch_at)
        if self._is_free():
            times.append(self._next_start)
        return min(each for each in times if each is not None)

    def leave(self) -> None:
        """Answer whoever waits, and let nobody wait any more: the process is about to end."""
        if not self._leaving:
            self._leaving = True
            self._waiting.release()

    def close(self) -> None:
        """End every run in good order: their jobs go on with the next manager."""
        self._leaving = True
        for live in self._runs:
            self._stop(live, Stopped(state="queued"))
        self._attempt(lambda: self._write(self._clock.monotonic()))
        self._apart.close()
        for analyst in self._analysts.values():
            analyst.close()

    def _attempt(self, part: Callable[[], None]) -> None:
        """Let a part do its work; while jobs.db can't be read or written, the desk goes on without."""
        try:
            part()
        except Fenced:
            raise
        except Unavailable as error:
            self._again_at = self._clock.monotonic() + AGAIN_S
            self._next_start = self._touch_at = self._again_at
            if error.message != self._trouble:
                log.error("jobs_unwritable", extra={"reason": error.message})
            self._trouble = error.message
        else:
            self._trouble = self._trouble if self._unwritten else ""

    # -- what runs say ---------------------------------------------------------------------------------

    def _write(self, now: float) -> None:
        """Write what has been said, in order and all of it, or none and keep it."""
        self._take_in()
        if not self._unwritten or now < self._again_at:
            return
        with self._store.transaction() as tx:
            for told in self._unwritten:  # a limit that is passed adds to its end
                self._booking.write(tx, told)
        written, self._unwritten = self._unwritten, []
        self._again_at = 0.0
        numbers = {told.number for told in written}
        self._changed |= numbers
        for number in numbers:
            self._forget_ended(number)

    def _take_in(self) -> None:
        while True:
            try:
                self._unwritten.append(self._said.get_nowait())
            except Empty:
                return

    def _forget_ended(self, number: int) -> None:
        live, kept = self._runs.of(number), self._store.get(number)
        runs_on = kept is not None and kept.job.state == "running"
        if live is not None and not (runs_on and kept and kept.job.attempts == live.attempt):
            self._runs.over(live)
            self._next_start = 0.0

    def _stop_for(self, told: Told, fault: Fault) -> None:
        live = self._runs.of(told.number)
        if live is not None and not live.stopping:
            self._stop(live, Stopped(state="failed", fault=fault))

    def _stop(self, live: Live, stopped: Stopped) -> None:
        """End a run; what it said until then is written before its end is."""
        live.kill()
        self._take_in()
        self._unwritten.append(Told(number=live.number, attempt=live.attempt, said=stopped))

    def _end_late(self, now: float) -> None:
        for live in self._runs:
            if now >= live.deadline and not live.stopping:
                fault = too_long(live.max_s + now - live.deadline, live.max_s)
                self._stop(live, Stopped(state="failed", fault=fault))
        self._attempt(lambda: self._write(now))

    def _touch(self, now: float) -> None:
        """Say that what runs still does: so its successor knows how long a job has run."""
        if not len(self._runs) or now < self._touch_at:
            return
        with self._store.transaction() as tx:
            for live in self._runs:
                tx.set(live.number, pid=live.pid, pid_started=live.pid_started)
        self._touch_at = now + TOUCH_S

    # -- starting --------------------------------------------------------------------------------------

    def _is_free(self) -> bool:
        return not self._leaving and not self._unwritten and len(self._runs) < self.settings.concurrency

    def _start_due(self, now: float) -> None:
        if not self._is_free() or self._next_start is None or now < self._next_start:
            return
        free = self.settings.concurrency - len(self._runs)
        for kept in self._store.due(self._clock.wall_us(), free):
            self._start(kept, now)
        due_us = self._store.next_due_us()
        wait_s = None if due_us is None else max(0.0, (due_us - self._clock.wall_us()) / 1e6)
        self._next_start = None if wait_s is None else now + wait_s

    def _start(self, kept: Kept, now: float) -> None:
        job = kept.job
        fault = used_up(job)
        if job.ran_s >= job.limits.max_s:
            fault = too_long(job.ran_s, job.limits.max_s)
        now_us = self._clock.wall_us()
        attempt = job.attempts + 1
        self._changed.add(kept.number)
        with self._store.transaction() as tx:
            if fault is not None:
                self._booking.fail(tx, kept, fault)
                return
            started_us = now_us if job.started_us is None else job.started_us
            tx.move(kept, "running", attempts=attempt, running_since_us=now_us, started_us=started_us)
            text = "started" if attempt == 1 else f"attempt {attempt} goes on after the last finished node"
            tx.note(kept.number, "started", text, {"attempt": attempt})
        max_s = job.limits.max_s
        live = Live(kept.number, attempt, now + max_s - job.ran_s, max_s)
        self._runs.begin(live, job.ask, job.job_id, lambda said: self._say(kept.number, attempt, said))
        if self.settings.warm:
            self._warm(job.ask.engine)
        with self._store.transaction() as tx:
            tx.set(kept.number, pid=live.pid, pid_started=live.pid_started)

    def _say(self, number: int, attempt: int, said: Said) -> None:
        self._said.put(Told(number=number, attempt=attempt, said=said))
        self._wake()

    def _warm(self, engine: str) -> None:
        """Have a process ready; that none can be is said by the run that needs one."""
        analyst = self._analysts.get(engine)
        try:
            if analyst is not None:
                analyst.warm()
        except (TacoreError, OSError) as error:
            log.warning("not_warm", extra={"engine": engine, "reason": str(error)})

    # -- calls -----------------------------------------------------------------------------------------

    def apart(self, look: Callable[[], T]) -> Later[T]:
        """Run something slow on a thread of its own."""
        return self._apart.ask(look)

    def submit(
        self, ask: Ask, limits: Limits, *, key: str, fresh: bool, wait: bool, asker: Asker
    ) -> Later[JobStory]:
        """Begin a job, or join the one that is there."""
        with self._store.transaction() as tx:
            kept = self._queueing.joined(tx, ask, limits, key=key, fresh=fresh, asker=asker)
            joined = kept is not None
            if kept is None:
                self._queueing.check(ask, lambda: analyst_of(self._analysts, ask))
                kept = self._queueing.add(tx, ask, limits, key=key, asker=asker)
        if not joined:
            self._next_start = 0.0
        deadline = before(asker.deadline, self._clock.monotonic())
        return self._told(Waiter(kept.number, None, deadline, joined), kept, waits=wait)

    def job(self, job_id: str, *, after_id: int, wait_s: float, asker: Asker) -> Later[JobStory]:
        """Tell a job with its events after one."""
        kept, now = self._store.find(job_id), self._clock.monotonic()
        deadline = min(now + wait_s, before(asker.deadline, now))
        return self._told(Waiter(kept.number, after_id, deadline), kept, waits=wait_s > 0)

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
        listed.resolve(self._store.jobs(only))
        return listed

    def counts(self) -> Mapping[JobState, int]:
        """Count jobs by state."""
        return self._store.counts()

    def cancel(self, job_id: str, asker: Asker) -> Later[JobStory]:
        """Cancel a job."""
        number = self._store.find(job_id).number
        live = self._runs.of(number)
        if live is not None:
            if not live.stopping:
                self._stop(live, Stopped(state="cancelled", by=asker.principal))
            self._again_at = 0.0
            self._write(self._clock.monotonic())
        kept = self._store.find(job_id)
        if kept.job.state == "queued":
            with self._store.transaction() as tx:
                self._booking.cancel(tx, kept, asker.principal)
        elif kept.job.state != "cancelled":
            raise self._denied(kept, "cancelled")
        return self._done(number)

    def retry(self, job_id: str, asker: Asker) -> Later[JobStory]:
        """Take a failed or cancelled job up again."""
        kept = self._store.find(job_id)
        if kept.job.state not in ("failed", "cancelled"):
            raise self._denied(kept, "retried")
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
        self._next_start = 0.0
        return self._done(kept.number)

    def _done(self, number: int) -> Later[JobStory]:
        self._changed.add(number)
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

    def _answer(self, waiter: Waiter) -> None:
        """Tell a job as it is now, or why that can't be told."""
        try:
            kept = self._store.get(waiter.number)
            if kept is None:
                raise Unavailable("the job has been removed meanwhile", retryable=False)
            after = 0 if waiter.after_id is None else waiter.after_id
            events = self._store.events(waiter.number, after)
            story = JobStory(job=self._store.whole(kept), events=events, joined=waiter.joined)
        except TacoreError as error:
            waiter.told.fail(error)
        else:
            waiter.told.resolve(story)
