"""From a queued job to its end: processes started and ended, and what they say written.

What runs say comes from other threads through a queue, and is written in order, once each: what can't be
written now waits. A job is running in jobs.db before its process is started, and its process is gone before
another state is written; so a manager that dies at any moment leaves nothing that its successor can't tell.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import msgspec

from tacore.clock import Clock
from tacore.errors import TacoreError, Unavailable
from tacore.jobs.booking import Booking, Stopped, Told
from tacore.jobs.limits import too_long, used_up
from tacore.jobs.rows import Kept, text_of
from tacore.jobs.runs import Live, Runs, bury
from tacore.jobs.setup import setup_of
from tacore.jobs.store import Store
from tacore.model.jobs import Fault
from tacore.ports import Analyst
from tacore.ports.analyst import Said

if TYPE_CHECKING:
    from tacore.model.agents import AgentSettings  # pydantic, which the way of a request does without

log = logging.getLogger("tacore.jobs")
TOUCH_S = 10.0
"""How often a running job's row says that it still runs."""


class Running:
    """Belongs to the desk's thread, but for what runs say; ``changed`` collects the jobs that it touched.

    Any part of a turn may raise Unavailable while jobs.db can't be written; `hold` has them pause then.
    """

    def __init__(
        self,
        store: Store,
        settings: "AgentSettings",
        analysts: Mapping[str, Analyst],
        folder: Path,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self.changed: set[int] = set()
        self.booking = Booking(settings, clock, self._stop_for, self.began)
        self._store = store
        self._settings = settings
        self._analysts = analysts
        self._clock = clock
        self._wake = wake
        self._said: SimpleQueue[Told] = SimpleQueue()
        self._unwritten: list[Told] = []
        self._again_at = 0.0
        self._touch_at = 0.0
        self._next_start: float | None = 0.0
        self._closing = False
        self._runs = Runs(analysts, folder)

    # -- turns -----------------------------------------------------------------------------------------

    def take_over(self) -> None:
        """End what an earlier manager's runs have left, and put their jobs back in line."""
        left = self._store.running()
        for kept in left:
            bury(kept)
        if left:
            with self._store.transaction() as tx:
                for kept in left:
                    self.booking.take_over(tx, kept)
            log.warning("jobs_taken_over", extra={"jobs": [kept.job.job_id for kept in left]})
        if self._settings.warm:
            self._warm(self._settings.engine)

    def parts(self, now: float) -> Iterator[Callable[[], None]]:
        """Give the parts of a turn, each to be called before the next is taken."""
        yield lambda: self.write(now)
        self._end_late(now)
        yield lambda: self.write(now)
        if not self._unwritten:
            yield lambda: self._start_due(now)
            yield lambda: self._touch(now)

    def hold(self, until: float) -> None:
        """Try nothing before a moment (monotonic seconds)."""
        self._again_at = self._touch_at = until
        self._next_start = until

    def soon(self) -> None:
        """Look for jobs to start with the next turn."""
        self._next_start = 0.0

    def due(self) -> list[float]:
        """Tell when there is something to do (monotonic seconds)."""
        times = [live.deadline for live in self._runs if not live.stopping]
        if self._unwritten:
            times.append(self._again_at)
        elif not self._said.empty():
            times.append(0.0)
        if len(self._runs):
            times.append(self._touch_at)
        if self._next_start is not None and self._is_free():
            times.append(self._next_start)
        return times

    def began(self, number: int) -> float | None:
        """Tell when the run of a job did (monotonic seconds); None where none is under way."""
        live = self._runs.of(number)
        return None if live is None else live.began

    def close(self) -> None:
        """End every run in good order, with its end still to be written: its job goes on with the next."""
        self._closing = True
        for live in self._runs:
            self._stop(live, Stopped(state="queued"))

    def release(self) -> None:
        """End what the engines keep ready."""
        for analyst in self._analysts.values():
            analyst.close()

    # -- what runs say ---------------------------------------------------------------------------------

    def write(self, now: float) -> None:
        """Write what has been said, in order and all of it, or none and keep it."""
        self._take_in()
        if not self._unwritten or now < self._again_at:
            return
        while not self._written():
            pass
        written, self._unwritten = self._unwritten, []
        self._again_at = 0.0
        numbers = {told.number for told in written}
        self.changed |= numbers
        for number in numbers:
            self._forget_ended(number)

    def _written(self) -> bool:
        """Write it; False where something of it can't ever be, and has been left out for another try."""
        told = None
        try:
            with self._store.transaction() as tx:
                for told in self._unwritten:  # a limit that is passed adds to its end
                    self.booking.write(tx, told)
                told = None
        except Unavailable:
            raise
        except Exception as error:
            if told is None or isinstance(told.said, Stopped):
                raise
            self._leave_out(told, error)
            return False
        return True

    def _leave_out(self, told: Told, error: Exception) -> None:
        """Fail the one job whose run says what can't be written; the others go on."""
        what = type(told.said).__name__
        log.error("unwritable", extra={"number": told.number, "said": what}, exc_info=error)
        self._unwritten = [each for each in self._unwritten if each is not told]
        message = (
            f"its run said what can't be written ({what}: {type(error).__name__}); the log has the details"
        )
        self._stop_for(told, Fault(code="unwritable", message=message))

    def cancel(self, number: int, by: str) -> None:
        """End a job's run, if it has one, and write that."""
        live = self._runs.of(number)
        if live is None:
            return
        if not live.stopping:
            self._stop(live, Stopped(state="cancelled", by=by))
        self._again_at = 0.0
        self.write(self._clock.monotonic())

    def _say(self, number: int, attempt: int, said: Said) -> None:
        self._said.put(Told(number=number, attempt=attempt, said=said))
        self._wake()

    def _take_in(self) -> None:
        while True:
            try:
                self._unwritten.append(self._said.get_nowait())
            except Empty:
                return

    def _forget_ended(self, number: int) -> None:
        live, kept = self._runs.of(number), self._store.get(number)
        if live is None:
            return
        if kept is None or (kept.job.state, kept.job.attempts) != ("running", live.attempt):
            self._runs.over(live)
            self.soon()

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

    def _touch(self, now: float) -> None:
        """Say that what runs still does: so a successor knows how long a job has run."""
        if not len(self._runs) or now < self._touch_at:
            return
        with self._store.transaction() as tx:
            for live in self._runs:
                tx.set(live.number, pid=live.pid, pid_started=live.pid_started)
        self._touch_at = now + TOUCH_S

    # -- starting --------------------------------------------------------------------------------------

    def _is_free(self) -> bool:
        return not self._closing and not self._unwritten and len(self._runs) < self._settings.concurrency

    def _start_due(self, now: float) -> None:
        if not self._is_free() or self._next_start is None or now < self._next_start:
            return
        free = self._settings.concurrency - len(self._runs)
        for kept in self._store.due(self._clock.wall_us(), free):
            self._start(kept, now)
        due_us = self._store.next_due_us()
        wait_s = None if due_us is None else max(0.0, (due_us - self._clock.wall_us()) / 1e6)
        self._next_start = None if wait_s is None else now + wait_s

    def _start(self, kept: Kept, now: float) -> None:
        job, max_s, engine = kept.job, kept.job.limits.max_s, kept.job.ask.engine
        fault = too_long(job.ran_s, max_s) if job.ran_s >= max_s else used_up(job)
        now_us, attempt = self._clock.wall_us(), job.attempts + 1
        self.changed.add(kept.number)
        with self._store.transaction() as tx:
            if fault is not None:
                self.booking.fail(tx, kept, fault)
                return
            started_us = now_us if job.started_us is None else job.started_us
            ask = msgspec.structs.replace(job.ask, setup=setup_of(self._settings, self._analysts.get(engine)))
            tx.set(kept.number, ask=text_of(ask))  # it may have been asked for under other settings
            tx.move(kept, "running", attempts=attempt, running_since_us=now_us, started_us=started_us)
            text = "started" if attempt == 1 else f"attempt {attempt} goes on after the last finished node"
            tx.note(kept.number, "started", text, {"attempt": attempt})
        live = Live(kept.number, attempt, now, now + max_s - job.ran_s, max_s)
        self._runs.begin(live, ask, job.job_id, lambda said: self._say(kept.number, attempt, said))
        if self._settings.warm:
            self._warm(engine)
        with self._store.transaction() as tx:
            tx.set(kept.number, pid=live.pid, pid_started=live.pid_started)

    def _warm(self, engine: str) -> None:
        """Have a process ready; that none can be is said by the run that needs one."""
        analyst = self._analysts.get(engine)
        try:
            if analyst is not None:
                analyst.warm()
        except (TacoreError, OSError) as error:
            log.warning("not_warm", extra={"engine": engine, "reason": str(error)})
