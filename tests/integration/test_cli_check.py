"""`tacore check` by its real command line: exit codes 0, 1, 2 and 3, each in its situation."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.fake_broker import Answer, FakeBroker, silent, success
from tests.support.operations import Home, eventually, home_in

CHECKS = ("broker", "workers", "queue", "latency", "errors")
PERFORMANCE = re.compile(r"(\w+)=(-?[\d.]+)(s|ms|%|)((?:;[^; ]*)*)$")


def up(home: Home) -> None:
    """Start a service of one worker, and wait for its journal too."""
    home.up("-n", "1")
    eventually(lambda: home.run("check", "all").returncode == 0, "all is well")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with home_in(tmp_path_factory.mktemp("checked")) as made:
        up(made)
        yield made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Home]:
    """A service that nobody has asked anything yet."""
    with home_in(tmp_path) as made:
        up(made)
        yield made


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[Home]:
    """A home in which nothing runs."""
    with home_in(tmp_path) as made:
        yield made


def check(home: Home, *words: str, code: int) -> str:
    done = home.run("check", *words)
    assert (done.returncode, done.stderr) == (code, ""), done.stdout + done.stderr
    return done.stdout


def ask(home: Home, method: str, count: int, code: int, *params: str) -> None:
    """Ask that often; all answers end with the same exit code of a batch."""
    (home.folder / "lines").write_text('{"a": 1}\n' * count)
    done = home.run("batch", method, "lines", *params)
    assert done.returncode == code, done.stderr


def journalled(home: Home, requests: int) -> None:
    """Wait until the journal counts that many requests of clients."""

    def told() -> bool:
        done = home.run("check", "errors", "-f", "json")
        return f"of {requests} answers" in done.stdout

    eventually(told, f"{requests} requests are in the journal")


def test_check_when_all_is_well_is_ok_with_performance_data(running: Home) -> None:
    line = check(running, "all", "-f", "nagios", code=0)
    assert line.startswith("TACORE OK - broker ")
    assert line.count("\n") == line.count("|") == 1
    data = line.rpartition("| ")[2].split()
    parsed = {found[1]: float(found[2]) for each in data if (found := PERFORMANCE.fullmatch(each))}
    assert len(parsed) == len(data)
    assert {"response", "workers", "queued_fast", "errors"} <= set(parsed)
    assert (parsed["workers"], parsed["errors"]) == (1, 0)


@pytest.mark.parametrize("name", CHECKS)
def test_check_when_one_is_well_says_ok(running: Home, name: str) -> None:
    assert check(running, name, code=0).startswith("TACORE OK - ")


@pytest.mark.parametrize(
    ("words", "code", "state"),
    [
        (("workers", "-w", "2:"), 1, "WARNING"),
        (("workers", "-w", "3:", "-c", "2:"), 2, "CRITICAL"),
        (("workers", "--warn", "@5:9", "--crit", "@7:9"), 0, "OK"),
        (("queue", "-w", "@0:0"), 1, "WARNING"),
        (("latency", "--crit=@0:", "--method", "scan.market"), 0, "OK"),
        (("broker", "-c", "~:0"), 2, "CRITICAL"),
    ],
)
def test_check_when_a_range_alerts_exits_by_it(
    running: Home, words: tuple[str, ...], code: int, state: str
) -> None:
    assert check(running, *words, code=code).startswith(f"TACORE {state} - ")


def test_check_when_printed_for_prometheus_parses_and_agrees_with_json(running: Home) -> None:
    text = check(running, "all", "-f", "prometheus", code=0)
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    states = {each.labels["check"]: each.value for each in samples if each.name == "tacore_check_state"}
    assert states == dict.fromkeys(CHECKS, 0)
    told = json.loads(check(running, "all", "-f", "json", code=0))
    assert (told["status"], told["code"]) == ("ok", 0)
    assert [each["check"] for each in told["checks"]] == list(CHECKS)
    workers = [each.value for each in samples if each.name == "tacore_check_workers"]
    assert workers == [metric["value"] for metric in told["checks"][1]["metrics"]]


def test_check_when_more_and_more_answers_are_errors_goes_from_ok_to_critical(fresh: Home) -> None:
    ask(fresh, "debug.echo", 90, 0)
    journalled(fresh, 90)
    line = check(fresh, "all", code=0)
    assert re.search(
        r"p95=[\d.]+ms;1000;5000;0 p50=[\d.]+ms;;;0 p99=[\d.]+ms;;;0 errors=0%;5;20;0;100$", line
    )
    ask(fresh, "get.market_data", 10, 3)
    journalled(fresh, 100)
    line = check(fresh, "all", code=1)
    assert line.startswith("TACORE WARNING - errors WARNING: 10.0 % errors (10 of 100 answers")
    assert check(fresh, "errors", "--method", "debug.echo", code=0).startswith("TACORE OK - 0.0 %")
    ask(fresh, "get.market_data", 60, 3)
    journalled(fresh, 160)
    assert check(fresh, "all", code=2).startswith("TACORE CRITICAL - errors CRITICAL: 43.8 %")
    assert check(fresh, "latency", "-c", "@0:", "--method", "debug.echo", code=2)


def test_check_when_workers_are_missing_warns_and_when_none_is_left_is_critical(running: Home) -> None:
    (worker,) = running.rows("worker", "ls")
    assert worker["state"] == "ready"
    running.rows("worker", "scale", "0")
    assert check(running, "workers", code=2).startswith("TACORE CRITICAL - 0 of ")
    assert check(running, "broker", code=1).startswith("TACORE WARNING - broker ")
    running.rows("worker", "scale", "1")
    eventually(lambda: running.run("check", "workers").returncode == 0, "a worker is up again")


def test_check_when_no_broker_runs_is_critical_for_it_and_unknown_for_the_rest(nobody: Home) -> None:
    assert check(nobody, "broker", code=2) == f"TACORE CRITICAL - no broker at {nobody.endpoint}\n"
    for name in CHECKS[1:]:
        assert check(nobody, name, code=3).startswith("TACORE UNKNOWN - the broker can't be asked")
    line = check(nobody, "all", code=2)
    assert line.startswith("TACORE CRITICAL - broker CRITICAL: no broker")
    assert "workers, queue, latency, errors UNKNOWN" in line


def health(request: dict[str, Any]) -> Answer:
    """Answer as a broker on another host."""
    parts = {"workers": {"workers": [{}], "supervisors": [{"wanted": 1, "gave_up": []}]}}
    parts["queues"] = {"pools": {}}
    told = {
        "status": "healthy",
        "reasons": [],
        "version": "1",
        "database": "/far/away.db",
        "components": parts,
    }
    return Answer(success(request, told))


def test_check_when_the_journal_is_elsewhere_is_unknown(nobody: Home) -> None:
    with FakeBroker(health) as broker:
        line = check(nobody, "all", "--endpoint", broker.endpoint, code=3)
    assert line.startswith("TACORE UNKNOWN - latency, errors UNKNOWN: there is no journal at /far/away.db")


def test_check_when_a_broker_hangs_ends_within_its_patience(nobody: Home) -> None:
    with FakeBroker(silent) as broker:
        check(nobody, "all", "-t", "0.5", "--endpoint", broker.endpoint, code=2)
        assert len(broker.requests) == 1  # not again for each of the five


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "check one of broker, workers"),
        (("broker", "queue"), "check one of broker, workers"),
        (("quue",), "did you mean queue?"),
        (("queue", "-w", "x"), "--warn is a range like"),
        (("queue", "-f", "xml"), "--format is one of nagios, json, prometheus, not 'xml'"),
        (("all", "-w", "1"), "each check has a unit of its own"),
        (("latency", "--window", "0"), "--window is a stretch of time like 90s"),
        (("queue", "-w"), "-w needs a value"),
    ],
)
def test_check_when_typed_wrong_is_unknown_and_says_why(
    nobody: Home, words: tuple[str, ...], told: str
) -> None:
    line = check(nobody, *words, code=3)
    assert line.startswith("TACORE UNKNOWN - ")
    assert told in line
