"""The runs under way: one process each, which the desk starts and ends."""

import logging
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tacore.errors import TacoreError, Unavailable
from tacore.jobs.rows import Kept
from tacore.model.jobs import Ask
from tacore.ports import Analyst
from tacore.ports.analyst import Broke, Run, Said
from tacore.runfiles import process_of

log = logging.getLogger("tacore.jobs")

GONE_S = 5.0
"""How long a killed process may take to be gone."""


@dataclass(slots=True)
class Live:
    """A run under way since ``began``, at most until ``deadline`` (monotonic seconds).

    ``max_s`` is all the time that its job has, ``pid_started`` when its process started (epoch seconds).
    """

    number: int
    attempt: int
    began: float
    deadline: float
    max_s: float
    run: Run | None = None
    pid_started: float | None = None
    stopping: bool = False

    @property
    def pid(self) -> int | None:
        """Its process; None where none could be started."""
        return None if self.run is None else self.run.pid

    def kill(self) -> None:
        """End its process and all of its own."""
        self.stopping = True
        if self.run is not None:
            self.run.kill()


@dataclass(slots=True)
class Runs:
    """Starts runs in private folders under ``folder``."""

    analysts: Mapping[str, Analyst]
    folder: Path
    _live: dict[int, Live] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._live)

    def __iter__(self) -> Iterator[Live]:
        return iter(list(self._live.values()))

    def of(self, number: int) -> Live | None:
        """Give the run of a job."""
        return self._live.get(number)

    def begin(self, live: Live, ask: Ask, job_id: str, say: Callable[[Said], None]) -> None:
        """Start a process; what hinders that is said as if it had told so itself."""
        self._live[live.number] = live
        try:
            folder = self.folder_of(job_id)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            live.run = analyst_of(self.analysts, ask).start(ask, folder, say)
            live.pid_started = started_at(live.run.pid)
        except TacoreError as error:
            say(Broke(code=error.code, message=error.message, passing=error.retryable))
        except Exception as error:
            log.exception("run_not_started", extra={"job_id": job_id}, exc_info=error)
            message = f"its process could not be started: {type(error).__name__}: {error}"
            say(Broke(code="start_failed", message=message, passing=False))

    def over(self, live: Live) -> None:
        """Forget a run that has ended, and see that nothing of it is left."""
        if self._live.get(live.number) is live:
            del self._live[live.number]
        live.kill()

    def folder_of(self, job_id: str) -> Path:
        """Give the private folder of a job."""
        return self.folder / job_id


def analyst_of(analysts: Mapping[str, Analyst], ask: Ask) -> Analyst:
    """Give the analyst of an ask's engine."""
    found = analysts.get(ask.engine)
    if found is None:
        raise Unavailable(f"engine {ask.engine} is not served here", retryable=False)
    return found


def started_at(pid: int) -> float | None:
    """Tell when a process started (epoch seconds); None where it is gone already."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def bury(kept: Kept) -> None:
    """End what is left of the run of an earlier manager, its group with it."""
    found = process_of({"pid": kept.pid, "started": kept.pid_started})
    if found is None or found.pid == os.getpid():
        return
    log.warning("run_left_over", extra={"job_id": kept.job.job_id, "pid": found.pid})
    with suppress(OSError):
        if os.getpgid(found.pid) == found.pid:
            os.killpg(found.pid, signal.SIGKILL)
    with suppress(psutil.Error):
        found.kill()
        found.wait(GONE_S)
