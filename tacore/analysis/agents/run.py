"""A run under way: what its runner says becomes what the manager is told."""

import contextlib
import logging
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import msgspec

from tacore.analysis.agents.child import DRAIN_S, Child
from tacore.analysis.agents.engines import Course
from tacore.analysis.agents.noise import Noise, Scrubber
from tacore.analysis.agents.protocol import (
    BrokeLine,
    Line,
    NeedLine,
    OutOfBounds,
    SentLine,
    SparedLine,
    SpentEntry,
    StageLine,
    ToldLine,
    UsedLine,
    WroteLine,
    read_line,
)
from tacore.analysis.agents.signal import Unreadable
from tacore.analysis.agents.told import Told
from tacore.errors import TacoreError
from tacore.model.jobs import Ask, Outcome, Report, Spent, ToolCall
from tacore.ports.analyst import Broke, Finished, Looked, Noted, Said, Say, Stage, Used, Wrote

LOOKS_AT_ONCE = 2
_LOG = logging.getLogger(__name__)
_NO_TOKENS = "the model's server does not say how many tokens it used: they are estimated, rather too high"

Answer = Callable[[Ask, str, str, Mapping[str, Any]], tuple[str, ToolCall]]
"""Gives the text for an agent, and the record of its look at data: ask, node, tool, arguments."""
Conclude = Callable[[Ask, Told, Sequence[ToolCall]], Outcome]
Price = Callable[[str, int, int], Decimal | None]
"""What a model's call costs, by its tokens in and out; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a run needs of tacore."""

    answer: Answer
    conclude: Conclude
    price: Price


@dataclass(frozen=True, slots=True)
class Errand:
    """What is asked of a run. ``order`` is the runner's; ``folder`` keeps what a resumed run needs."""

    ask: Ask
    order: Mapping[str, Any]
    folder: Path
    course: Sequence[str]
    engine_version: str
    secret: str


