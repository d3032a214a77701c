import json
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tacore.cli import picture, watching
from tacore.cli.globals import Globals
from tacore.cli.rates import Asked, Look
from tacore.store.batch import Batch
from tacore.store.database import Database
from tests.support import journal
from tests.support.command import command, environment, tacore
from tests.support.journal_columns import Row
from tests.support.terminal import on_terminal

NOBODY = "tcp://127.0.0.1:1"


def write(home: Path, made: Sequence[tuple[str, float, Row]]) -> None:
    """Write answers: method, seconds ago, row."""
    now_us = time.time_ns() // 1000
    database = Database(home / "data/tacore.db")
    batch = Batch(lines=False)
    batch.add(
        [
            journal.answers([row], method=method, answered_us=now_us - round(ago_s * 1e6), queue_us=2_000)
            for method, ago_s, row in made
        ]
    )
    batch.seq = database.committed_seq(1) + 1
    database.commit(batch, 1)
    database.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a journal: 100 answers of 1 to 100 ms now, a failure a while ago, one long ago."""
    folder = tmp_path_factory.mktemp("home")
    now = [("scan.market", 0.0, Row(f"s{ms}", None, ms * 1000, b"{}", b"{}")) for ms in range(1, 101)]
    earlier = ("get.order", 100.0, Row("g", "not_found", 7_000, b"{}", b"{}"))
    long_ago = ("get.order", 2_000.0, Row("h", None, 3_000, b"{}", b"{}"))
    write(folder, [*now, earlier, long_ago])
    return folder


def stats(home: Path, *words: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    done = tacore(["stats", *words], home, NOBODY, TACORE_HOME=str(home))
    assert done.returncode == code, done.stderr
    return done


def rows(home: Path, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stats(home, *words).stdout.splitlines()]


def test_stats_when_asked_show_rates_and_percentiles_of_five_minutes(home: Path) -> None:
    scan, order = rows(home)
    assert (scan["method"], scan["window"], scan["requests"], scan["errors"]) == ("scan.market", "5m", 100, 0)
    # Of 1 to 100 ms; the journal's histogram is within 6.25 %, and no percentile is above the largest.
    assert scan["p50_ms"] == pytest.approx(50, rel=0.0625)
    assert scan["p95_ms"] == pytest.approx(95, rel=0.0625)
    assert scan["p99_ms"] == pytest.approx(99, rel=0.0625)
    assert (scan["mean_ms"], scan["max_ms"], scan["mean_queue_ms"]) == (50.5, 100.0, 2.0)
    assert 100 / 310 - 0.001 <= scan["per_s"] <= 100 / 300 + 0.001
    assert (order["method"], order["requests"], order["error_rate"]) == ("get.order", 1, 1.0)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--window 1h", [("1h", "scan.market", 100), ("1h", "get.order", 2)]),
        ("--window 90s", [("90s", "scan.market", 100)]),
        (
            "--window 90s,1h --method get.order",
            [("90s", "get.order", 0), ("1h", "get.order", 2)],
        ),
        ("--method get.order,scan.market", [("5m", "get.order", 1), ("5m", "scan.market", 100)]),
    ],
)
def test_stats_when_narrowed_show_that_window_and_method(
    home: Path, words: str, expected: list[tuple[str, str, int]]
) -> None:
    found = rows(home, *words.split())
    assert [(each["window"], each["method"], each["requests"]) for each in found] == expected


def test_stats_when_nobody_called_a_method_have_no_latencies(home: Path) -> None:
    (row,) = rows(home, "--window", "10s", "--method", "get.order")
    assert (row["requests"], row["errors"], row["per_s"]) == (0, 0, 0.0)
    assert {row[name] for name in ("p50_ms", "p95_ms", "error_rate", "mean_queue_ms")} == {None}


def test_totals_when_asked_for_are_of_all_time_by_method_and_code(home: Path) -> None:
    assert rows(home, "--totals") == [
        {"method": "get.order", "code": "success", "requests": 1, "mean_ms": 3.0},
        {"method": "get.order", "code": "not_found", "requests": 1, "mean_ms": 7.0},
        {"method": "scan.market", "code": "success", "requests": 100, "mean_ms": 50.5},
    ]
    whole = json.loads(stats(home, "-o", "json").stdout)
    assert whole["totals"] == {"success": 101, "not_found": 1}


def test_stats_when_for_reading_are_a_table_and_the_totals(home: Path) -> None:
    done = stats(home, "-o", "table", "--window", "10s,1h")
    head, *lines = done.stdout.splitlines()
    assert head.split()[:4] == ["method", "window", "requests", "per_s"]
    assert [line.split()[:3] for line in lines] == [
        ["scan.market", "1h", "100"],
        ["get.order", "1h", "2"],
    ] or lines[0].split()[:3] == ["scan.market", "10s", "100"]
    assert "totals.success=101" in done.stderr


def test_stats_when_a_method_is_mistyped_name_the_nearest(home: Path) -> None:
    assert (
        "no request for scan.markt; did you mean scan.market?" in stats(home, "--method", "scan.markt").stderr
    )
    assert stats(home, "--method", "scan.markt", "-q").stderr == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--window soon", "--window is a time like 10s, 5m, 1h"),
        ("--window 0s", "--window is a time like"),
        ("--window 1000d", "--window is a time like"),
        ("--window nans", "--window is a time like"),
        ("--window ,", "--window needs a value"),
        ("--method ,", "--method needs a value"),
        ("--watch 0", "--watch is a number of at least 0.1, not '0'"),
        ("--watch often", "not 'often'"),
        ("--watch --totals", "do not go with --watch"),
        ("--watch -o json", "has an end"),
        ("--frobnicate", "stats does not know '--frobnicate'"),
    ],
)
def test_stats_when_asked_wrongly_say_what_is_allowed(home: Path, words: str, said: str) -> None:
    done = stats(home, *words.split(), code=2)
    assert said in done.stderr
    assert done.stdout == ""


def test_stats_when_there_is_no_journal_say_so(tmp_path: Path) -> None:
    assert "there is no journal at" in stats(tmp_path, code=7).stderr


@pytest.mark.parametrize("output", ["ndjson", "csv"])
def test_watch_when_in_a_pipe_writes_rows_again_and_again_until_interrupted(home: Path, output: str) -> None:
    words = ["stats", "--watch", "0.1", "--window", "1h", "--method", "get.order", "-o", output]
    with subprocess.Popen(
        command(*words),
        cwd=home,
        env=environment(TACORE_HOME=str(home), TACORE_ENDPOINT=NOBODY),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")
    if output == "csv":
        assert lines[0].startswith("at,window,method,requests,")
        assert [line.split(",")[1:4] for line in lines[1:]] == [["1h", "get.order", "2"]] * 3
        return
    found = [json.loads(line) for line in lines]
    assert [each["requests"] for each in found] == [2] * 4
    moments = [each["at"] for each in found]
    assert moments == sorted(set(moments))


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_watch_when_on_a_terminal_draws_over_what_was_there(home: Path, term: str) -> None:
    words = ["stats", "--watch=0.1", "--window", "1h"]
    environ = {"TACORE_HOME": str(home), "TERM": term}
    seen = on_terminal(words, home, NOBODY, enough=lambda raw: raw.count("scan.market") >= 3, environ=environ)
    assert seen.returncode == 130
    assert "last 1h: 102 requests" in seen.raw
    assert "answers of all time: success 101  not_found 1" in seen.raw
    ups = re.findall(r"\x1b\[(\d+)A", seen.raw)
    if term == "dumb":
        assert not ups
        assert "\x1b[?25" not in seen.raw
        return
    assert set(ups) == {"5"}  # a line about all, the header, two methods, the totals
    assert seen.raw.startswith("\x1b[?25l")
    assert "\x1b[?25h" in seen.raw.rpartition("scan.market")[2]
    assert "\x1b[2J" not in seen.raw  # clearing before drawing is what flickers


def test_watch_when_the_terminal_is_low_and_narrow_fits(home: Path) -> None:
    seen = on_terminal(
        ["stats", "--watch=0.1", "--window", "1h"],
        home,
        NOBODY,
        columns=30,
        lines=5,
        enough=lambda raw: raw.count("more lines") >= 2,
        environ={"TACORE_HOME": str(home)},
    )
    frame = re.split(r"\x1b\[\d+A", seen.raw)[1].replace("\x1b[?25h", "")
    shown = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).strip("\r") for line in frame.split("\n")[:-1]]
    assert len(shown) <= 4
    assert max(map(len, shown)) <= 30
    assert "more lines" in frame


def test_picture_when_the_terminal_is_resized_begins_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    sizes = iter([(80, 24), (80, 24), (40, 24)])
    monkeypatch.setattr(picture, "_size", lambda: next(sizes))
    table = watching.Table(Asked({"10s": 10}), Globals())
    drawn = []
    for _ in range(3):
        table.show(Look("2026-01-01T12:00:00.000+00:00", [], [], []))
        drawn.append(capsys.readouterr().out)
    assert drawn[0].startswith("\r\x1b[2m12:00:00 UTC  last 10s: no requests")
    assert drawn[1].startswith("\r\x1b[2A")
    assert drawn[2].startswith("\x1b[2J\x1b[H\r\x1b[2m12:00:00")
