"""The job desk: what methods may do about agent jobs, as operations and not as SQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from tacore.model.jobs import Ask, Engine, Job, JobEvent, JobState, Limits
from tacore.ports.later import Later
from tacore.ports.orders import Asker, Key

if TYPE_CHECKING:
    from tacore.model.agents import AgentSettings  # pydantic, which the way of a request does without

T = TypeVar("T")


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs to list: newest first, at most ``limit``; None and () filter nothing."""

    states: Sequence[JobState] = ()
    symbol: str | None = None
    engine: Engine | None = None
    since_us: int | None = None
    before_id: str | None = None
    limit: int = 100


class JobStory(msgspec.Struct, frozen=True, kw_only=True):
    """A job and what happened to it after an event; ``joined`` where it was there already for this ask.

    Not ``whole``, reports and tool calls are left out.
    """

    job: Job
    events: Sequence[JobEvent] = ()
    joined: bool = False
    whole: bool = True


class JobDesk(Protocol):
    """Takes jobs for jobs.db. Everything happens on one thread; outcomes come after their commit.

    Any of them may fail with Unavailable while jobs.db can't be written.
    """

    @property
    def settings(self) -> "AgentSettings":
        """What jobs are made of that ask for nothing else, and what they may use."""
        ...

    def apart(self, look: Callable[[], T]) -> Later[T]:
        """Run something slow on a thread of its own, such as a question to a provider of market data."""
        ...

    def submit(
        self, ask: Ask, limits: Limits, *, key: Key, fresh: bool, wait: bool, asker: Asker
    ) -> Later[JobStory]:
        """Begin a job, or join the unfinished or still valid one of the same ask unless ``fresh``.

        Its ``setup`` is made here.

        ``key`` names the request: sent again, because its manager or its answer was lost, it finds its job,
        whatever has become of that. IdempotencyMismatch where an explicit one has made a job of another ask.

        With ``wait`` the answer comes when the job has ended, at the latest shortly before the asker stops
        waiting, with the job as it is then. Overloaded when the queue is full, Unavailable where the engine
        could not run.
        """
        ...

    def job(
        self, job_id: str, *, after_id: int, wait_s: float, asker: Asker, whole: bool = True
    ) -> Later[JobStory]:
        """Tell a job with its events after one; waits up to ``wait_s`` for an event. NotFound.

        Not ``whole``, reports and tool calls are left out until it has ended.
        """
        ...

    def jobs(self, only: JobFilter) -> Later[Sequence[Job]]:
        """List jobs, without outcomes, reports and tool calls."""
        ...

    def counts(self) -> Mapping[JobState, int]:
        """Count jobs by state."""
        ...

    def cancel(self, job_id: str, asker: Asker) -> Later[JobStory]:
        """Cancel a job: answered once its process is gone. Denied for one that has ended."""
        ...

    def retry(self, job_id: str, asker: Asker) -> Later[JobStory]:
        """Take a failed or cancelled job up again after its last finished node.

        One that goes on by a retry already is told as it is. Denied for any other, and where another job of
        the same ask is unfinished.
        """
        ...
