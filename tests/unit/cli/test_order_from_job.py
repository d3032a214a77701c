"""`tacore call execute.order --from-job`: what a job decided, placed once; what is refused, and by whom."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.agent_jobs import DEGRADED, FAILED, FakeJobs, Step, decided, job, running
from tests.support.command import tacore
from tests.support.fake_broker import Answer, FakeBroker
from tests.support.terminal import on_terminal

ORDER = "call execute.order --from-job j1-3fa9"
DECIDED = {"symbol": "600519", "market": "CN", "action": "buy"}
OWN = {"metadata": {"job_id": "j1-3fa9"}, "idempotency_key": "job:j1-3fa9"}


def served(step: Step | None = None, **changes: Any) -> FakeBroker:
    """Serve one job that has gone through a step."""
    done = {name: each for name, each in (step or {}).items() if name != "event"}
    return FakeBroker(FakeJobs(job(1, **{**done, **changes})))


def sent(broker: FakeBroker) -> list[dict[str, Any]]:
    return [each["params"] for each in broker.requests if each["method"] == "execute.order"]


def test_order_when_of_a_job_is_what_it_decided_and_carries_its_id(tmp_path: Path) -> None:
    with served(decided()) as broker:
        done = tacore([*ORDER.split(), "--quantity", "100"], tmp_path, broker.endpoint)
    assert (done.returncode, json.loads(done.stdout)["order_id"]) == (0, "o-000001")
    assert sent(broker) == [{**DECIDED, **OWN, "quantity": 100}]
    assert done.stderr == (
        "ordering: buy 100 600519 (CN) at market; job j1-3fa9 decided it as of 2026-11-23, key job:j1-3fa9\n"
    )


def test_order_when_more_is_said_keeps_it(tmp_path: Path) -> None:
    words = "--amount 100 --side BUY --limit-price 1650.5 --account second --client_order_id mine"
    with served(decided()) as broker:
        done = tacore([*ORDER.split(), *words.split(), "--metadata.desk", "3"], tmp_path, broker.endpoint)
    assert sent(broker) == [
        {
            **DECIDED,
            "quantity": 100,
            "price": 1650.5,
            "account": "second",
            "idempotency_key": "mine",
            "metadata": {"desk": 3, "job_id": "j1-3fa9"},
        }
    ]
    assert "buy 100 600519 (CN) limit 1650.5, account second" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--quantity 1 --symbol AAPL", "symbol: job j1-3fa9 is about 600519, not AAPL"),
        ("--quantity 1 --market US", "market: job j1-3fa9 is about CN, not US"),
        ("--quantity 1 --side sell", "action: job j1-3fa9 is about buy, not sell"),
        ("--quantity 1 --metadata.job_id j2", "metadata.job_id: j2 is not j1-3fa9"),
        ("--quantity 1 --metadata text", "metadata: with --from-job it is an object"),
        ("--quantity 1 --amount 2", "quantity is given twice"),
        ("", "--from-job needs --quantity"),
        ("--quantity 1 --force", "--force needs --yes where there is nobody to ask"),
        ("--quantty 1", "did you mean quantity?"),
    ],
)
def test_order_when_it_contradicts_its_job_is_a_usage_error(tmp_path: Path, words: str, says: str) -> None:
    with served(decided()) as broker:
        done = tacore([*ORDER.split(), *words.split()], tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout, sent(broker)) == (2, "", [])
    assert says in done.stderr


def test_force_when_there_is_no_job_is_a_usage_error(tmp_path: Path) -> None:
    with served() as broker:
        done = tacore("call execute.order --symbol A --force".split(), tmp_path, broker.endpoint)
    assert (done.returncode, broker.requests) == (2, [])
    assert "--force goes with --from-job" in done.stderr


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (decided("hold"), "decided to hold 600519: nothing to order"),
        (None, "is queued: `tacore jobs logs -f j1-3fa9` follows it"),
        (running(0.5, "Trader", 9), "is running"),
        (FAILED, "is failed and decided nothing"),
        (decided(decision=None, signal=None), "has no decision to order by"),
    ],
)
def test_order_when_the_job_decided_nothing_to_order_is_refused_by_force_too(
    tmp_path: Path, step: Step | None, says: str
) -> None:
    for force in ([], ["--force", "--yes"]):
        with served(step) as broker:
            done = tacore([*ORDER.split(), "--quantity", "1", *force], tmp_path, broker.endpoint)
        assert (done.returncode, done.stdout, sent(broker)) == (3, "", [])
        assert f"tacore: job j1-3fa9 {says}" in done.stderr


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (
            decided(quality=DEGRADED),
            ["is DEGRADED", "empty_report: the news report is empty", "default_deci"],
        ),
        (decided(simulated=True), ["simulated: its prices are made up (source sample)"]),
        (decided(quality=None), ["quality: it was never judged"]),
        (decided(quality={"verdict": "degraded", "flaws": []}), ["no reason was given"]),
    ],
)
def test_order_when_the_decision_is_doubtful_is_refused_with_each_reason(
    tmp_path: Path, step: Step, says: list[str]
) -> None:
    with served(step) as broker:
        done = tacore([*ORDER.split(), "--quantity", "1"], tmp_path, broker.endpoint)
        assert (done.returncode, done.stdout, sent(broker)) == (3, "", [])
        assert [each for each in says if each not in done.stderr] == []
        done = tacore([*ORDER.split(), "--quantity", "1", "--force", "-y"], tmp_path, broker.endpoint)
        assert (done.returncode, len(sent(broker))) == (0, 1)
        assert says[-1] in done.stderr


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 130), ("\x04", 130)])
def test_order_when_forced_on_a_terminal_shows_the_reasons_and_asks(
    tmp_path: Path, answer: str, code: int
) -> None:
    with served(decided(quality=DEGRADED)) as broker:
        seen = on_terminal(
            [*ORDER.split(), "--quantity", "1", "--force"], tmp_path, broker.endpoint, typed=answer
        )
    assert (seen.returncode, len(sent(broker))) == (code, int(code == 0))
    said = "\n".join(seen.lines)
    assert "(DEGRADED)" in said
    assert said.index("empty_report") < said.index("PAPER   order in spite of that? [y/N]")


def test_order_when_only_previewed_is_shown_and_not_sent(tmp_path: Path) -> None:
    with served(decided()) as broker:
        done = tacore([*ORDER.split(), "--quantity", "1", "--dry-run"], tmp_path, broker.endpoint)
    assert json.loads(done.stdout)["params"] == {**DECIDED, **OWN, "quantity": 1}
    assert sent(broker) == []


def test_order_when_it_was_placed_before_says_that_nothing_more_was_ordered(tmp_path: Path) -> None:
    with served(decided()) as broker:
        desk = broker.handler

        def again(request: dict[str, Any]) -> Answer | None:
            answer = desk(request)
            if answer is not None and request["method"] == "execute.order":
                answer.replies[0]["replayed"] = True
            return answer

        broker.handler = again
        done = tacore([*ORDER.split(), "--quantity", "1"], tmp_path, broker.endpoint)
    assert (done.returncode, json.loads(done.stdout)["order_id"]) == (0, "o-000001")
    assert "this order was there already, by the key job:j1-3fa9" in done.stderr


def test_order_when_the_job_does_not_exist_names_the_nearest(tmp_path: Path) -> None:
    with served(decided()) as broker:
        words = "call execute.order --from-job j1-3fa --quantity 1".split()
        done = tacore(words, tmp_path, broker.endpoint)
    assert done.returncode == 7
    assert "did you mean j1-3fa9?" in done.stderr


@pytest.mark.parametrize(
    ("newest", "says"),
    [
        ("2026-11-24", "old_decision: it was decided as of 2026-11-23, and the newest session is 2026-11-24"),
        ("", "old_decision: whether its date is still the newest session can't be told"),
    ],
)
def test_order_when_the_market_has_moved_on_is_refused_unless_forced(
    newest: str, says: str, tmp_path: Path
) -> None:
    with served(decided()) as broker:
        jobs = broker.handler
        assert isinstance(jobs, FakeJobs)
        jobs.newest_session = newest
        refused = tacore([*ORDER.split(), "--quantity", "100"], tmp_path, broker.endpoint)
        assert (refused.returncode, sent(broker)) == (3, [])
        forced = tacore([*ORDER.split(), *"--quantity 100 --force --yes".split()], tmp_path, broker.endpoint)
    assert says in refused.stderr
    assert says in forced.stderr
    assert sent(broker) == [{**DECIDED, **OWN, "quantity": 100}]


def test_order_when_a_reason_would_move_the_cursor_shows_it_harmless(tmp_path: Path) -> None:
    evil = {"verdict": "degraded", "flaws": [{"code": "empty_report", "message": "\x1b[2K\x1b[1A BUY ok"}]}
    with served(decided(), quality=evil) as broker:
        done = tacore([*ORDER.split(), "--quantity", "100"], tmp_path, broker.endpoint)
    assert done.returncode == 3
    assert "\x1b" not in done.stderr
    assert "BUY ok" in done.stderr
