import json
import os
import pty
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tacore.cli.entry import FAST
from tests.support.catalogue import service
from tests.support.command import command, environment, tacore
from tests.support.fake_broker import FakeBroker


@pytest.fixture(scope="module")
def broker() -> Iterator[FakeBroker]:
    with FakeBroker(service) as running:
        yield running


@pytest.fixture(autouse=True)
def _forget(broker: FakeBroker) -> None:
    broker.requests.clear()


def nobody() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def test_call_when_answered_to_a_pipe_prints_ndjson_and_exits_0(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["call", "scan.market", "--market", "US"], tmp_path, broker.endpoint)
    assert done.returncode == 0
    assert [json.loads(line)["symbol"] for line in done.stdout.splitlines()] == ["AAPL", "600519"]
    assert done.stderr.splitlines() == [
        "warning: old data",
        "missing: X: delisted",
        "note: simulated data (source synthetic)",
    ]


def test_call_when_quiet_keeps_warnings_to_itself(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["-q", "call", "scan.market", "--columns=symbol,price"], tmp_path, broker.endpoint)
    assert done.stderr == ""
    assert done.stdout == '{"symbol": "AAPL", "price": 430.5}\n{"symbol": "600519", "price": 1700}\n'


def test_call_when_a_method_has_no_params_asks_for_no_schema(broker: FakeBroker, tmp_path: Path) -> None:
    tacore(["call", "health.check"], tmp_path, broker.endpoint)
    assert [each["method"] for each in broker.requests] == ["health.check"]


def test_call_when_params_are_typed_coerces_them_by_the_schema(broker: FakeBroker, tmp_path: Path) -> None:
    words = (
        "call scan.market --symbols 600519,0700 --limit 5 --descending --criteria.min_volume 1000000 note=7"
    )
    tacore(words.split(), tmp_path, broker.endpoint)
    assert broker.requests[-1]["params"] == {
        "symbols": ["600519", "0700"],
        "limit": 5,
        "descending": True,
        "criteria": {"min_volume": 1000000},
        "note": "7",
    }


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("call scan.market --symbls AAPL", 2, "did you mean symbols?"),
        ("call scan.market --limit many", 2, "limit: 'many' is not a whole number"),
        ("call", 2, "needs a METHOD"),
        ("call scan.market stray", 2, "'stray' is no param"),
        ("call health.check --output xml", 2, "--output is one of"),
        ("call health.check --timeout soon", 2, "--timeout is a number"),
        ("call health.check --retries 1.5", 2, "--retries is a whole number"),
        ("call health.check --params [1]", 2, "--params is a JSON object"),
        ("call health.check --params @missing.json", 2, "No such file"),
        ("call test.internal", 3, "why not"),
        ("call no.such_method", 3, "Unsupported method"),
        ("call no.such_method --key value", 3, "Unsupported method"),
        ("call test.silence --timeout 0.1 --retries 1 --backoff 0", 4, "no answer"),
        ("call test.unauthorized", 6, "field: is wrong"),
        ("call test.forbidden", 6, "forbidden"),
        ("call health.check --endpoint nonsense", 6, "write it like tcp://"),
        ("call test.not_found", 7, "not_found"),
    ],
)
def test_call_when_it_fails_exits_with_the_code_and_says_why(
    broker: FakeBroker, tmp_path: Path, words: str, code: int, says: str
) -> None:
    done = tacore(words.split(), tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_call_when_nothing_listens_exits_5_and_says_what_to_do(tmp_path: Path) -> None:
    endpoint = nobody()
    done = tacore(["call", "health.check"], tmp_path, endpoint)
    assert done.returncode == 5
    assert f"no broker at {endpoint}: start one with `tacore up`" in done.stderr


def test_call_when_dry_run_prints_the_request_and_sends_nothing(broker: FakeBroker, tmp_path: Path) -> None:
    words = ["call", "scan.market", "--price", "1.10", "--dry-run", "--timeout", "2"]
    shown = json.loads(tacore(words, tmp_path, broker.endpoint).stdout)
    assert (shown["method"], shown["params"], shown["timeout_ms"]) == ("scan.market", {"price": 1.1}, 2000)
    assert [each["method"] for each in broker.requests] == ["describe.methods"]


def test_call_when_dry_run_without_a_broker_guesses_and_says_so(tmp_path: Path) -> None:
    done = tacore(["call", "scan.market", "--limit", "5", "--dry-run"], tmp_path, nobody())
    assert json.loads(done.stdout)["params"] == {"limit": 5}
    assert "guessed" in done.stderr


def test_call_when_traced_tells_each_attempt(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["call", "health.check", "--trace"], tmp_path, broker.endpoint)
    assert f"attempt 1  {broker.endpoint}" in done.stderr
    assert "processing 0.25 ms" in done.stderr
    failed = tacore("call test.silence --trace --timeout 0.1 --retries 1".split(), tmp_path, broker.endpoint)
    assert failed.stderr.count(" ms  timeout\n") == 2


@pytest.mark.parametrize("source", ["-", "@params.json", '{"a": 1.50}'])
def test_call_when_params_come_whole_sends_them(broker: FakeBroker, tmp_path: Path, source: str) -> None:
    (tmp_path / "params.json").write_text('{"a": 1.50}')
    done = tacore(["call", "debug.echo", "--params", source], tmp_path, broker.endpoint, text='{"a": 1.50}')
    assert json.loads(done.stdout) == {"a": 1.5}


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("json", '{\n  "a": 1.25,\n  "b": [\n    true,\n    null\n  ]\n}\n'),
        ("yaml", "a: 1.25\nb:\n- true\n- null\n"),
        ("csv", 'a,b\n1.25,"[true, null]"\n'),
        ("ndjson", '{"a": 1.25, "b": [true, null]}\n'),
        ("table", "a  1.25\nb  true, -\n"),
    ],
)
def test_call_when_an_output_is_chosen_prints_it(
    broker: FakeBroker, tmp_path: Path, output: str, expected: str
) -> None:
    words = ["call", "debug.echo", "--a", "1.25", "b:=[true,null]", "-o", output]
    assert tacore(words, tmp_path, broker.endpoint).stdout == expected


