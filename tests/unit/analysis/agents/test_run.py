"""A run's process and what is told of it, with small programs in place of the runner."""

import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tacore.analysis.agents.child import Child, Launch
from tacore.analysis.agents.run import AgentRun, Answer, Desk, Errand, Evidence
from tacore.model.jobs import Ask, Outcome, ToolCall
from tests.support.agent_runs import Heard, ask_of

KEY = "CANARY-0123456789"
CALL = ToolCall(at_us=1, node="Market Analyst", tool="prices")
NEED = '{"kind": "need", "n": 1, "node": "Market Analyst", "tool": "prices", "arguments": {}}'
WAIT = "import sys; sys.stdin.read()"


def told(text: str) -> str:
    """Write a program that says lines, and waits."""
    return f"print({text!r}, flush=True); {WAIT}"


def no_outcome(*_: Any) -> Outcome:
    raise AssertionError("nothing is to be concluded")


def price(_model: str, read: int, written: int) -> Decimal:
    return Decimal(read + written) / 1000


def answered(_ask: Ask, _node: str, _tool: str, _arguments: Any) -> tuple[str, ToolCall]:
    return "text", CALL


class Begun:
    """A run that has begun, and what it says."""

    def __init__(self, folder: Path, program: str, answer: Answer, conclude: Any) -> None:
        self.heard = Heard()
        child = Child(Launch((sys.executable, "-I", "-c", program), folder, {}))
        errand = Errand(
            ask=ask_of("tradingagents_cn"),
            order={},
            folder=folder,
            course=("Market Analyst",),
            engine_version="1",
            secret=KEY,
        )
        self.run = AgentRun(child, errand, Desk(answer, conclude, price), self.heard.say, None)


Begin = Callable[..., Begun]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    made: list[Begun] = []

    def make(program: str, answer: Answer = answered, conclude: Any = no_outcome) -> Begun:
        made.append(Begun(tmp_path, program, answer, conclude))
        return made[-1]

    yield make
    for each in made:
        each.run.kill()
        each.run.settle(10)


def test_run_when_evidence_can_not_be_kept_breaks(begin: Begin, tmp_path: Path) -> None:
    (tmp_path / "evidence.ndjson").symlink_to(tmp_path / "nowhere" / "file")
    begun = begin(told(NEED))
    begun.run.begin()

    broke = begun.heard.broke()

    assert (broke.code, broke.passing) == ("folder_unwritable", True)
    assert "evidence.ndjson" in broke.message


def test_run_when_its_log_can_not_be_written_is_ended_all_the_same(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin("import sys; sys.stderr.write('word\\n' * 200_000)")
    with Path("/dev/full").open("wb", buffering=0) as full:
        begun.run._noise._file.close()
        monkeypatch.setattr(begun.run._noise, "_file", full)
        begun.run.begin()
        broke = begun.heard.broke()
        begun.run.settle(10)

    assert broke.code == "child_died"
    assert "word" in broke.message


def test_evidence_when_its_last_line_was_cut_off_loses_none_that_follows(tmp_path: Path) -> None:
    path = tmp_path / "evidence.ndjson"
    Evidence(path).add(CALL)
    with path.open("ab") as file:
        file.write(b'{"at_us": 2, "no')
    Evidence(path).add(CALL)

    assert Evidence(path).all() == (CALL, CALL)
