"""Whatever happens to jobs in whatever order: none runs without a process, and nothing is counted twice."""

import contextlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tacore.errors import Denied, Overloaded, Unavailable
from tacore.model.jobs import TRANSITIONS
from tacore.ports.analyst import Said
from tacore.ports.jobs import JobFilter
from tests.support.job_world import JobWorld, now
from tests.support.scripted_analyst import ScriptedRun, broke, finished, noted, used

TROUBLE = st.sampled_from(["", "", "before", "commit"])
SHM = Path("/dev/shm")  # noqa: S108 - only where it is there: each commit is synced
ENDS: dict[str, Said] = {
    "done": finished(),
    "degraded": finished("hold", "x"),
    "passing": broke(),
    "for good": broke(passing=False),
}


class Jobs(RuleBasedStateMachine):
    """``written`` counts the calls that are in jobs.db, ``said`` those that are not yet."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=SHM if SHM.is_dir() else None))
        limits = {"max_s": 300, "max_tokens": 1000}
        self.world = JobWorld(self.folder, concurrency=2, queue_limit=3, limits=limits)
        self.written: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.states: dict[str, str] = {}
        self.seen: dict[str, list[Any]] = {}

    def teardown(self) -> None:
        self.world.store.close()
        shutil.rmtree(self.folder)

    def runs(self) -> list[ScriptedRun]:
        return self.world.analyst.alive

    def turn(self) -> None:
        self.world.desk.turn()
        self.settle()

    def settle(self) -> None:
        """Take note that what was said is written, where it could be."""
        if not self.world.store.broken:
            self.written += self.said
            self.said.clear()

    @contextlib.contextmanager
    def during(self, trouble: str) -> Iterator[None]:
        """Let something happen while jobs.db can't be written, and then it can again."""
        before = self.world.store.broken
        self.world.store.broken = trouble or before
        yield
        self.world.store.broken = before
        if trouble and not before:
            self.world.clock.advance(1.5)
            self.turn()

    # -- what may happen -------------------------------------------------------------------------------

    @rule(symbol=st.sampled_from("ABCD"), fresh=st.booleans())
    def submit(self, symbol: str, fresh: bool) -> None:
        with contextlib.suppress(Overloaded, Unavailable):
            self.world.submitted(str(len(self.states)), symbol=symbol, fresh=fresh)
        self.turn()

    @precondition(lambda self: self.runs())
    @rule(data=st.data(), calls=st.integers(1, 3), trouble=TROUBLE, turns=st.booleans())
    def call(self, data: st.DataObject, calls: int, trouble: str, turns: bool) -> None:
        run = data.draw(st.sampled_from(self.runs()))
        with self.during(trouble):
            for _ in range(calls):
                run.say(used(60, 40))
                self.said[run.folder.name] += 1
            if turns:
                self.turn()

    @precondition(lambda self: self.runs())
    @rule(data=st.data(), how=st.sampled_from(sorted(ENDS)), trouble=TROUBLE)
    def end(self, data: st.DataObject, how: str, trouble: str) -> None:
        run = data.draw(st.sampled_from(self.runs()))
        with self.during(trouble):
            run.say(noted("soon over"), ENDS[how])
            run.alive = False  # nothing follows the end of a run
            self.turn()

    @precondition(lambda self: self.states)
    @rule(data=st.data(), what=st.sampled_from(["cancel", "cancel", "retry"]), trouble=TROUBLE)
    def ask(self, data: st.DataObject, what: str, trouble: str) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.states)))
        with self.during(trouble):
            gone = [run for run in self.runs() if run.folder.name == job_id] if what == "cancel" else []
            with contextlib.suppress(Denied, Overloaded, Unavailable):
                getattr(self.world.desk, what)(job_id, self.world.asker())
            assert not any(run.alive for run in gone)  # whatever the answer, nothing runs on
            self.turn()

    @rule(seconds=st.sampled_from([1.0, 3.0, 150.0]))
    def wait(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self.turn()
        self.turn()

    @rule(how=st.sampled_from(["", "before", "commit"]))
    def break_or_mend(self, how: str) -> None:
        self.world.store.broken = how
        self.world.clock.advance(1.5)
        self.turn()

    @rule()
    def lose_the_manager(self) -> None:
        self.said.clear()  # what no manager has written, none can know
        self.world.crash()
        self.world.open()
        self.turn()

    @precondition(lambda self: not self.world.store.broken)
    @rule()
    def restart_the_manager(self) -> None:
        self.world.close()
        self.settle()
        self.world.open()
        self.turn()

    # -- what holds ------------------------------------------------------------------------------------

    @invariant()
    def running_is_what_has_a_process(self) -> None:
        if self.world.store.broken or self.said:
            return
        self.turn()
        running = [each.job_id for each in now(self.world.desk.jobs(JobFilter(states=("running",))))]
        alive = [run.folder.name for run in self.runs()]
        assert sorted(running) == sorted(alive)
        assert len(alive) <= 2

    @invariant()
    def calls_are_counted_once(self) -> None:
        if self.world.store.broken or self.said:
            return
        for job in now(self.world.desk.jobs(JobFilter(limit=1000))):
            assert sum(each.calls for each in job.spent) == self.written[job.job_id]

    @invariant()
    def events_stay_and_states_follow_the_table(self) -> None:
        for job in now(self.world.desk.jobs(JobFilter(limit=1000))):
            events = list(self.world.story(job.job_id).events)
            assert [each.id for each in events] == list(range(1, job.last_event_id + 1))
            before = self.seen.get(job.job_id, [])
            assert events[: len(before)] == before
            self.seen[job.job_id] = events
            self.states[job.job_id] = job.state
            assert job.state in TRANSITIONS
            assert (job.running_since_us is not None) == (job.state == "running")
            assert (job.ended_us is not None) == (job.state in ("done", "failed", "cancelled"))


TestJobs = Jobs.TestCase
TestJobs.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
