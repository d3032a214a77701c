"""Traces and replays of a running service's requests, as an operator sees them."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.command import command
from tests.support.journal_rows import query
from tests.support.load import Dealer, request
from tests.support.service import Service, wait_until


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service"), orders=True, journal__commit_ms=10) as started:
        yield started


def run(service: Service, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as the service's operator."""
    return subprocess.run(
        command(*words),
        cwd=service.home,
        env=service.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=45,
        check=False,
    )


def trace(service: Service, request_id: str) -> list[dict[str, Any]]:
    """Give the spans of a request that was answered."""
    done = run(service, "trace", request_id)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def ask(service: Service, method: str, params: Any = None) -> tuple[str, dict[str, Any]]:
    """Send a request; give its id and its data."""
    name = uuid.uuid4().hex
    with Dealer(service.endpoint) as dealer:
        reply = dealer.ask(request(name, method, params, timeout_ms=20_000))
    assert reply["status"] == "success", reply
    data: dict[str, Any] = reply["data"]
    return name, data


def busy(service: Service) -> dict[str, Any] | None:
    """Give the worker that runs something."""
    workers = service.client.call("admin.workers")["workers"]
    return next((each for each in workers if each["state"] == "busy"), None)


def kinds(spans: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each for each in spans if each["kind"] == kind]


def test_trace_when_a_worker_was_killed_in_flight_shows_both_attempts_and_workers(service: Service) -> None:
    name = uuid.uuid4().hex
    with Dealer(service.endpoint) as dealer:
        dealer.send(request(name, "debug.sleep", {"seconds": 0.7}, timeout_ms=40_000))
        wait_until(lambda: busy(service), "a worker runs it")
        victim = busy(service)
        assert victim is not None
        service.kill(victim["pid"])
        reply = dealer.receive(45.0)
    assert reply["status"] == "success"
    spans = trace(service, name)
    lost, answered = kinds(spans, "attempt")
    assert (lost["worker_id"], lost["outcome"], lost["note"]) == (
        victim["worker_id"],
        "worker_lost",
        "killed by signal 9",
    )
    assert answered["outcome"] == "success"
    assert answered["start_ms"] >= lost["start_ms"] + lost["ms"]
    assert answered["ms"] >= 700
    assert spans[0]["ms"] >= answered["start_ms"] + answered["ms"] - 0.01
    service.wait_ready({victim["pid"]})


def test_trace_when_retries_joined_shows_when(service: Service) -> None:
    name, body = uuid.uuid4().hex, {"seconds": 0.8}
    with Dealer(service.endpoint) as first, Dealer(service.endpoint) as second:
        first.send(request(name, "debug.sleep", body, timeout_ms=20_000))
        wait_until(lambda: busy(service), "a worker runs it")
        second.send(request(name, "debug.sleep", body, attempt=2, timeout_ms=20_000))
        assert first.receive()["data"] == second.receive()["data"]
    spans = trace(service, name)
    (joined,) = kinds(spans, "retry")
    (attempt,) = kinds(spans, "attempt")
    assert attempt["start_ms"] < joined["start_ms"] < attempt["start_ms"] + attempt["ms"]


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("scan.market", {"symbols": ["AAPL", "MSFT"]}, {"table", "query"}),
        (
            "analyze.stock",
            {"symbol": "AAPL", "analysis_type": "comprehensive"},
            {"cache", "technical", "risk"},
        ),
        ("evaluate.risk", {"portfolio": {"AAPL": 10, "IBM": 5}}, {"cache", "snapshot", "measures"}),
        (
            "execute.order",
            {"symbol": "IBM", "action": "buy", "quantity": 1},
            {"prices", "gate and ledger"},
        ),
    ],
)
def test_trace_when_a_method_notes_its_steps_shows_them_within_its_processing(
    service: Service, method: str, params: dict[str, Any], expected: set[str]
) -> None:
    name, _ = ask(service, method, params)
    spans = trace(service, name)
    (processing,) = kinds(spans, "processing")
    steps = kinds(spans, "step")
    assert {each["span"] for each in steps} >= expected
    at_the_top = [each for each in steps if each["parent"] == processing["id"]]
    assert at_the_top
    assert sum(each["ms"] for each in at_the_top) <= processing["ms"] + 0.01
    by_id = {each["id"]: each for each in spans}
    for each in steps:
        around = by_id[each["parent"]]
        assert around["start_ms"] - 0.01 <= each["start_ms"]
        assert each["start_ms"] + each["ms"] <= around["start_ms"] + around["ms"] + 0.01


def test_trace_when_the_journal_is_plain_sql_is_there_too(service: Service) -> None:
    name, _ = ask(service, "evaluate.risk", {"portfolio": {"MSFT": 10}})
    wait_until(
        lambda: query(service.database, "SELECT 1 FROM request_logs WHERE request_id = ?", name),
        "the row is committed",
    )
    sql = "SELECT json_extract(steps, '$[0].name'), tries FROM request_logs WHERE request_id = ?"
    assert query(service.database, sql, name) == [("cache", None)]


def test_replay_when_of_a_read_gives_a_new_answer_under_a_new_id(service: Service) -> None:
    name, data = ask(service, "get.market_data", {"symbols": ["AAPL"], "limit": 3})
    wait_until(lambda: run(service, "trace", name).returncode == 0, "the row is there")
    done = run(service, "replay", name, "-o", "json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["symbols"]["AAPL"]["quote"]["price"] == data["symbols"]["AAPL"]["quote"]["price"]
    assert len(answer["symbols"]["AAPL"]["bars"]) == 3
    new_id = done.stderr.split(" is replayed as ")[1].split()[0]
    assert trace(service, new_id)[0]["span"] == "get.market_data"


@pytest.mark.parametrize("method", ["execute.order", "admin.clear_cache"])
def test_replay_when_of_what_changes_something_is_refused(service: Service, method: str) -> None:
    order = {"symbol": "IBM", "action": "buy", "quantity": 2}
    name, _ = ask(service, method, order if method == "execute.order" else {})
    before = len(service.client.call("list.orders")["orders"])
    done = run(service, "replay", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{method} changes something" in done.stderr
    assert len(service.client.call("list.orders")["orders"]) == before


def test_replay_when_the_id_is_unknown_exits_7(service: Service) -> None:
    assert run(service, "replay", "nosuch").returncode == 7
