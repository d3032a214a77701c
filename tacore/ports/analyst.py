"""An analyst: a team of LLM agents that runs in a process of its own and says what it does."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from tacore.model.jobs import Ask, Outcome, Report, Spent, ToolCall


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A node has finished and is kept: a resumed run goes on after it. ``progress`` is 0 to 1.

    ``next`` names the node that begins now, "" where none does. ``spent`` is what the finished node used of
    each model, all of its calls.
    """

    node: str
    next: str
    progress: float
    spent: Sequence[Spent] = ()


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the model has been answered, or broken off after its tokens were used.

    Said at once, so that limits hold within a node; never said again in a Stage's sum twice over: a Stage's
    ``spent`` is of the same calls.
    """

    spent: Spent


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """An agent has looked at data."""

    call: ToolCall


class Wrote(msgspec.Struct, frozen=True, kw_only=True):
    """An agent has written a report, or written it anew."""

    report: Report


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Something an operator may want to know."""

    text: str


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """The run is over, with its decision; nothing follows."""

    outcome: Outcome


class Broke(msgspec.Struct, frozen=True, kw_only=True):
    """The run is over without a decision; nothing follows.

    ``passing`` tells that the same may work later: the run is kept and can be resumed. ``retry_after_s`` is
    what the model's server asked for.
    """

    code: str
    message: str
    passing: bool
    retry_after_s: float | None = None


Said = Stage | Used | Looked | Wrote | Noted | Finished | Broke
Say = Callable[[Said], None]


class Run(Protocol):
    """A run under way."""

    @property
    def pid(self) -> int:
        """The process that runs it, the head of its own process group."""
        ...

    def kill(self) -> None:
        """End the process and all of its own at once. Safe twice.

        What calls have used that were answered before is said until this returns, and nothing after.
        """
        ...


class Analyst(Protocol):
    """Runs asks. Any method may be called from the manager's thread and none may block it for long."""

    @property
    def name(self) -> str:
        """The engine, as in an ask."""
        ...

    @property
    def version(self) -> str:
        """The checkout's version and commit; "" where there is none."""
        ...

    def check(self, ask: Ask) -> None:
        """Raise Unavailable, naming what to set, where no run could begin; look at nothing that is slow."""
        ...

    def start(self, ask: Ask, folder: Path, say: Say) -> Run:
        """Begin a run in a private folder, or go on after the last finished node that the folder keeps.

        ``say`` is called from another thread. It is told Finished or Broke once, whatever becomes of the
        process, unless the run is killed.
        """
        ...

    def warm(self) -> None:
        """Have a process ready for the next run, if there is none."""
        ...

    def close(self) -> None:
        """End every process."""
        ...
