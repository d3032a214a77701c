"""A run's process and what is told of it, with small programs in place of the runner."""

import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

import tacore.analysis.agents.child as child_module
import tacore.analysis.agents.run as run_module
from tacore.analysis.agents.child import Child, Launch
from tacore.analysis.agents.run import AgentRun, Answer, Desk, Errand, Evidence
from tacore.analysis.agents.signal import Unreadable
from tacore.errors import TacoreError, Unavailable
from tacore.model.jobs import Ask, Outcome, ToolCall
from tacore.ports.analyst import Broke, Stage, Used
from tests.support.agent_runs import Heard, ask_of
from tests.support.service import wait_until

KEY = "CANARY-0123456789"
CALL = ToolCall(at_us=1, node="Market Analyst", tool="prices")
NEED = '{"kind": "need", "n": 1, "node": "Market Analyst", "tool": "prices", "arguments": {}}'
WAIT = "import sys; sys.stdin.read()"


USED = (
    '{"kind": "used", "n": 1, "node": "Trader", "model": "m", "calls": 1, "input": %s, "output": 2, '
    '"estimated": false}'
)
SENT = '{"kind": "sent", "n": 2, "node": "Judge", "model": "m", "input": 300, "output": 4000}'
STAGE = '{"kind": "stage", "node": "Trader", "next": "Judge", "spent": []}'
TOLD = (
    '{"kind": "told", "signal": {}, "answer": null, "final_text": "", "reports": [], "debates": [], '
    '"failed": [], "cut": []}'
)


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


@pytest.mark.parametrize(("error", "kept"), [(Unreadable("none"), False), (Unavailable("later"), True)])
def test_run_when_its_signal_can_not_be_read_forgets_it_for_the_next_attempt(
    begin: Begin, tmp_path: Path, error: TacoreError, kept: bool
) -> None:
    (tmp_path / "signal.json").write_text("{}")

    def conclude(*_: Any) -> Outcome:
        raise error

    begun = begin(told(TOLD), conclude=conclude)
    begun.run.begin()

    assert begun.heard.broke().code == error.code
    assert (tmp_path / "signal.json").exists() == kept


def test_evidence_when_its_last_line_was_cut_off_loses_none_that_follows(tmp_path: Path) -> None:
    path = tmp_path / "evidence.ndjson"
    Evidence(path).add(CALL)
    with path.open("ab") as file:
        file.write(b'{"at_us": 2, "no')
    Evidence(path).add(CALL)

    assert Evidence(path).all() == (CALL, CALL)


def test_run_when_it_is_killed_says_what_was_used_until_then_and_nothing_else(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is heard is held up, so that the lines after it are in the pipe when the run is killed."""
    for module in (child_module, run_module):
        monkeypatch.setattr(module, "DRAIN_S", 30)
    held, killed = threading.Event(), threading.Event()
    begun = begin(told("\n".join([STAGE, USED % 1, SENT, STAGE, TOLD])))
    hear = begun.run._hear

    def slowly(line: bytes) -> None:
        hear(line)
        held.set()
        killed.wait(10)

    begun.run._hear = slowly  # type: ignore[method-assign]
    begun.run.begin()
    assert held.wait(30)
    killer = threading.Thread(target=begun.run.kill)
    killer.start()
    wait_until(lambda: not psutil.pid_exists(begun.run.pid), "it is gone")
    killed.set()
    killer.join(30)

    first, *rest = begun.heard.all()
    assert isinstance(first, Stage)
    assert [(each.spent.node, each.spent.estimated) for each in rest if isinstance(each, Used)] == [
        ("Trader", False),
        ("Judge", True),
    ]
    assert len(rest) == 2
    begun.run.settle(10)
    assert len(begun.heard.all()) == 3


def test_run_when_it_broke_says_what_was_used_before_the_end(begin: Begin) -> None:
    begun = begin(told("\n".join(["no json", USED % 7, STAGE, SENT])))
    begun.run.begin()

    broke = begun.heard.broke()

    assert broke.code == "runner_unreadable"
    assert [type(each) for each in begun.heard.all()] == [Used, Used, Broke]
    assert [each.spent.input_tokens for each in begun.heard.of(Used)] == [7, 300]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (USED % 10**20, "input"),
        (USED % -1, "input"),
        (USED % 2**53, "input"),
        ((USED % 1).replace('"calls": 1', '"calls": -1'), "calls"),
        (STAGE.replace("[]", f"[{(USED % 1).replace('2, ', '-2, ')}]"), "output"),
        (SENT.replace("4000", "9007199254740992"), "output"),
        (NEED.replace('"n": 1', '"n": -1'), "n"),
    ],
)
def test_run_when_a_count_is_none_breaks_and_names_it(begin: Begin, line: str, field: str) -> None:
    begun = begin(told(line))
    begun.run.begin()

    broke = begun.heard.broke()

    assert (broke.code, broke.passing) == ("engine_failed", False)
    assert f" {field} " in broke.message
    assert begun.heard.of(Used) == []


def test_run_when_a_count_is_the_largest_counts_it(begin: Begin) -> None:
    begun = begin(told(USED % (2**53 - 1)))
    begun.run.begin()

    begun.heard.wait(lambda said: isinstance(said, Used) and said.spent.input_tokens == 2**53 - 1)


def test_run_when_something_of_it_outlives_it_ends_all_the_same(begin: Begin) -> None:
    """A process in a session of its own keeps the pipe open."""
    sleeper = "[sys.executable, '-c', 'import time; time.sleep(20)']"
    begun = begin(
        f"import subprocess, sys; subprocess.Popen({sleeper}, start_new_session=True); {told('no json')}"
    )
    begun.run.begin()

    assert begun.heard.end(15) == begun.heard.broke()
