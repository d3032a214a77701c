"""Figures of a load, and the load itself on a broker that plays by a script."""

import json
import re
from array import array
from collections import Counter
from pathlib import Path

import pytest

from tacore.cli.bench import summary
from tacore.cli.load import Load, Measured
from tests.support.catalogue import service
from tests.support.fake_broker import Answer, FakeBroker, failure, success
from tests.support.terminal import on_terminal


def test_summary_when_latencies_are_one_to_a_hundred_ms_gives_their_ranks() -> None:
    measured = Measured(sent=100, seconds=2.0, latencies_s=array("d", [n / 1000 for n in range(100, 0, -1)]))

    figures = summary(measured)

    assert [figures[name] for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")] == [50, 95, 99, 100]
    assert (figures["per_s"], figures["answered"], figures["failed"]) == (50.0, 100, 0)


def test_summary_when_nothing_was_answered_has_no_latency() -> None:
    figures = summary(Measured(sent=3, seconds=1.0, errors=Counter(no_answer=3)))

    assert figures["p50_ms"] is None
    assert (figures["answered"], figures["failed"], figures["errors"]) == (0, 3, {"no_answer": 3})


@pytest.mark.parametrize("clients", [1, 3])
def test_load_when_answered_keeps_requests_in_flight_with_ids_of_their_own(clients: int) -> None:
    with FakeBroker() as broker:
        measured = Load(broker.endpoint, "debug.echo", {"text": "x"}, clients).run(8, 0.2)

    ids = [request["request_id"] for request in broker.requests]
    assert len(set(ids)) == len(ids) == measured.sent == len(measured.latencies_s) > 8
    assert {tuple(request["params"].items()) for request in broker.requests} == {(("text", "x"),)}
    assert len(set(broker.clients)) == clients
    assert not measured.errors


def test_load_when_answered_with_errors_counts_them_by_code() -> None:
    def second_fails(request: dict[str, object]) -> Answer:
        number = int(str(request["request_id"]).rpartition("-")[2])
        return Answer(failure(request, "overloaded") if number % 2 else success(request, {}))

    with FakeBroker(second_fails) as broker:
        measured = Load(broker.endpoint, "debug.echo", {}, 1).run(4, 0.2)

    assert measured.errors == Counter(overloaded=measured.sent // 2)


def test_load_when_nobody_answers_ends_and_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tacore.cli.load.GRACE_S", 0.2)
    with FakeBroker(lambda _: None) as broker:
        measured = Load(broker.endpoint, "debug.echo", {}, 1).run(4, 0.1)

    assert (measured.sent, measured.errors) == (4, Counter(no_answer=4))


def test_load_when_it_goes_on_tells_how_far_it_is() -> None:
    told: list[tuple[float, int]] = []
    with FakeBroker() as broker:
        Load(
            broker.endpoint, "debug.echo", {}, 1, lambda gone_s, so_far: told.append((gone_s, so_far.sent))
        ).run(2, 0.7)

    assert len(told) >= 2
    assert told == sorted(told)


@pytest.mark.parametrize("words", [[], ["-q"]])
def test_bench_when_a_person_watches_shows_progress_that_goes(tmp_path: Path, words: list[str]) -> None:
    asked = ["bench", "debug.echo", "--duration", "0.8", "--concurrency", "2", *words]
    with FakeBroker(service) as broker:
        seen = on_terminal(asked, tmp_path, broker.endpoint, stdout=tmp_path / "out")

    assert seen.returncode == 0
    assert json.loads((tmp_path / "out").read_text())["failed"] == 0
    if words:
        assert seen.raw == ""
        return
    shares = [int(each) for each in re.findall(r"(\d+)%  \d of 0.8 s, \d+ a second", seen.raw)]
    assert len(shares) >= 2
    assert shares == sorted(shares)
    assert seen.raw.endswith("\r\x1b[K")
