import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.catalogue import service
from tests.support.command import command, environment, tacore
from tests.support.fake_broker import Answer, FakeBroker
from tests.support.terminal import Seen, on_terminal


@pytest.fixture(scope="module")
def broker() -> Iterator[FakeBroker]:
    with FakeBroker(service) as running:
        yield running


def batch(
    broker: FakeBroker, tmp_path: Path, text: str, *words: str
) -> tuple[int, dict[int, dict[str, object]]]:
    done = tacore(["batch", "debug.echo", *words], tmp_path, broker.endpoint, text=text)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, {row["line"]: row for row in rows}


def test_batch_when_all_are_answered_writes_a_line_for_each(broker: FakeBroker, tmp_path: Path) -> None:
    text = "".join(f'{{"n": {n}}}\n' for n in range(1, 301))
    code, rows = batch(broker, tmp_path, text, "-", "--concurrency", "32")
    assert code == 0
    assert rows == {
        n: {"line": n, "params": {"n": n}, "status": "success", "data": {"n": n}} for n in range(1, 301)
    }


def test_batch_when_some_fail_exits_8_and_tells_which(broker: FakeBroker, tmp_path: Path) -> None:
    code, rows = batch(broker, tmp_path, '{"n": 1}\n\nnot json\n[2]\n{"fail": 1}')
    assert code == 8
    assert {n: row["status"] for n, row in rows.items()} == {1: "success", 3: "error", 4: "error", 5: "error"}
    error = rows[5]["error"]
    assert isinstance(error, dict)
    assert error["code"] == "denied"


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ("batch debug.echo", '{"fail": 1}\n', 3),
        ("batch test.silence --timeout 0.1 --retries 0", "{}\n", 4),
        ("batch debug.echo missing.ndjson", "", 2),
        ("batch debug.echo -o csv", "", 2),
        ("batch debug.echo --concurrency 0", "", 2),
        ("batch", "", 2),
        ("batch debug.echo", "", 0),
    ],
)
def test_batch_when_it_ends_exits_with_the_code(
    broker: FakeBroker, tmp_path: Path, words: str, text: str, expected: int
) -> None:
    assert tacore(words.split(), tmp_path, broker.endpoint, text=text).returncode == expected


def test_batch_when_nothing_listens_exits_5(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    done = tacore(["batch", "debug.echo", "--retries", "0"], tmp_path, endpoint, text="{}\n" * 5)
    assert done.returncode == 5
    assert "no broker" in done.stderr


def test_batch_when_a_file_and_shared_params_are_given_merges_them(
    broker: FakeBroker, tmp_path: Path
) -> None:
    (tmp_path / "in.ndjson").write_text('{"n": 1}\n{"n": 2, "k": "own"}\n')
    code, rows = batch(broker, tmp_path, "", "in.ndjson", "--k", "shared", "--columns", "line,data.k")
    assert (code, rows) == (0, {1: {"line": 1, "data.k": "shared"}, 2: {"line": 2, "data.k": "own"}})


def test_batch_when_input_comes_slowly_answers_before_its_end(broker: FakeBroker, tmp_path: Path) -> None:
    with subprocess.Popen(
        command("batch", "debug.echo"),
        cwd=tmp_path,
        env=environment(TACORE_ENDPOINT=broker.endpoint),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for n in (1, 2):
            os.write(process.stdin.fileno(), b'{"n": %d}\n' % n)
            assert json.loads(process.stdout.readline())["line"] == n
        process.stdin.close()
        assert process.wait(20) == 0


def test_pipeline_when_rows_are_piped_into_a_batch_answers_each(broker: FakeBroker, tmp_path: Path) -> None:
    scan = tacore(["call", "scan.market", "--columns", "symbol"], tmp_path, broker.endpoint)
    code, rows = batch(broker, tmp_path, scan.stdout, "-", "--concurrency", "64")
    assert code == 0
    assert [rows[n]["data"] for n in (1, 2)] == [{"symbol": "AAPL"}, {"symbol": "600519"}]


# -- progress, on a terminal's standard error alone ------------------------------------------------


def batch_on_terminal(broker: FakeBroker, folder: Path, *words: str, **environ: str) -> Seen:
    """Send 40 slow lines from a file; the answers go to a file, what is for people to the terminal."""
    (folder / "in.ndjson").write_text("".join(f'{{"n": {n}}}\n\n' for n in range(40)))
    asked = ["batch", "debug.echo", "in.ndjson", "--concurrency", "2", *words]
    seen = on_terminal(
        asked, folder, broker.endpoint, stdout=folder / "out.ndjson", columns=70, environ=environ
    )
    assert (folder / "out.ndjson").read_text().count('"status": "success"') == 40
    return seen


@pytest.fixture(scope="module")
def slow() -> Iterator[FakeBroker]:
    def handle(request: dict[str, Any]) -> Answer | None:
        answer = service(request)
        if answer is not None:
            answer.delay_s = 0.02
        return answer

    with FakeBroker(handle) as running:
        yield running


def test_progress_when_a_person_watches_counts_and_goes(slow: FakeBroker, tmp_path: Path) -> None:
    seen = batch_on_terminal(slow, tmp_path, NO_COLOR="1")
    assert seen.returncode == 0
    shown = seen.raw.split("\r\x1b[K")
    assert shown[-1] == ""  # what was shown is gone at the end
    counted = [int(found[1]) for each in shown if (found := re.search(r"(\d+) of 40 answered", each))]
    assert counted == sorted(set(counted))
    assert len(counted) >= 2
    assert max(map(len, shown)) < 70
    assert "\x1b[" not in "".join(shown)  # no colour


def test_progress_when_lines_come_through_a_pipe_knows_no_total(slow: FakeBroker, tmp_path: Path) -> None:
    seen = on_terminal(
        ["batch", "debug.echo", "--concurrency", "1"],
        tmp_path,
        slow.endpoint,
        typed="".join(f'{{"n": {n}}}\n' for n in range(20)) + "\x04",
        stdout=tmp_path / "out",
    )
    assert re.search(r"\d+ answered, \d+ a second", seen.raw)
    assert "%" not in seen.raw


@pytest.mark.parametrize(("words", "term"), [(["-q"], "xterm"), ([], "dumb")])
def test_progress_when_nobody_wants_it_is_not_shown(
    slow: FakeBroker, tmp_path: Path, words: list[str], term: str
) -> None:
    assert batch_on_terminal(slow, tmp_path, *words, TERM=term).raw == ""
