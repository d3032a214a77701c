"""`tacore positions`, `account`, `halt`, `resume` and `reconcile`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import tacore
from tests.support.fake_broker import FakeBroker
from tests.support.terminal import on_terminal
from tests.support.trading import FakeDesk


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def broker(desk: FakeDesk) -> Iterator[FakeBroker]:
    with FakeBroker(desk) as running:
        yield running


def first(broker: FakeBroker) -> tuple[str, dict[str, Any]]:
    return broker.requests[0]["method"], broker.requests[0]["params"]


@pytest.mark.parametrize(
    ("words", "method", "params"),
    [
        ("positions", "get.positions", {}),
        ("positions --account real --closed", "get.positions", {"account": "real", "closed": True}),
        ("account", "get.account", {}),
        ("account real", "get.account", {"account": "real"}),
        (
            "account --as-of 2026-11-23T18:00:00+01:00",
            "get.account",
            {"as_of": "2026-11-23T17:00:00+00:00"},
        ),
        ("halt", "set.trading_state", {"state": "halted"}),
        ("halt --reason feed", "set.trading_state", {"state": "halted", "reason": "feed"}),
        ("halt --reducing", "set.trading_state", {"state": "reducing"}),
        ("resume --reason=fixed", "set.trading_state", {"state": "active", "reason": "fixed"}),
        ("reconcile", "reconcile.orders", {}),
    ],
)
def test_command_when_typed_sends_its_request_alone_in_a_pipe(
    broker: FakeBroker, tmp_path: Path, words: str, method: str, params: dict[str, Any]
) -> None:
    assert tacore(words.split(), tmp_path, broker.endpoint).returncode == 0
    assert [(each["method"], each["params"]) for each in broker.requests] == [(method, params)]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("positions AAPL", "positions does not know 'AAPL'"),
        ("account one two", "account does not know 'two'"),
        ("account --asof 5m", "account does not know '--asof'"),
        ("account --as-of soon", "--as-of is a moment like"),
        ("halt now", "halt does not know 'now'"),
        ("resume --reducing", "resume does not know '--reducing'"),
        ("reconcile o-1", "reconcile does not know 'o-1'"),
    ],
)
def test_command_when_wrong_sends_nothing_and_exits_2(
    broker: FakeBroker, tmp_path: Path, words: str, says: str
) -> None:
    done = tacore(words.split(), tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout, broker.requests) == (2, "", [])
    assert says in done.stderr


def test_positions_when_piped_are_a_row_each_with_all_digits(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["positions"], tmp_path, broker.endpoint)
    (row,) = map(json.loads, done.stdout.splitlines())
    assert (row["symbol"], row["quantity"], row["source"]) == ("AAPL", 100, "sample")
    assert '"average_price": 429.123456789012,' in done.stdout


def test_positions_when_on_a_terminal_are_a_table_with_the_sums_beside(
    broker: FakeBroker, tmp_path: Path
) -> None:
    lines = on_terminal(["positions", "--no-color"], tmp_path, broker.endpoint).lines
    assert lines[0] == "PAPER"
    assert lines[1].startswith("account=paper  venue=paper  paper=true  base_currency=USD  realised_pnl=0")
    assert lines[-1].split() == (
        "AAPL US 100 429.1235 430.47 43047.0 134.6543 0 1.0 USD 2013-03-01T21:00:00Z".split()
    )


def test_account_when_piped_is_one_row(broker: FakeBroker, tmp_path: Path) -> None:
    (row,) = map(json.loads, tacore(["account"], tmp_path, broker.endpoint).stdout.splitlines())
    assert (row["equity"], row["cash"]) == (1000134.65, {"USD": 957087.3, "USDT": 1000000})


def test_account_when_live_is_a_sheet_under_a_live_banner(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    desk.paper = False
    lines = on_terminal(["account", "real", "--no-color"], tmp_path, broker.endpoint).lines
    assert lines[:2] == ["LIVE", "account         real"]
    assert "equity          1000134.65" in lines
    assert lines[lines.index("positions") + 2].split()[:3] == ["AAPL", "US", "100"]


def test_halt_when_done_shows_the_state_and_what_follows(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["halt", "--reason", "a look at the feed"], tmp_path, broker.endpoint)
    row = json.loads(done.stdout)
    assert (row["state"], row["by"], row["reason"]) == ("halted", "local", "a look at the feed")
    assert "`tacore cancel --all` ends it, `tacore resume` takes orders again" in done.stderr
    seen = on_terminal(["resume", "--no-color"], tmp_path, broker.endpoint)
    assert (seen.returncode, seen.lines[:2]) == (0, ["PAPER", "state  active"])


def test_halt_when_the_state_says_that_some_account_is_live_shows_it(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    desk.state["paper"] = False
    lines = on_terminal(["halt", "--no-color"], tmp_path, broker.endpoint).lines
    assert lines[0] == "LIVE  trading is halted since 2026-11-24T06:00:00Z, by local"


def test_reconcile_when_all_is_known_exits_0(desk: FakeDesk, broker: FakeBroker, tmp_path: Path) -> None:
    desk.reconciled |= {"looked_at": 1, "adopted": ["o-000001"]}
    done = tacore(["reconcile"], tmp_path, broker.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == desk.reconciled
    assert 100_000 < broker.requests[0]["timeout_ms"] <= 120_000


def test_reconcile_when_orders_need_a_person_says_how_and_exits_8(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    person = {"order_id": "o-000001", "symbol": "AAPL", "why": "the venue proves nothing"}
    desk.reconciled |= {"looked_at": 2, "needs_a_person": [person], "unknown": ["o-000002"]}
    done = tacore(["reconcile", "--timeout", "7"], tmp_path, broker.endpoint)
    assert done.returncode == 8
    assert len(done.stdout.splitlines()) == 1
    assert "tacore call resolve.order --order_id o-000001 --outcome rejected" in done.stderr
    assert "still unknown, asked for again by itself: o-000002" in done.stderr
    assert broker.requests[0]["timeout_ms"] <= 7_000


def test_reconcile_when_the_ledger_does_not_add_up_exits_1(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    desk.reconciled |= {"ledger_ok": False, "problems": ["paper: cash USD is 1 and its fills give 2"]}
    done = tacore(["reconcile"], tmp_path, broker.endpoint)
    assert done.returncode == 1
    assert "its fills give 2" in done.stdout
    assert "the ledger does not agree with its fills" in done.stderr
