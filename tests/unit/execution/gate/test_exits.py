"""Halted, reducing, and what only makes a position smaller."""

from decimal import Decimal as D
from typing import Any

import pytest

from tests.support.gate_cases import Setup, a_quote, a_sight, an_order, denied, held, limits, resting

BROKEN = {
    "max_order_notional": 1,
    "max_position_notional": 1,
    "max_gross_exposure": 1,
    "max_daily_loss": 1,
}


def test_order_when_halted_is_denied_even_if_it_reduces() -> None:
    found = denied(Setup(an_order("sell"), a_sight(position="100", state="halted")))

    assert list(found) == ["trading_state"]
    assert found["trading_state"].code == "trading_halted"
    assert (found["trading_state"].limit, found["trading_state"].value) == ("active", "halted")
    assert not found["trading_state"].halting


@pytest.mark.parametrize(
    ("side", "quantity", "position", "open_orders", "passes"),
    [
        ("sell", "100", "100", [], True),
        ("sell", "101", "100", [], False),
        ("buy", "100", "-100", [], True),
        ("buy", "101", "-100", [], False),
        ("buy", "1", "100", [], False),
        ("sell", "1", "0", [], False),
        ("sell", "60", "100", [("sell", "40")], True),
        ("sell", "61", "100", [("sell", "40")], False),
        ("sell", "100", "100", [("buy", "40")], True),
    ],
)
def test_order_when_reducing_may_only_make_the_position_smaller(
    side: str, quantity: str, position: str, open_orders: list[tuple[str, str]], passes: bool
) -> None:
    others = [resting(which, left, "100") for which, left in open_orders]
    sight = a_sight(position=position, state="reducing", open_orders=others)

    assert Setup(an_order(side, quantity), sight).judged().passes is passes


def test_order_when_reducing_counts_what_is_left_of_others_and_of_this_symbol_only() -> None:
    others = [
        resting("sell", "100", "100", filled_quantity="60", status="partially_filled"),
        resting("sell", "500", "100", symbol="IBM"),
        resting("sell", "500", "100", market="HK", symbol="AAPL"),
    ]
    sight = a_sight(position="100", state="reducing", open_orders=others)

    assert Setup(an_order("sell", "60"), sight).judged().passes
    assert not Setup(an_order("sell", "61"), sight).judged().passes


@pytest.mark.parametrize("status", ["reserved", "submitting", "unknown"])
def test_order_when_reducing_counts_orders_whose_fate_is_open(status: str) -> None:
    others = [resting("sell", "40", "100", status=status)]
    sight = a_sight(position="100", state="reducing", open_orders=others)

    assert not Setup(an_order("sell", "61"), sight).judged().passes


@pytest.mark.parametrize(("side", "position"), [("sell", "100"), ("buy", "-100")])
def test_exit_when_every_limit_is_exceeded_passes(side: str, position: str) -> None:
    sight = a_sight(position=position, day_pnl=D(-1_000_000), cash={})

    assert Setup(an_order(side), sight, limits(**BROKEN)).judged().passes


def test_exit_when_prices_rates_and_result_are_missing_passes() -> None:
    sight = a_sight(position="100", positions=[held("100"), held("100", "HK")], rates={}, day_pnl=None)

    assert Setup(an_order("sell"), sight, limits(**BROKEN)).judged().passes


def test_order_when_it_would_flip_is_held_to_every_limit() -> None:
    sight = a_sight(position="100", day_pnl=D(-1_000_000))

    assert set(denied(Setup(an_order("sell", "101"), sight, limits(**BROKEN)))) == set(BROKEN)


@pytest.mark.parametrize(
    ("terms", "sight", "rule"),
    [
        ({"limit_price": "99.999"}, {}, "tick"),
        ({}, {"is_open": False}, "market_open"),
        ({}, {"quote_stale": True}, "quote_fresh"),
        ({}, {"quote": None}, "quote_fresh"),
        ({}, {"instrument": None}, "symbol_known"),
    ],
)
def test_exit_when_the_market_would_not_take_it_is_denied(
    terms: dict[str, Any], sight: dict[str, Any], rule: str
) -> None:
    setup = Setup(an_order("sell", **terms), a_sight(position="100", **sight), limits(**BROKEN))

    assert list(denied(setup)) == [rule]


def test_exit_when_off_the_lot_is_denied() -> None:
    setup = Setup(an_order("sell", "150", market="HK"), a_sight("HK", "300", "200"), limits(**BROKEN))

    assert list(denied(setup)) == ["lot"]


def test_exit_when_too_many_orders_are_open_is_denied() -> None:
    sight = a_sight(position="100", open_orders=[resting("buy", "1", "1", symbol="IBM")])

    assert list(denied(Setup(an_order("sell"), sight, limits(max_open_orders=1)))) == ["max_open_orders"]


def test_change_when_it_only_lowers_the_quantity_passes_while_reducing() -> None:
    before = resting("buy", "100", "100")
    sight = a_sight(state="reducing", open_orders=[before], day_pnl=D(-5))

    def passes(quantity: str, price: str) -> bool:
        wanted = resting("buy", quantity, price)
        return Setup(wanted, sight, limits(**BROKEN), change_of=before).judged().passes

    assert passes("99", "100")
    assert not passes("100", "100")
    assert not passes("99", "99")
    assert not passes("101", "100")


def test_change_when_halted_is_denied() -> None:
    before = resting("buy", "100", "100")
    sight = a_sight(state="halted", open_orders=[before])

    assert list(denied(Setup(resting("buy", "50", "100"), sight, change_of=before))) == ["trading_state"]


def test_daily_loss_when_the_result_is_not_known_denies_what_does_not_reduce() -> None:
    found = denied(Setup(an_order(), a_sight(day_pnl=None), limits(max_daily_loss=1000)))

    assert (found["max_daily_loss"].limit, found["max_daily_loss"].value) == (1000, None)


def test_daily_loss_when_there_is_a_gain_passes() -> None:
    assert Setup(an_order(), a_sight(day_pnl=D(5000)), limits(max_daily_loss=1000)).judged().passes


def test_quote_when_its_price_is_nothing_is_no_price() -> None:
    found = denied(Setup(an_order(), a_sight(quote=a_quote("0"))))

    assert found["quote_fresh"].value == 0
