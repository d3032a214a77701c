"""An analyst whose runs say what a test has them say."""

import itertools
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from tacore.errors import Unavailable
from tacore.model.jobs import (
    Ask,
    Decision,
    Flaw,
    Outcome,
    Quality,
    Report,
    Speech,
    Spent,
    ToolCall,
)
from tacore.ports.analyst import Broke, Finished, Looked, Noted, Said, Say, Stage, Used, Wrote

ASK = Ask(
    engine="tradingagents_cn",
    market="US",
    symbol="AAPL",
    date="2012-09-19",
    analysts=("market", "news"),
    debate_rounds=1,
    risk_rounds=1,
    quick_model="small",
    deep_model="large",
)


class ScriptedRun:
    """A run by hand; its pid is invented and belongs to nobody.

    ``last`` is said while it is killed, as what was still on its way then.
    """

    _pids = itertools.count(5_000_000)

    def __init__(self, ask: Ask, folder: Path, say: Say) -> None:
        self.ask = ask
        self.folder = folder
        self.pid = next(self._pids)
        self.alive = True
        self.kills = 0
        self.last: list[Said] = []
        self._say = say

    def say(self, *said: Said) -> None:
        """Say something; nobody hears a run that was killed."""
        for each in said:
            if self.alive:
                self._say(each)

    def kill(self) -> None:
        last, self.last = self.last, []
        self.say(*last)
        self.alive = False
        self.kills += 1


class ScriptedAnalyst:
    """Starts runs by hand, and remembers them."""

    def __init__(self, name: str = "tradingagents_cn") -> None:
        self.name = name
        self.runs: list[ScriptedRun] = []
        self.version = "1.0 abc1234"
        self.lacks = ""
        self.refuses: Exception | None = None
        self.warmed = 0
        self.closed = False

    def check(self, ask: Ask) -> None:
        if self.lacks:
            raise Unavailable(f"set {self.lacks}", retryable=False, details={"set": [self.lacks]})

    def start(self, ask: Ask, folder: Path, say: Say) -> ScriptedRun:
        if self.refuses is not None:
            raise self.refuses
        run = ScriptedRun(ask, folder, say)
        self.runs.append(run)
        return run

    def warm(self) -> None:
        self.warmed += 1

    def close(self) -> None:
        self.closed = True

    @property
    def alive(self) -> list[ScriptedRun]:
        """The runs that have a process."""
        return [each for each in self.runs if each.alive]


def used(read: int = 1000, written: int = 100, **more: Any) -> Used:
    """Say that one call of a model is answered."""
    fields: dict[str, Any] = {"node": "market", "model": "small", "calls": 1, **more}
    return Used(spent=Spent(input_tokens=read, output_tokens=written, **fields))


def stage(node: str, following: str = "", progress: float = 0.5, spent: Sequence[Spent] = ()) -> Stage:
    """Say that a node is done."""
    return Stage(node=node, next=following, progress=progress, spent=spent)


def looked(tool: str = "prices", **more: Any) -> Looked:
    """Say that an agent has looked at data."""
    return Looked(call=ToolCall(at_us=1, node="market", tool=tool, source="sample", **more))


def wrote(name: str = "market", text: str = "It rises.") -> Wrote:
    """Say that a report is written."""
    return Wrote(report=Report(name=name, title=name.title(), text=text))


def noted(text: str = "odd") -> Noted:
    """Say something that an operator may want to know."""
    return Noted(text=text)


def finished(action: Any = "buy", *flaws: str) -> Finished:
    """Say that the run is over, with its decision."""
    quality = Quality(
        verdict="degraded" if flaws else "ok",
        flaws=[Flaw(code=each, message=f"there is {each}") for each in flaws],
    )
    outcome = Outcome(
        decision=Decision(action=action, confidence=0.8, target_price=Decimal("120.50"), text="Buy it."),
        quality=quality,
        reports=[
            Report(name="market", title="Market", text="It rises."),
            Report(name="p", title="P", text="x"),
        ],
        debates=[Speech(debate="investment", speaker="bull", text="Up!")],
        tool_calls=[ToolCall(at_us=1, node="market", tool="prices", source="sample")],
        price=Decimal("100.25"),
        currency="USD",
        source="sample",
        as_of="2012-09-19",
        engine_version="1.0",
    )
    return Finished(outcome=outcome)


def broke(code: str = "model_error", *, passing: bool = True, retry_after_s: float | None = None) -> Broke:
    """Say that the run is over without a decision."""
    return Broke(code=code, message=f"it broke: {code}", passing=passing, retry_after_s=retry_after_s)
