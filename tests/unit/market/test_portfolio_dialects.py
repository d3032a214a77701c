"""Every way in which clients state a portfolio or a trade, and what is refused."""

from typing import Any

import pytest

from tacore.errors import InvalidParams
from tacore.market.portfolio import read_portfolio, read_trade
from tacore.model.portfolio import Holding, Portfolio, Trade

RATES = ("USD", "USDT", "CNY", "HKD")


def read(raw: object) -> Portfolio:
    return read_portfolio(raw, "USD", RATES)


@pytest.mark.parametrize(
    "raw",
    [
        {"AAPL": 100},
        {"AAPL": {"amount": 100}},
        {"AAPL": {"quantity": 100}},
        {"AAPL": {"quantity": 100, "amount": 100}},
        {"AAPL": {"quantity": 100, "side": "long"}},
        {"positions": {"AAPL": 100}},
    ],
)
def test_portfolio_when_a_mapping_says_one_thing_is_one_holding(raw: object) -> None:
    assert read(raw) == Portfolio((Holding("AAPL", 100.0),))


@pytest.mark.parametrize(
    "raw",
    [
        {"positions": [{"symbol": "AAPL", "quantity": 100, "value": 43000}]},
        {"positions": [{"symbol": "AAPL", "amount": 100, "market_value": 43000}]},
        [{"symbol": "AAPL", "quantity": 100, "value": 43000}],
    ],
)
def test_portfolio_when_positions_are_listed_is_of_lots(raw: object) -> None:
    assert read(raw).holdings == (Holding("AAPL", 100.0, 43000.0, lot=True),)


def test_portfolio_when_currencies_are_among_the_symbols_has_cash() -> None:
    found = read({"BTC": 0.5, "USDT": 10000, "eur": 3})
    assert found.holdings == (Holding("BTC", 0.5),)
    assert found.cash == {"USDT": 10000.0, "EUR": 3.0}


@pytest.mark.parametrize(
    ("cash", "expected"), [(5, {"USD": 5.0}), ({"CNY": 7, "USD": 1}, {"CNY": 7.0, "USD": 1.0})]
)
def test_portfolio_when_cash_is_stated_apart_has_it(cash: object, expected: dict[str, float]) -> None:
    assert read({"cash": cash, "positions": []}).cash == expected
    assert read({"cash": cash, "AAPL": 1}).cash == expected


def test_portfolio_when_whole_keeps_its_total() -> None:
    found = read({"total_value": 50000, "positions": [{"symbol": "IBM", "value": 9000}], "account": "x"})
    assert found.total_value == 50000
    assert found.holdings == (Holding("IBM", None, 9000.0, lot=True),)
    assert found.warnings == ("portfolio.account: ignored",)


@pytest.mark.parametrize(
    "stated",
    [-100, {"quantity": -100}, {"quantity": 100, "side": "short"}, {"amount": -100, "side": "short"}],
)
def test_short_when_stated_is_negative(stated: object) -> None:
    assert read({"AAPL": stated}).holdings == (Holding("AAPL", -100.0),)


def test_short_when_its_value_is_stated_positive_has_it_signed_alike() -> None:
    assert read({"AAPL": {"quantity": -10, "value": 4300}}).holdings == (Holding("AAPL", -10.0, -4300.0),)


def test_portfolio_when_empty_is_empty() -> None:
    assert read({}) == read([]) == read({"positions": []}) == Portfolio()


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ("AAPL", "portfolio"),
        ({"AAPL": "100"}, "portfolio.AAPL"),
        ({"AAPL": True}, "portfolio.AAPL"),
        ({"AAPL": None}, "portfolio.AAPL"),
        ({"AAPL": 1e16}, "portfolio.AAPL"),
        ({"AAPL": 10**400}, "portfolio.AAPL"),
        ({"AAPL": {}}, "portfolio.AAPL.quantity"),
        ({"AAPL": {"quantity": 1, "amount": 2}}, "portfolio.AAPL.quantity"),
        ({"AAPL": {"quantity": 1, "side": "sideways"}}, "portfolio.AAPL.side"),
        ({"AAPL": {"quantity": -1, "side": "long"}}, "portfolio.AAPL.side"),
        ({"USD": 1, "usd": 2}, "portfolio.USD"),
        ({"positions": [{"quantity": 1}]}, "portfolio.positions[0].symbol"),
        ({"positions": ["AAPL"]}, "portfolio.positions[0]"),
        ({"positions": [], "cash": {"AAPL": 1}}, "portfolio.cash"),
        ({"positions": [], "total_value": "much"}, "portfolio.total_value"),
        ([{"symbol": "A", "quantity": 1}] * 5001, "portfolio"),
    ],
)
def test_portfolio_when_wrong_names_the_field(raw: object, field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        read(raw)
    assert field in refused.value.details


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"symbol": "IBM", "action": "buy", "quantity": 5}, Trade("IBM", "buy", 5.0)),
        ({"symbol": "IBM", "side": "SELL", "amount": 5, "price": 200}, Trade("IBM", "sell", 5.0, 200.0)),
        (
            {"symbol": "IBM", "action": "buy", "estimated_value": 1000},
            Trade("IBM", "buy", None, None, 1000.0),
        ),
    ],
)
def test_trade_when_stated_in_any_spelling_is_read(raw: dict[str, Any], expected: Trade) -> None:
    assert read_trade(raw) == expected


def test_trade_when_it_says_more_warns() -> None:
    found = read_trade({"symbol": "IBM", "action": "buy", "quantity": 5, "reason": "why not"})
    assert found is not None
    assert found.warnings == ("proposed_trade.reason: ignored",)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ([], "proposed_trade"),
        ({"symbol": "IBM", "quantity": 5}, "proposed_trade.action"),
        ({"symbol": "IBM", "action": "hold", "quantity": 5}, "proposed_trade.action"),
        ({"symbol": "IBM", "action": "buy", "side": "sell", "quantity": 5}, "proposed_trade.action"),
        ({"symbol": "IBM", "action": "buy"}, "proposed_trade.quantity"),
        ({"symbol": "IBM", "action": "buy", "quantity": -5}, "proposed_trade.quantity"),
        ({"symbol": "IBM", "action": "buy", "quantity": 5, "amount": 6}, "proposed_trade.quantity"),
        ({"action": "buy", "quantity": 5}, "proposed_trade.symbol"),
    ],
)
def test_trade_when_wrong_names_the_field(raw: object, field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        read_trade(raw)
    assert field in refused.value.details