def test_call_when_on_a_terminal_prints_a_table_that_fits(broker: FakeBroker, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command("call", "scan.market", "--no-color"),
        cwd=tmp_path,
        env=environment(TACORE_ENDPOINT=broker.endpoint, COLUMNS="38"),
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        assert process.stderr is not None
        stderr = process.stderr.read().decode()
        assert process.wait(20) == 0
    lines = os.read(ours, 4096).decode().splitlines()
    os.close(ours)
    assert lines == [
        "symbol  name       price  signals",
        "AAPL    Apple Inc  430.5  up, volume",
        "600519  贵州茅台    1700",
    ]
    assert stderr.startswith("market=US  source=synthetic")


def test_call_when_its_reader_leaves_ends_quietly(broker: FakeBroker, tmp_path: Path) -> None:
    with subprocess.Popen(
        command("call", "scan.market", "-q"),
        cwd=tmp_path,
        env=environment(TACORE_ENDPOINT=broker.endpoint),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0


def test_call_when_interrupted_exits_130(broker: FakeBroker, tmp_path: Path) -> None:
    with subprocess.Popen(
        command("call", "test.silence"),
        cwd=tmp_path,
        env=environment(TACORE_ENDPOINT=broker.endpoint),
        stderr=subprocess.PIPE,
    ) as process:
        broker.wait_for(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_call_help_when_a_method_is_named_shows_its_params(broker: FakeBroker, tmp_path: Path) -> None:
    shown = tacore(["call", "scan.market", "--help"], tmp_path, broker.endpoint).stdout
    assert "--symbols" in shown
    assert "market_type" in shown
    assert "tacore call METHOD" in tacore(["call", "--help"], tmp_path).stdout


@pytest.mark.parametrize("name", sorted(FAST - {"call", "help"}))
def test_help_when_asked_for_shows_the_command(name: str, tmp_path: Path) -> None:
    done = tacore([name, "--help"], tmp_path)
    assert done.returncode == 0
    assert f"tacore {name}" in done.stdout
    assert "--endpoint" in done.stdout


@pytest.mark.parametrize("words", [[], ["--help"], ["help"]])
def test_tacore_when_nothing_is_asked_shows_what_there_is(words: list[str], tmp_path: Path) -> None:
    assert "call METHOD" in tacore(words, tmp_path).stdout


def test_methods_when_asked_lists_them_by_name(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["methods"], tmp_path, broker.endpoint)
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == ["debug.echo", "scan.market"]


def test_describe_when_asked_by_alias_shows_params_and_examples(broker: FakeBroker, tmp_path: Path) -> None:
    rows = [
        json.loads(line)
        for line in tacore(["describe", "scan"], tmp_path, broker.endpoint).stdout.splitlines()
    ]
    found = {row["param"]: row for row in rows}
    assert (found["market"]["allowed"], found["market"]["aliases"]) == ("US, CN", "market_type")
    assert (found["limit"]["type"], found["limit"]["allowed"]) == ("integer", "≥ 1")
    assert found["criteria"]["default"] == "required"
    page = tacore(["describe", "scan", "-o", "table"], tmp_path, broker.endpoint).stdout
    assert (
        "tacore call scan.market --market US criteria:='{\"min_volume\": 5}' --symbols AAPL,MSFT --limit 3"
        in page
    )
    whole = json.loads(tacore(["describe", "scan", "-o", "json"], tmp_path, broker.endpoint).stdout)
    assert whole["params_schema"]["$ref"] == "#/$defs/Params"


def test_describe_when_there_is_no_such_method_says_so(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["describe", "nope"], tmp_path, broker.endpoint)
    assert (done.returncode, "Unsupported method" in done.stderr) == (3, True)
    assert tacore(["describe"], tmp_path, broker.endpoint).returncode == 2


def test_version_when_verbose_shows_what_it_runs_on(broker: FakeBroker, tmp_path: Path) -> None:
    assert tacore(["version"], tmp_path).stdout.startswith("tacore ")
    shown = json.loads(tacore(["version", "-v"], tmp_path, broker.endpoint).stdout)
    assert (shown["endpoint"], shown["endpoint_from"]) == (broker.endpoint, "TACORE_ENDPOINT")
    assert shown["broker"] == "0.1.0, healthy"
    assert json.loads(tacore(["version", "-v"], tmp_path, nobody()).stdout)["broker"].startswith("none")


@pytest.mark.parametrize(
    "words", [["call", "health.check"], ["orders"], ["cancel", "o-1"], ["account"], ["jobs"]]
)
def test_command_when_started_loads_nothing_heavy(
    broker: FakeBroker, tmp_path: Path, words: list[str]
) -> None:
    listing = "import sys; before = set(sys.modules); {}; print(*sorted(set(sys.modules) - before))"
    run = f"from tacore.cli.entry import run; run({words})"
    loaded = []
    for code in ("import zmq, json", run):
        done = subprocess.run(
            [*command()[:1], "-c", listing.format(code)],
            cwd=tmp_path,
            env=environment(TACORE_ENDPOINT=broker.endpoint),
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        loaded.append(set(done.stdout.splitlines()[-1].split()))
    bare, ours = loaded
    heavy = {
        "typer",
        "click",
        "rich",
        "yaml",
        "msgspec",
        "argparse",
        "asyncio",
        "dataclasses",
        "pydantic",
        "uuid",
    }
    assert ours & heavy == bare & heavy
    strangers = {name for name in ours - bare if not name.startswith("tacore")}
    assert len(strangers) <= 3, strangers
