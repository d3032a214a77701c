"""A job desk on a manual clock, with an analyst whose runs a test moves by hand."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from tacore.clock import ManualClock
from tacore.errors import Unavailable
from tacore.jobs.changes import Changes
from tacore.jobs.desk import Desk
from tacore.jobs.store import Store
from tacore.jobs.views import JobView, view_story
from tacore.model.agents import AgentSettings, parse_agents
from tacore.model.jobs import Ask, Job, JobEvent, Limits
from tacore.ports import Later
from tacore.ports.jobs import JobStory
from tacore.ports.orders import Asker, Key
from tests.support.desk_world import AtOnce
from tests.support.scripted_analyst import ASK, ScriptedAnalyst, ScriptedRun

T = TypeVar("T")
CONFIGURED: Mapping[str, Any] = {
    "model": {"quick": "small", "deep": "large"},
    "prices": {"small": {"input": 1, "output": 10}, "large": {"input": 10, "output": 100}},
    "retries": {"attempts": 3, "backoff_s": 2, "backoff_max_s": 5},
    "limits": {"max_s": 600, "max_tokens": 100_000, "max_cost": None},
}


class FlakyStore(Store):
    """A store that takes nothing while ``broken`` says where it fails: before, or at the commit."""

    broken = ""

    @contextmanager
    def transaction(self) -> Iterator[Changes]:
        """Commit, or fail as told."""
        if self.broken == "before":
            raise Unavailable("jobs.db can't be written: broken")
        with super().transaction() as tx:
            yield tx
            if self.broken:
                raise Unavailable("jobs.db can't be written: broken at the commit")


class JobWorld:
    """A desk of its own jobs.db; `crash` takes the manager away, `open` starts its successor."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.path = folder / "jobs.db"
        self.agents = folder / "agents"
        self.settings: AgentSettings = parse_agents({**CONFIGURED, **settings})
        self.clock = ManualClock()
        self.wakes = 0
        self.open()

    def open(self) -> None:
        """Start a manager, as a successor of whatever was before."""
        self.analyst = ScriptedAnalyst()
        self.store = FlakyStore(self.path, self.clock)
        self.store.take()
        self.desk = Desk(
            self.store,
            self.settings,
            {"tradingagents_cn": self.analyst},
            self.agents,
            self.clock,
            self._wake,
            lambda *_: AtOnce(),
        )

    def _wake(self) -> None:
        self.wakes += 1

    def crash(self) -> None:
        """Lose the manager: its file is let go of, its runs see their pipes close."""
        for run in self.analyst.alive:
            run.alive = False
        self.store.close()

    def close(self) -> None:
        """End the manager in good order."""
        self.desk.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()

    def asker(self, patience_s: float = 5.0) -> Asker:
        """Give somebody who waits so long."""
        return Asker("local", self.clock.monotonic() + patience_s)

    def submit(self, key: str | Key = "k", *, limits: Limits | None = None, **changes: Any) -> JobStory:
        """Submit an ask, and have the desk turn."""
        told = self.submitted(key, limits=limits, **changes)
        self.desk.turn()
        return now(told)

    def submitted(
        self,
        key: str | Key = "k",
        *,
        limits: Limits | None = None,
        fresh: bool = False,
        wait: bool = False,
        patience_s: float = 5.0,
        **changes: Any,
    ) -> Later[JobStory]:
        """Submit an ask; a key that is text is the id of a request."""
        ask: Ask = msgspec.structs.replace(ASK, **changes)
        return self.desk.submit(
            ask,
            limits or self.settings.job_limits,
            key=Key(key, "request") if isinstance(key, str) else key,
            fresh=fresh,
            wait=wait,
            asker=self.asker(patience_s),
        )

    def run(self, index: int = -1) -> ScriptedRun:
        """Give a run of the present manager, the newest unless said."""
        return self.analyst.runs[index]

    def say(self, *said: Any, index: int = -1) -> None:
        """Have a run say something, and the desk turn."""
        self.run(index).say(*said)
        self.desk.turn()

    def pass_time(self, seconds: float) -> None:
        """Let time go by, with a turn whenever one is due."""
        until = self.clock.monotonic() + seconds
        while (due := self.desk.due()) is not None and due <= until:
            self.clock.advance(max(0.001, due - self.clock.monotonic()))
            self.desk.turn()
        self.clock.advance(max(0.0, until - self.clock.monotonic()))
        self.desk.turn()

    def story(self, job_id: str, after_id: int = 0) -> JobStory:
        """Look at a job."""
        return now(self.desk.job(job_id, after_id=after_id, wait_s=0, asker=self.asker()))

    def job(self, job_id: str) -> Job:
        """Look at a job."""
        return self.story(job_id).job

    def view(self, job_id: str) -> JobView:
        """Look at a job as answers show it."""
        return view_story(self.story(job_id), self.clock.wall_us())

    def events(self, job_id: str, kind: str | None = None) -> list[JobEvent]:
        """List what happened to a job."""
        return [each for each in self.story(job_id).events if kind in (None, each.kind)]


def now(later: Later[T]) -> T:
    """Give what has come already, or raise its error."""
    told: list[Any] = []
    later.then(lambda value, error: told.extend([value, error]))
    assert told, "it has not come yet"
    if told[1] is not None:
        raise told[1]
    found: T = told[0]
    return found
