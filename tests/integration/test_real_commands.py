"""Commands as they are typed: their exit codes, pipelines and the journal they follow."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import command, fresh_tacore
from tests.support.service import Service, free_ports, wait_until

CLOSES = {"AAPL": 430.47, "FB": 27.78, "GOOG": 806.19, "IBM": 202.91, "MSFT": 27.95}


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        (0, "call get.market_data --symbols AAPL,MSFT", ""),
        (0, "call analyze.stock --symbol AAPL", ""),
        (2, "call get.market_data --symbolz AAPL", "did you mean symbol"),
        (2, "call get.market_data --limit ten --symbols AAPL", "limit"),
        (2, "calll health.check", "call"),
        (3, "call get.market_data --params {}", "symbols"),
        (3, "call scan.market --market FOREX", "CRYPTO"),
        (3, "call no.such.method", "tacore methods"),
        (7, "worker restart nobody", "nobody"),
    ],
)
def test_command_when_the_service_runs_ends_with_its_code(
    service: Service, code: int, words: str, said: str
) -> None:
    result = fresh_tacore(words.split(), service.home, **service.environ)
    assert result.returncode == code, result
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert bool(result.stdout) == (code == 0)


def test_call_when_the_broker_does_not_answer_ends_with_4(service: Service) -> None:
    broker = service.broker_pid()
    service.kill(broker, signal.SIGSTOP)
    try:
        words = ["call", "health.check", "--timeout", "0.3", "--retries", "1"]
        result = fresh_tacore(words, service.home, **service.environ)
    finally:
        service.kill(broker, signal.SIGCONT)
    assert (result.returncode, result.stdout) == (4, ""), result
    service.wait_ready()
    assert fresh_tacore(["call", "health.check"], service.home, **service.environ).returncode == 0


def test_call_when_no_broker_listens_ends_with_5(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    result = fresh_tacore(["call", "health.check"], tmp_path, ZMQ_FRONTEND_PORT=str(port))
    assert (result.returncode, result.stdout) == (5, ""), result
    assert "tacore up" in result.stderr


def test_batch_when_one_line_fails_ends_with_8_and_answers_the_others(service: Service) -> None:
    lines = '{"symbols": ["AAPL"]}\n{"symbols": []}\nno json\n{"symbol": "IBM"}\n'
    result = fresh_tacore(["batch", "get.market_data", "-"], service.home, text=lines, **service.environ)
    answers = {each["line"]: each for each in map(json.loads, result.stdout.splitlines())}
    assert result.returncode == 8, result
    assert {number: each["status"] for number, each in answers.items()} == {
        1: "success",
        2: "error",
        3: "error",
        4: "success",
    }
    assert answers[4]["data"]["symbols"]["IBM"]["quote"]["price"] == CLOSES["IBM"]
    assert answers[2]["error"]["code"] == "invalid_params"


def test_call_when_piped_writes_a_json_object_to_a_line(service: Service) -> None:
    result = _shell(service, "tacore call get.market_data --symbols AAPL,MSFT -o ndjson | {json}")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["symbol"]: row["price"] for row in rows} == {name: CLOSES[name] for name in ("AAPL", "MSFT")}


def test_scan_when_piped_into_batch_quotes_what_it_found(service: Service) -> None:
    scan = "tacore call scan.market --market US --columns symbol"
    result = _shell(service, f"{scan} | tacore batch get.market_data - --concurrency 64")
    prices: dict[str, float] = {}
    for row in map(json.loads, result.stdout.splitlines()):
        assert row["status"] == "success"
        prices |= {name: each["quote"]["price"] for name, each in row["data"]["symbols"].items()}
    assert prices == CLOSES


def _shell(service: Service, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a shell's line, with `jq -c .` or what does the same where it is missing."""
    python = command()[0]
    parse = "import json, sys; [print(json.dumps(json.loads(line))) for line in sys.stdin]"
    line = line.replace("{json}", f"(jq -c . 2>/dev/null || {python} -c '{parse}')")
    line = line.replace("tacore ", f"{' '.join(command())} ")
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=service.home,
        env=service.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result
    return result


@pytest.mark.serial
def test_logs_when_following_print_a_request_within_a_second(service: Service) -> None:
    service.run("logs", "logs", "-f", "-o", "ndjson", "--method", "debug.echo")
    printed = service.home / "logs.out"

    def follows() -> bool:
        service.client.call("debug.echo", request_id="is-it-there")
        return bool(printed.read_text())

    wait_until(follows, "the follower prints")
    service.client.call("debug.echo", request_id="look-for-me")
    took_s = wait_until(lambda: "look-for-me" in printed.read_text(), "the request is printed")
    rows = [json.loads(line) for line in printed.read_text().splitlines()]
    service.child("logs").send_signal(signal.SIGINT)
    assert service.bury("logs") == 130
    assert took_s < 1.0
    assert [row["status"] for row in rows if row["request_id"] == "look-for-me"] == ["success"]


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Service]:
    """Give a service of which only `tacore broker start` was typed."""
    with Service(tmp_path, workers=2, how="nothing") as service:
        service.run("broker", "broker", "start")
        service.wait_answers("broker")
        yield service


@pytest.mark.serial
def test_scan_when_no_worker_runs_says_within_3_s_how_to_start_some_and_then_answers(
    alone: Service, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scan = ["call", "scan.market", "--market", "US"]
    asked = time.monotonic()
    result = fresh_tacore(scan, alone.home, **alone.environ)
    took_s = time.monotonic() - asked
    assert (result.returncode, result.stdout) == (3, ""), result
    assert "unavailable" in result.stderr and "tacore worker spawn" in result.stderr
    assert took_s < 3.0

    alone.run("workers", "worker", "spawn", "-n", "2")
    alone.wait_ready()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for folder in (alone.home, elsewhere):
        result = fresh_tacore(scan, folder, **alone.environ)
        assert result.returncode == 0, result
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert {row["symbol"]: row["price"] for row in rows} == CLOSES
    assert list(elsewhere.iterdir()) == []
