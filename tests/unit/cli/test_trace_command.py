import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tacore.store.batch import Batch
from tacore.store.database import Database
from tacore.wire.records import Answers
from tests.support import journal
from tests.support.command import tacore
from tests.support.journal_columns import Row

T0_US = journal.T0_US
STEPS = b'[{"name":"table","at_us":500,"us":2000,"note":"kept"},{"name":"query","at_us":2600,"us":1000}]'
TRIES = (
    b'[{"at_us":1000,"worker_id":"w9","until_us":2500,"lost":"killed by signal 9"},{"at_us":2600},'
    b'{"at_us":3000,"worker_id":"w1","until_us":10000}]'
)


def answered(request_id: str, at_us: int, **about: Any) -> Answers:
    """Make the record of a request that took 10 ms, 4 of them in a queue."""
    rows = [[request_id], [5_000], [b'{"market":"US"}'], [b'{"matched":3}'], None, None, about.get("steps")]
    encoded = msgspec.msgpack.encode(rows)
    times = [at_us - 10_000], [4_000], about.get("attempts")
    return Answers("scan.market", "w1", at_us, "local", [b"bot"], *times, encoded, about.get("tries"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    failed = Row("b", "denied", 2_500, b"{}", b'{"code":"denied","message":"too large"}')
    database = Database(folder / "data/tacore.db")
    batch = Batch(lines=False)
    batch.add([answered("a", T0_US + number * 1_000_000) for number in range(3)])
    batch.add([journal.answers([failed], method="execute.order")])
    batch.add([answered("s", T0_US, steps=[STEPS], tries=[TRIES], attempts=[2])])
    batch.seq = 1
    database.commit(batch, 1)
    database.close()
    return folder


def trace(home: Path, cwd: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environ = {"TACORE_HOME": str(home), "TACORE_ENDPOINT": "tcp://127.0.0.1:1"}
    return tacore(["trace", *words], cwd, **environ)


def test_trace_when_in_a_pipe_writes_a_line_for_each_span(home: Path, tmp_path: Path) -> None:
    done = trace(home, tmp_path, "s")
    assert done.returncode == 0, done.stderr
    spans = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["span"], each["parent"], each["start_ms"], each["ms"]) for each in spans] == [
        ("scan.market", None, 0.0, 10.0),
        ("queue", 0, 0.0, 1.0),
        ("attempt 1", 0, 1.0, 1.5),
        ("retry joined", 0, 2.6, 0.0),
        ("queue", 0, 2.5, 0.5),
        ("attempt 2", 0, 3.0, 7.0),
        ("processing", 5, 5.0, 5.0),
        ("table", 6, 5.5, 2.0),
        ("query", 6, 7.6, 1.0),
    ]
    assert {each["request_id"] for each in spans} == {"s"}
    assert (spans[2]["worker_id"], spans[2]["outcome"], spans[2]["note"]) == (
        "w9",
        "worker_lost",
        "killed by signal 9",
    )
    assert spans[7]["at"] == "2023-11-14T22:13:19.995500Z"


def test_trace_when_for_reading_draws_a_waterfall(home: Path, tmp_path: Path) -> None:
    lines = trace(home, tmp_path, "s", "-o", "table").stdout.splitlines()
    assert lines[0].split() == ["scan.market", "s"]
    assert "2023-11-14T22:13:19.990000Z" in lines[1]
    (table,) = [line for line in lines if "table: kept" in line]
    assert table.split()[:2] == ["5.500", "2.000"]
    assert any("on w9" in line for line in lines)


def test_trace_when_an_id_was_used_often_shows_the_newest_and_counts_the_others(
    home: Path, tmp_path: Path
) -> None:
    done = trace(home, tmp_path, "a", "--columns", "span,at")
    assert json.loads(done.stdout.splitlines()[0]) == {
        "span": "scan.market",
        "at": "2023-11-14T22:13:21.990000Z",
    }
    assert "2 older requests had the id a" in done.stderr


@pytest.mark.parametrize(("words", "shown"), [(["--all"], 3), (["-n", "2"], 2), (["-n", "9"], 3)])
def test_trace_when_several_are_wanted_shows_the_newest_last(
    home: Path, tmp_path: Path, words: list[str], shown: int
) -> None:
    done = trace(home, tmp_path, "a", *words)
    wholes = [each for each in map(json.loads, done.stdout.splitlines()) if each["parent"] is None]
    moments = [each["at"] for each in wholes]
    assert len(moments) == shown
    assert moments == sorted(moments)
    assert moments[-1] == "2023-11-14T22:13:21.990000Z"
    assert ("older" in done.stderr) == (shown < 3)


@pytest.mark.parametrize("option", ["--payload", "-v"])
def test_trace_when_payload_is_wanted_shows_params_and_answer(
    home: Path, tmp_path: Path, option: str
) -> None:
    text = trace(home, tmp_path, "s", option, "-o", "table").stdout
    assert text.endswith('params\n{\n  "market": "US"\n}\nanswer\n{\n  "matched": 3\n}\n')


def test_trace_when_it_failed_says_why(home: Path, tmp_path: Path) -> None:
    assert "denied: too large" in trace(home, tmp_path, "b", "-o", "table").stdout


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("nosuch", 7, "the journal has no request nosuch"),
        ("", 2, "trace needs an ID"),
        ("a b", 2, "does not know 'b'"),
        ("--al a", 2, "does not know '--al'"),
        ("a -n 0", 2, "-n is a number of at least 1"),
    ],
)
def test_trace_when_there_is_nothing_to_show_says_why(
    home: Path, tmp_path: Path, words: str, code: int, says: str
) -> None:
    done = trace(home, tmp_path, *words.split())
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr


def test_trace_when_there_is_no_journal_exits_7(tmp_path: Path) -> None:
    done = trace(tmp_path, tmp_path, "a")
    assert (done.returncode, "no broker has run there yet" in done.stderr) == (7, True)