class AgentRun:
    """A runner's process at work on an errand; says Finished or Broke once, unless it is killed."""

    def __init__(self, child: Child, errand: Errand, desk: Desk, say: Say, scratch: Path | None) -> None:
        self._child, self._errand, self._desk, self._tell, self._scratch = child, errand, desk, say, scratch
        self._course = Course(errand.course)
        self._scrub = Scrubber(errand.secret)
        self._noise = Noise(errand.folder, self._scrub)
        self._evidence = Evidence(errand.folder / "evidence.ndjson")
        self._saying = threading.RLock()
        self._over = self._killed = False
        self._heard_all = threading.Event()
        self._word: Finished | Broke | None = None
        self._gone = threading.Event()
        self._counted = True
        self._open: dict[int, SentLine] = {}
        self._needs: SimpleQueue[NeedLine | None] = SimpleQueue()

    def begin(self) -> None:
        """Give the errand to the runner."""
        for _ in range(LOOKS_AT_ONCE):
            threading.Thread(target=self._look, name=f"looks-{self.pid}", daemon=True).start()
        self._child.listen(self._hear, self._noise.hear, self._ended)
        self._child.send(self._errand.order)

    @property
    def pid(self) -> int:
        """The process that runs it, the head of its own process group."""
        return self._child.pid

    @property
    def over(self) -> bool:
        """Tell whether nothing more will be said."""
        return self._over

    def kill(self) -> None:
        """End the process and all of its own at once; nothing is said after this returns. Safe twice.

        What it had said of its calls is told before that, and nothing else.
        """
        with self._saying:
            self._killed = True
        self._child.kill()
        self._heard_all.wait(DRAIN_S)
        self._count_open()
        with self._saying:
            self._over = True

    def settle(self, timeout_s: float) -> None:
        """Wait until nothing of the process is left, its folder of its own included."""
        self._gone.wait(timeout_s)

    def _say(self, said: Said) -> None:
        with self._saying:
            if not self._over and self._may_say(said):
                self._over = isinstance(said, Finished | Broke)
                self._tell(said)

    def _may_say(self, said: Said) -> bool:
        """Tell whether it may be said now: once the end has come, what was used and the end itself."""
        return isinstance(said, Used) or (not self._killed and self._word in (None, said))

    def _hear(self, line: bytes) -> None:
        try:
            said = read_line(self._scrub.bytes(line))
        except OutOfBounds as error:
            self._break("engine_failed", f"the engine counts what can't be: {error}", passing=False)
            return
        except ValueError as error:
            self._break("runner_unreadable", f"the runner said what can't be read: {error}", passing=True)
            return
        if isinstance(said, SentLine | SparedLine | UsedLine):
            self._count(said)
        elif not self._killed and self._word is None:
            self._heed(said)

    def _heed(self, said: Line) -> None:
        match said:
            case StageLine():
                self._stage(said)
            case NeedLine():
                self._needs.put(said)
            case WroteLine():
                self._say(Wrote(report=Report(name=said.name, title=said.title, text=said.text)))
            case ToldLine():
                self._conclude(said)
            case BrokeLine():
                self._break(said.code, said.message, passing=said.passing, retry_after_s=said.retry_after_s)
            case _:
                pass

    def _count(self, said: SentLine | SparedLine | UsedLine) -> None:
        with self._saying:
            if isinstance(said, SentLine):
                self._open[said.n] = said
                return
            self._open.pop(said.n, None)
            if isinstance(said, UsedLine):
                self._used(said)

    def _stage(self, said: StageLine) -> None:
        spent = [self._spent(each) for each in said.spent]
        progress = self._course.reach(said.next)
        self._say(Stage(node=said.node, next=said.next, progress=round(progress, 4), spent=spent))

    def _used(self, said: UsedLine) -> None:
        self._say(Used(spent=self._spent(said)))
        if self._counted and said.estimated:
            self._counted = False
            self._say(Noted(text=_NO_TOKENS))

    def _count_open(self) -> None:
        """Say what calls that were broken off may have used: their server was at work on them."""
        with self._saying:
            while self._open:
                _, sent = self._open.popitem()
                self._say(
                    Used(
                        spent=self._spent(
                            SpentEntry(sent.node, sent.model, 1, sent.input, sent.output, estimated=True)
                        )
                    )
                )

    def _spent(self, said: UsedLine | SpentEntry) -> Spent:
        cost = self._desk.price(said.model, said.input, said.output)
        return Spent(
            node=said.node,
            model=said.model,
            calls=said.calls,
            input_tokens=said.input,
            output_tokens=said.output,
            cost=None if said.estimated else cost,
            complete=cost is not None and not said.estimated,
            estimated=said.estimated,
            estimated_cost=cost if said.estimated else None,
        )

    def _look(self) -> None:
        """Answer questions for data, on a thread of its own, until the run is over."""
        while (need := self._needs.get()) is not None:
            ask = self._errand.ask
            try:
                text, call = self._desk.answer(ask, need.node, need.tool, need.arguments)
            except Exception:
                _LOG.exception("agent_data_failed", extra={"tool": need.tool, "symbol": ask.symbol})
                self._break(
                    "data_failed", f"{need.tool} of {ask.symbol} failed; the log says why", passing=False
                )
                return
            try:
                self._evidence.add(call)
            except OSError as error:
                self._break("folder_unwritable", f"evidence.ndjson can't be written: {error}", passing=True)
                return
            self._say(Looked(call=call))
            self._child.send({"answer": need.n, "text": text})

    def _conclude(self, said: ToldLine) -> None:
        told = Told(
            signal=said.signal,
            answer=said.answer,
            final_text=said.final_text,
            reports=said.reports,
            debates=said.debates,
            engine_version=self._errand.engine_version,
            failed=said.failed,
            cut=said.cut,
        )
        try:
            outcome = self._desk.conclude(self._errand.ask, told, self._evidence.all())
        except TacoreError as error:
            if isinstance(error, Unreadable):  # read again, the same would be found again
                with contextlib.suppress(OSError):
                    (self._errand.folder / "signal.json").unlink(missing_ok=True)
            self._break(error.code, self._scrub.text(error.message), passing=error.retryable)
        except Exception:
            _LOG.exception("agent_conclusion_failed", extra={"symbol": self._errand.ask.symbol})
            self._break("internal", "what the engine told can't be judged; the log says why", passing=False)
        else:
            self._finish(Finished(outcome=outcome))

    def _break(self, code: str, message: str, *, passing: bool, retry_after_s: float | None = None) -> None:
        self._finish(Broke(code=code, message=message, passing=passing, retry_after_s=retry_after_s))

    def _finish(self, word: Finished | Broke) -> None:
        """End the process; once it has ended the word is said, unless there was one before."""
        with self._saying:
            self._word = self._word or word
        self._child.kill()

    def _ended(self, how: str) -> None:
        for _ in range(LOOKS_AT_ONCE):
            self._needs.put(None)
        self._count_open()
        self._heard_all.set()
        try:
            self._noise.close()
            if self._scratch is not None:
                shutil.rmtree(self._scratch, ignore_errors=True)
        finally:
            last = self._noise.last()
            message = f"the runner's process {how}" + (f"; it said last:\n{last}" if last else "")
            with self._saying:
                self._word = self._word or Broke(code="child_died", message=message, passing=True)
            self._say(self._word)
            self._gone.set()


class Evidence:
    """The looks at data of all attempts, a line each in a file; what was cut off in writing is left out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._calls: list[ToolCall] = []
        if path.exists():
            kept = path.read_bytes()
            for line in kept.splitlines():
                with contextlib.suppress(msgspec.DecodeError):
                    self._calls.append(msgspec.json.decode(line, type=ToolCall))
            if kept and not kept.endswith(b"\n"):
                with path.open("ab") as file:
                    file.write(b"\n")

    def add(self, call: ToolCall) -> None:
        """Keep one."""
        with self._lock, self._path.open("ab") as file:
            self._calls.append(call)
            file.write(msgspec.json.encode(call) + b"\n")

    def all(self) -> Sequence[ToolCall]:
        """Give them, oldest first."""
        with self._lock:
            return tuple(self._calls)
