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
    return FakeDesk(
        order(1),
        order(2, status="filled", filled_quantity=10, average_price=430.123456789012, symbol="MSFT"),
        order(3, status="denied", reason="quantity: too much"),
    )


@pytest.fixture
def broker(desk: FakeDesk) -> Iterator[FakeBroker]:
    with FakeBroker(desk) as running:
        yield running


def asked(broker: FakeBroker) -> list[tuple[str, dict[str, Any]]]:
    return [(each["method"], each["params"]) for each in broker.requests]


def test_orders_when_piped_are_whole_and_newest_first(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["orders"], tmp_path, broker.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["order_id"] for row in rows] == ["o-000003", "o-000002", "o-000001"]
    assert rows[2] == order(1)
    assert '"average_price": 430.123456789012,' in done.stdout
    assert asked(broker) == [("list.orders", {"limit": 50})]


@pytest.mark.parametrize(
    ("words", "params"),
    [
        ("-n 7", {"limit": 7}),
        ("--status open", {"status": ["open"], "limit": 50}),
        ("--status Filled,cancelled", {"status": ["filled", "cancelled"], "limit": 50}),
        ("--symbol 0700 --market HK", {"symbol": "0700", "market": "HK", "limit": 50}),
        ("--account=paper", {"account": "paper", "limit": 50}),
    ],
)
def test_orders_when_filtered_ask_for_those(
    broker: FakeBroker, tmp_path: Path, words: str, params: dict[str, Any]
) -> None:
    assert tacore(["orders", *words.split()], tmp_path, broker.endpoint).returncode == 0
    assert asked(broker) == [("list.orders", params)]


def test_orders_when_more_than_a_page_is_wanted_ask_on(tmp_path: Path) -> None:
    with FakeBroker(FakeDesk(*map(order, range(1, 1503)))) as broker:
        done = tacore(["orders", "-n", "1501", "--columns", "order_id"], tmp_path, broker.endpoint)
        assert asked(broker) == [
            ("list.orders", {"limit": 1000}),
            ("list.orders", {"limit": 501, "before": "o-000503"}),
        ]
    rows = [json.loads(line)["order_id"] for line in done.stdout.splitlines()]
    assert (len(rows), rows[0], rows[-1]) == (1501, "o-001502", "o-000002")


def test_orders_when_on_a_terminal_are_a_table_under_a_banner(broker: FakeBroker, tmp_path: Path) -> None:
    seen = on_terminal(["orders", "--no-color"], tmp_path, broker.endpoint, columns=180)
    assert seen.lines[0] == "PAPER"
    names = "order_id status symbol action quantity order_type price filled_quantity average_price account"
    assert seen.lines[1].split() == [*names.split(), "reason", "updated_at"]
    assert [line.split()[:3] for line in seen.lines[2:]] == [
        ["o-000003", "denied", "AAPL"],
        ["o-000002", "filled", "MSFT"],
        ["o-000001", "accepted", "AAPL"],
    ]
    assert "paper    quantity: too much  2026-11-24T06:00:03Z" in seen.lines[2]
    assert [method for method, _ in asked(broker)] == ["list.orders", "get.trading_state"]


