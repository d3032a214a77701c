"""What is ccxt's own, against the loopback server of Binance's format."""

import importlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tacore.errors import OutcomeUnknown, Rejected, Unavailable
from tacore.execution.venues import ccxt as module
from tacore.execution.venues.ccxt_answers import Judge, fills_of
from tacore.execution.venues.session import Lost
from tests.support.venues.worlds import WORLDS, World

errors: Any = importlib.import_module("ccxt.base.errors")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with WORLDS["ccxt"](tmp_path, 5.0) as opened:
        yield opened


def test_submit_when_sent_is_what_binances_reference_shows(world: World) -> None:
    order = world.order(
        side="sell", order_type="stop_limit", stop_price=Decimal("64000.1"), time_in_force="FOK"
    )
    world.submit(order)
    wire = world.server.book.received[0]["wire"]
    assert {key: wire[key] for key in wire if key not in ("timestamp", "signature", "recvWindow")} == {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "STOP_LOSS_LIMIT",
        "timeInForce": "FOK",
        "quantity": "0.12345",
        "price": "64250.37",
        "stopPrice": "64000.1",
        "newClientOrderId": order.client_order_id,
        "newOrderRespType": "FULL",
    }


@pytest.mark.parametrize(
    ("changes", "kind", "prices"),
    [
        ({"order_type": "market", "time_in_force": "IOC"}, "MARKET", set()),
        ({"order_type": "stop", "stop_price": Decimal(60000)}, "STOP_LOSS", {"stopPrice"}),
    ],
)
def test_submit_when_without_a_limit_sends_none(
    world: World, changes: dict[str, object], kind: str, prices: set[str]
) -> None:
    world.submit(world.order(limit_price=None, **changes))
    wire = world.server.book.received[0]["wire"]
    assert wire["type"] == kind
    assert set(wire) & {"price", "stopPrice", "timeInForce"} == prices


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_in_force": "DAY"}, "DAY of a limit order is not offered; allowed: GTC, IOC, FOK"),
        ({"order_type": "market", "limit_price": None}, "GTC of a market order is not offered; allowed: IOC"),
        ({"symbol": "DOGE/USDT"}, "symbol DOGE/USDT"),
        (
            {"quantity": Decimal("0.123456")},
            "quantity 0.123456 .* multiples of 0.00001",
        ),
        (
            {"quantity": Decimal("0.000001")},
            "quantity 0.000001 .* multiples of 0.00001",
        ),
        ({"limit_price": Decimal("64250.375")}, "limit_price 64250.375 .* multiples of 0.01"),
        (
            {"order_type": "stop", "limit_price": None, "stop_price": Decimal("1.001")},
            "stop_price 1.001 .* multiples of 0.01",
        ),
    ],
)
def test_submit_when_ccxt_would_change_or_drop_something_is_rejected_unsent(
    world: World, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(Rejected, match=words):
        world.submit(world.order(**changes))
    assert world.server.book.received == []


def test_submit_when_it_trades_at_once_has_those_trades_with_their_fees(world: World) -> None:
    world.server.arrive = {"quantity": "0.1", "price": "64000"}
    order = world.order()
    report = world.submit(order)
    assert report.status == "partially_filled"
    (fill,) = report.fills
    assert (fill.trade_id, fill.quantity, fill.price) == ("BTC/USDT:1", Decimal("0.1"), Decimal(64000))
    assert (fill.fee, fill.fee_currency) == (Decimal("6.4"), "USDT")  # a thousandth of 6,400
    assert world.venue.find(order) == report


def test_submit_when_an_id_was_of_a_done_order_is_another_order_at_binance(world: World) -> None:
    order = world.order()
    world.submit(order)
    world.server.book.end(order.client_order_id, "canceled")
    assert world.submit(order).status == "accepted"
    assert len(world.server.book.of(order.client_order_id)) == 2  # why nothing is ever sent again here
    assert world.venue.dedupe == "window"


def test_submit_when_a_page_of_a_firewall_came_is_not_taken_for_a_refusal(world: World) -> None:
    world.server.next("403")
    with pytest.raises(OutcomeUnknown):
        world.submit(world.order())


def test_find_when_an_exchange_looks_up_no_ids_of_ours_searches_all_orders(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BINANCE", frozenset())
    working, done, gone = (world.order() for _ in range(3))
    for each in (working, done, gone):
        world.submit(each)
    world.fill(done, world.quantity, world.price)
    world.server.book.end(gone.client_order_id, "canceled")
    found = [world.venue.find(each) for each in (working, done, gone, world.order())]
    assert [each and each.status for each in found] == ["accepted", "filled", "cancelled", None]


def test_fills_when_an_exchange_lists_none_by_order_are_picked_from_all(world: World) -> None:
    assert isinstance(world.venue, module.CcxtVenue)
    world.venue._exchange.has["fetchOrderTrades"] = False
    order, other = world.placed(), world.placed()
    world.fill(other, world.quantity, world.price)
    world.fill(order, "0.1", world.price)
    report = world.venue.find(order)
    assert report is not None
    assert [(each.trade_id, each.quantity) for each in report.fills] == [("BTC/USDT:2", Decimal("0.1"))]


def test_find_when_its_markets_cannot_be_read_proves_nothing(world: World) -> None:
    world.server.next("503", on="ask")
    with pytest.raises(Unavailable):
        world.venue.find(world.order())


def test_cancel_when_the_answer_names_the_cancel_has_the_orders_own_id(world: World) -> None:
    order = world.order()
    world.submit(order)
    report = world.venue.cancel(order, world.moment())
    assert report.venue_order_id == str(world.server.book.orders[0].number)


def test_exchange_when_made_asks_once_and_keeps_to_the_rate(world: World) -> None:
    assert isinstance(world.venue, module.CcxtVenue)
    exchange = world.venue._exchange
    assert exchange.id == "binance"
    assert exchange.enableRateLimit is True
    assert exchange.options["maxRetriesOnFailure"] == 0
    assert {address for address in _texts(exchange.urls["api"]) if "127.0.0.1" not in address} == set()


def _texts(value: object) -> list[str]:
    inner = value.values() if isinstance(value, dict) else ()
    return [each for one in inner for each in _texts(one)] or [str(value)]


@pytest.mark.parametrize(
    ("name", "text", "verdict", "reason"),
    [
        ("InsufficientFunds", "no money", "refused", "refused"),
        ("InvalidOrder", "too small", "refused", "refused"),
        ("BadSymbol", "no such pair", "refused", "refused"),
        ("NotSupported", "no stops", "refused", "refused"),
        ("MarketClosed", "closed", "refused", "refused"),
        ("DuplicateOrderId", "used", "refused", "duplicate"),
        ("InvalidOrder", 'binance {"code":-2010,"msg":"Duplicate order sent."}', "refused", "duplicate"),
        ("OrderNotFound", "none such", "refused", "not_found"),
        ("AuthenticationError", "bad key", "away", "unauthorized"),
        ("PermissionDenied", "not you", "away", "unauthorized"),
        ("RateLimitExceeded", "slowly", "away", "rate_limited"),
        ("DDoSProtection", "slowly", "away", "rate_limited"),
        ("InvalidNonce", "your clock", "away", "server_error"),
        ("OnMaintenance", "closed for today", "away", "server_error"),
        ("ExchangeNotAvailable", "502", "unknown", "server_error"),
        ("RequestTimeout", "late", "unknown", "server_error"),
        ("NetworkError", "cut", "unknown", "server_error"),
        ("BadResponse", "what", "unknown", "server_error"),
        ("OperationFailed", "execution status unknown", "unknown", "server_error"),
        ("ExchangeError", 'binance {"code":-9999,"msg":"no"}', "refused", "refused"),
        ("ExchangeError", "binance <html>", "unknown", "malformed"),
    ],
)
def test_judge_when_ccxt_raises_says_what_became_of_the_order(
    name: str, text: str, verdict: str, reason: str
) -> None:
    said = Judge(errors, ())(getattr(errors, name)(text))
    assert (said.verdict, said.reason) == (verdict, reason)


def test_judge_when_the_library_stumbles_knows_nothing() -> None:
    assert Judge(errors, ())(KeyError("orderId")).verdict == "unknown"


def test_judge_when_the_exchange_quotes_the_key_does_not() -> None:
    said = Judge(errors, ("k3y",))(errors.InvalidOrder('x {"msg": "key k3y may not trade"}'))
    assert said.words == "key *** may not trade"


def test_fills_when_a_trade_has_no_id_leave_it_for_later() -> None:
    assert fills_of([{"id": None, "amount": "1", "price": "2"}], "BTC/USDT", 1) == []


def test_fills_when_a_rebate_was_paid_have_a_negative_fee() -> None:
    row = {
        "id": "7",
        "amount": "1",
        "price": "2",
        "timestamp": 1000,
        "fee": {"cost": "-0.1", "currency": "BNB"},
    }
    (fill,) = fills_of([row], "BTC/USDT")
    assert (fill.fee, fill.fee_currency) == (Decimal("-0.1"), "BNB")


def test_fills_when_two_fees_were_taken_are_not_guessed() -> None:
    fees = [{"cost": "1", "currency": "BTC"}, {"cost": "2", "currency": "BNB"}]
    with pytest.raises(Lost, match="two fees"):
        fills_of([{"id": "7", "amount": "1", "price": "2", "timestamp": 1000, "fees": fees}], "BTC/USDT")
