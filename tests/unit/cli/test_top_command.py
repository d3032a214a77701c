"""`tacore top` without a full screen: options, one look, plain text, and what it loads."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tacore.store.batch import Batch
from tacore.store.database import Database
from tests.support import journal
from tests.support.command import tacore
from tests.support.journal import T0_US
from tests.support.journal_columns import Row
from tests.support.terminal import on_terminal

NOBODY = "tcp://127.0.0.1:1"
THEN = "2023-11-14T22:13:25"
"""Five seconds after the journal's rows were answered, T0_US."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    rows = [Row(number, None, 1_000, b"{}", b"{}") for number in range(30)]
    rows += [Row(number, "denied", 9_000, b"{}", b'{"code": "denied"}') for number in range(30, 40)]
    database = Database(folder / "data/tacore.db")
    batch = Batch(lines=False)
    batch.add([journal.answers(rows, answered_us=T0_US)])
    batch.seq = database.committed_seq(1) + 1
    database.commit(batch, 1)
    database.close()
    return folder


def top(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return tacore(["top", *words], home, TACORE_HOME=str(home), TACORE_ENDPOINT=NOBODY)


def once(home: Path, *words: str) -> dict[str, Any]:
    done = top(home, "--once", *words)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_top_when_there_is_neither_broker_nor_journal_ends_with_5(tmp_path: Path) -> None:
    done = top(tmp_path, "--once")
    assert (done.returncode, done.stdout) == (5, "")
    assert "no broker" in done.stderr
    assert "tacore up" in done.stderr


def test_top_when_only_the_journal_is_there_shows_it_as_down(home: Path) -> None:
    seen = once(home)
    assert (seen["status"], seen["paper"], seen["uptime_s"]) == ("down", None, None)
    assert seen["methods"] == []  # its rows are years old


def test_top_when_asked_for_the_past_shows_what_was_then(home: Path) -> None:
    seen = once(home, "--at", THEN)
    assert (seen["status"], seen["reasons"], seen["trading"]) == ("unknown", [], None)
    assert seen["at"] == "2023-11-14T22:13:25.000Z"
    (method,) = seen["methods"]
    assert (method["method"], method["requests"], method["errors"]) == ("debug.echo", 40, 10)
    assert seen["rate_per_s"] == pytest.approx(8.0)  # 40 in the first five seconds of the ten
    assert seen["error_rate"] == 0.25
    assert seen["p95_ms"] == pytest.approx(9.0, rel=0.0625)


def test_top_when_a_window_is_given_sums_up_over_it(home: Path) -> None:
    later = "2023-11-14T22:20:00"
    assert once(home, "--at", later, "--window", "5m")["methods"] == []
    seen = once(home, "--at", later, "--window", "1h")
    assert (seen["window_s"], seen["methods"][0]["requests"]) == (3600, 40)


def test_top_when_in_a_pipe_writes_an_object_and_ends_for_the_past(home: Path) -> None:
    done = top(home, "--at", THEN)
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "unknown"


def test_top_when_plain_has_neither_colours_nor_bars(home: Path) -> None:
    seen = on_terminal(["top", "--plain", "--at", THEN, "--home", str(home)], home, NOBODY, columns=100)
    assert seen.returncode == 0
    text = "\n".join(seen.lines)
    assert text.isascii()
    assert "\x1b" not in seen.raw
    assert "service unknown, for this is the past, money unknown" in text
    assert "8.00 answers a second" in text
    assert "debug.echo" in text


def test_top_when_the_terminal_is_dumb_is_plain(home: Path) -> None:
    seen = on_terminal(["top", "--at", THEN, "--home", str(home)], home, NOBODY, environ={"TERM": "dumb"})
    assert seen.returncode == 0
    assert "\x1b" not in seen.raw
    assert any(line.startswith("debug.echo") for line in seen.lines)


def test_top_when_once_on_a_terminal_is_a_sheet(home: Path) -> None:
    seen = on_terminal(["top", "--once", "--at", THEN, "--home", str(home)], home, NOBODY)
    assert seen.returncode == 0
    assert any("status" in line and "unknown" in line for line in seen.lines)
    assert any("debug.echo" in line for line in seen.lines)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--window", "7s"], "--window is one of 10s, 5m, 1h, not '7s'"),
        (["--tab", "fills"], "--tab is one of workers, methods, requests, orders, jobs, not 'fills'"),
        (["--at", "noon"], "--at is a moment"),
        (["--every", "0"], "--every is a number of at least 0.2"),
        (["what"], "top does not know 'what'"),
        (["--once", "-o", "xml"], "--output is one of"),
    ],
)
def test_top_when_an_option_is_wrong_says_what_is_allowed(
    words: list[str], said: str, tmp_path: Path
) -> None:
    done = top(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_top_when_help_is_asked_for_names_every_option(tmp_path: Path) -> None:
    done = top(tmp_path, "--help")
    assert done.returncode == 0
    for each in ("--once", "--plain", "--every", "--at", "--window", "--tab", "--filter"):
        assert each in done.stdout


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("tacore.cli.top", {"textual", "rich", "pydantic"}),
        ("tacore.tui.feed", {"textual", "rich", "pydantic"}),
        ("tacore.tui.plain", {"textual", "rich", "pydantic"}),
        ("tacore.tui.overview", {"textual", "rich", "pydantic"}),
        ("tacore.tui.tables", {"textual", "rich", "pydantic"}),
    ],
)
def test_import_when_no_screen_is_drawn_loads_no_framework(module: str, absent: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted({absent!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
