import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import tacore
from tests.support.fake_broker import FakeBroker
from tests.support.terminal import on_terminal
from tests.support.trading import FakeDesk, order


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk(order(1), order(2), order(3, symbol="MSFT"), order(4, status="filled"))


@pytest.fixture
def broker(desk: FakeDesk) -> Iterator[FakeBroker]:
    with FakeBroker(desk) as running:
        yield running


def sent(broker: FakeBroker, method: str) -> list[dict[str, Any]]:
    return [each["params"] for each in broker.requests if each["method"] == method]


def statuses(text: str) -> list[tuple[str, str]]:
    rows = map(json.loads, text.splitlines())
    return [(row["order_id"], row["status"]) for row in rows]


def test_cancel_when_ids_are_named_ends_each_once_and_in_their_order(
    broker: FakeBroker, tmp_path: Path
) -> None:
    words = ["cancel", "o-000002", "tc-0a1b2c3d-1", "o-000002"]
    done = tacore(words, tmp_path, broker.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    assert statuses(done.stdout) == [("o-000002", "cancelled"), ("o-000001", "cancelled")]
    assert sent(broker, "cancel.order") == [
        {"order_id": "o-000002"},
        {"client_order_id": "tc-0a1b2c3d-1"},
    ]


def test_cancel_when_the_venue_has_only_taken_the_wish_says_so_and_exits_8(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    desk.change(1, paper=False)
    done = tacore(["cancel", "o-000001"], tmp_path, broker.endpoint)
    assert (done.returncode, statuses(done.stdout)) == (8, [("o-000001", "accepted")])
    assert "o-000001 is accepted: it may still trade" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("o-000009", 7, "not_found: there is no order o-000009"),
        ("o-000004", 3, "denied: o-000004 can't be cancelled: it is filled"),
        ("o-000009 o-000004", 3, "not_found"),
        ("", 2, "cancel needs an ID, or --all"),
        ("--all", 2, "cancel --all needs -y where there is nobody to ask"),
        ("--all -y o-000001", 2, "--all or IDs, not both"),
        ("--symbol AAPL", 2, "cancel needs an ID, or --all"),
        ("o-000001 --symbol AAPL", 2, "--symbol goes with --all"),
        ("--al -y", 2, "cancel does not know '--al'"),
    ],
)
def test_cancel_when_it_fails_says_why_and_changes_nothing(
    broker: FakeBroker, desk: FakeDesk, tmp_path: Path, words: str, code: int, says: str
) -> None:
    done = tacore(["cancel", *words.split()], tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert [each["status"] for each in desk.orders.values()] == ["accepted"] * 3 + ["filled"]


def test_cancel_when_one_of_several_fails_ends_the_others_and_exits_8(
    broker: FakeBroker, tmp_path: Path
) -> None:
    done = tacore(["cancel", "o-000001", "o-000009"], tmp_path, broker.endpoint)
    assert (done.returncode, statuses(done.stdout)) == (8, [("o-000001", "cancelled")])
    assert "there is no order o-000009" in done.stderr


def test_cancel_all_when_sure_ends_what_is_open_and_asks_nothing(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["cancel", "--all", "-y"], tmp_path, broker.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    assert [each[1] for each in statuses(done.stdout)] == ["cancelled"] * 3
    assert [(each["method"], each["params"]) for each in broker.requests] == [("cancel.all", {})]


def test_cancel_all_when_filtered_ends_only_those(broker: FakeBroker, tmp_path: Path) -> None:
    words = "cancel --all --symbol MSFT --market US --account paper --yes".split()
    done = tacore(words, tmp_path, broker.endpoint)
    assert statuses(done.stdout) == [("o-000003", "cancelled")]
    assert sent(broker, "cancel.all") == [{"symbol": "MSFT", "market": "US", "account": "paper"}]


def test_cancel_all_when_some_may_still_trade_exits_8(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    desk.change(2, paper=False)
    done = tacore(["cancel", "--all", "-y"], tmp_path, broker.endpoint)
    assert done.returncode == 8
    assert "o-000002 is accepted: it may still trade" in done.stderr


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_cancel_all_when_a_terminal_agrees_ends_them(broker: FakeBroker, tmp_path: Path, answer: str) -> None:
    seen = on_terminal(["cancel", "--all", "--symbol", "AAPL"], tmp_path, broker.endpoint, typed=answer)
    assert seen.returncode == 0
    assert "PAPER   cancel 2 open orders of paper (AAPL)? [y/N]" in "\n".join(seen.lines)
    assert sent(broker, "list.orders") == [{"symbol": "AAPL", "status": ["open"], "limit": 1000}]
    assert sent(broker, "cancel.all") == [{"symbol": "AAPL"}]
    assert [line.split()[:2] for line in seen.lines[-2:]] == [
        ["o-000001", "cancelled"],
        ["o-000002", "cancelled"],
    ]


@pytest.mark.parametrize("answer", ["\n", "n\n", "o-000001\n", "\x04"])
def test_cancel_all_when_a_terminal_does_not_agree_ends_nothing(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path, answer: str
) -> None:
    desk.change(2, paper=False, account="real")
    seen = on_terminal(["cancel", "--all", "--no-color"], tmp_path, broker.endpoint, typed=answer)
    assert seen.returncode == 130
    said = "\n".join(seen.lines)
    assert "LIVE  cancel 3 open orders of paper, real (AAPL, MSFT)? [y/N]" in said
    assert said.endswith("nothing was cancelled")
    assert sent(broker, "cancel.all") == []


def test_cancel_all_when_nothing_is_open_asks_nobody(tmp_path: Path) -> None:
    with FakeBroker(FakeDesk(order(1, status="filled"))) as broker:
        seen = on_terminal(["cancel", "--all", "--no-color"], tmp_path, broker.endpoint)
    assert seen.returncode == 0
    assert seen.lines == ["PAPER", "no rows  cancelled=0  open=0"]