def test_orders_when_one_is_live_show_it_in_red_and_which(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    desk.change(4, paper=False, account="real", venue="alpaca")
    seen = on_terminal(["orders"], tmp_path, broker.endpoint, columns=180)
    assert seen.raw.startswith("\x1b[1;37;41m LIVE \x1b[0m")
    assert seen.lines[1].split()[:2] == ["order_id", "paper"]
    assert [line.split()[:2] for line in seen.lines[2:4]] == [["o-000004", "false"], ["o-000003", "true"]]


def test_banner_when_trading_is_halted_says_since_when_by_whom_and_why(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    desk.state |= {"state": "halted", "by": "deadman", "reason": "no sign of life from bot"}
    seen = on_terminal(["-q", "orders", "--no-color"], tmp_path, broker.endpoint)
    expected = "PAPER  trading is halted since 2026-11-24T06:00:00Z, by deadman: no sign of life from bot"
    assert seen.lines[0] == expected


def test_banner_when_quiet_keeps_back_paper_but_never_live(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    assert on_terminal(["-q", "order", "o-000001"], tmp_path, broker.endpoint).lines[0].startswith("order_id")
    desk.change(4, paper=False)
    assert on_terminal(["-q", "order", "o-000004"], tmp_path, broker.endpoint).lines[0].strip() == "LIVE"


def test_banner_when_no_order_is_shown_asks_the_account(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    desk.paper = False
    words = ["orders", "--symbol", "NONE", "--account", "real", "--no-color"]
    assert on_terminal(words, tmp_path, broker.endpoint).lines == ["LIVE", "no rows"]
    assert asked(broker)[-1] == ("get.account", {"account": "real"})


def test_banner_when_the_trading_state_cannot_be_had_says_so_and_shows_the_rest(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    desk.errors["get.trading_state"] = ("internal", "no", {})
    seen = on_terminal(["order", "o-000001"], tmp_path, broker.endpoint)
    assert seen.returncode == 0
    assert seen.lines[:2] == ["whether trading is on is not known: no", "order_id         o-000001"]


def test_order_when_piped_has_fills_and_events(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["order", "o-000002"], tmp_path, broker.endpoint)
    row = json.loads(done.stdout)
    assert (row["order_id"], row["fills"][0]["trade_id"], row["events"][0]["what"]) == (
        "o-000002",
        "t-1",
        "reserved",
    )
    assert asked(broker) == [("get.order", {"order_id": "o-000002"})]


def test_order_when_on_a_terminal_is_a_sheet_with_fills_and_events(
    broker: FakeBroker, tmp_path: Path
) -> None:
    lines = on_terminal(["order", "tc-0a1b2c3d-2"], tmp_path, broker.endpoint).lines
    assert asked(broker)[0] == ("get.order", {"client_order_id": "tc-0a1b2c3d-2"})
    assert lines[0].strip() == "PAPER"
    assert lines[lines.index("fills") + 1].split()[:3] == ["trade_id", "quantity", "price"]
    assert lines[lines.index("events") + 2].split() == ["2026-11-24T06:00:02Z", "reserved", "reserved"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("order", 2, "order needs an ID"),
        ("order o-1 o-2", 2, "order does not know 'o-2'"),
        ("order --fills", 2, "order does not know '--fills'"),
        ("order o-000009", 7, "not_found: there is no order o-000009"),
        ("orders o-1", 2, "orders does not know 'o-1'"),
        ("orders -n 0", 2, "-n is a number of at least 1"),
        ("orders -n many", 2, "-n is a number"),
        ("orders --status", 2, "--status needs a value"),
        ("orders --status ,", 2, "--status needs one of open, final, reserved"),
        ("orders --status opne", 2, "--status opne: there is no such status; did you mean open?"),
        ("orders -f --status x", 2, "allowed: open, final, reserved, submitting, accepted"),
        ("orders -f -o json", 2, "orders -f writes table, ndjson or csv"),
    ],
)
def test_orders_when_they_cannot_be_shown_say_why(
    broker: FakeBroker, tmp_path: Path, words: str, code: int, says: str
) -> None:
    done = tacore(words.split(), tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr


def test_orders_when_a_param_is_wrong_name_the_method_to_look_at(
    desk: FakeDesk, broker: FakeBroker, tmp_path: Path
) -> None:
    field = {"market": {"problem": "no provider serves it", "value": "MARS", "allowed": ["US"]}}
    desk.errors["list.orders"] = ("invalid_params", "market: no provider serves it", field)
    done = tacore(["orders", "--market", "MARS"], tmp_path, broker.endpoint)
    assert done.returncode == 3
    assert "given MARS, allowed US" in done.stderr
    assert "`tacore describe list.orders` shows the params" in done.stderr


@pytest.mark.parametrize(
    "words",
    ["orders", "orders -f", "order o-1", "cancel o-1", "cancel --all -y", "positions", "account", "halt"],
)
def test_command_when_nothing_listens_exits_5(tmp_path: Path, words: str) -> None:
    done = tacore([*words.split(), "--retries", "0"], tmp_path, "tcp://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.count("start one with `tacore up`") == 1
