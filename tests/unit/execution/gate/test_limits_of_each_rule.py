"""Every rule at its limit, and one step over it. All figures are worked out by hand."""

from dataclasses import dataclass
from decimal import Decimal as D
from typing import Any

import pytest

from tacore.execution.gate import RULES
from tests.support.gate_cases import (
    NOW_US,
    Setup,
    a_quote,
    a_sight,
    an_order,
    held,
    limits,
    resting,
)

LIVE: dict[str, Any] = {"venue_live": True, "venue_paper": False, "account_live": True}
SECOND = 1_000_000


@dataclass(frozen=True)
class Pair:
    """A rule's two cases; ``limit`` and ``value`` are what the denial of the second one says."""

    rule: str
    at: Setup
    over: Setup
    limit: Any
    value: Any
    halting: bool = False


PAIRS = [
    Pair(
        "symbol_known",
        Setup(an_order(), a_sight()),
        Setup(an_order(), a_sight(instrument=None)),
        "a symbol of US",
        "AAPL",
    ),
    Pair(
        "market_rules",
        Setup(an_order(), a_sight()),
        Setup(an_order(), a_sight(), without_rules=True),
        "a market with rules",
        "US",
    ),
    Pair(
        "trading_state",
        Setup(an_order("sell", "100"), a_sight(position="100", state="reducing")),
        Setup(an_order("sell", "101"), a_sight(position="100", state="reducing")),
        "only reducing orders",
        "reducing",
    ),
    Pair(
        "live_trading",
        Setup(an_order(), a_sight(**LIVE), live=True),
        Setup(an_order(), a_sight(**LIVE), live=False),
        True,
        False,
    ),
    Pair(
        "live_data",
        Setup(an_order(), a_sight(**LIVE), live=True),
        Setup(an_order(), a_sight(**LIVE, quote=a_quote("100", simulated=True)), live=True),
        "live and fresh",
        "simulated",
    ),
    Pair(
        "market_open",
        Setup(an_order(limit_price="100", time_in_force="GTC"), a_sight(is_open=False)),
        Setup(an_order(limit_price="100", time_in_force="IOC"), a_sight(is_open=False)),
        "limit, stop or stop_limit with DAY or GTC",
        "limit with IOC",
    ),
    Pair(
        "lot",
        Setup(an_order("buy", "300", market="CN"), a_sight("CN", "10")),
        Setup(an_order("buy", "301", market="CN"), a_sight("CN", "10")),
        D(100),
        D(301),
    ),
    Pair(
        "tick",
        Setup(an_order(limit_price="100.01"), a_sight()),
        Setup(an_order(limit_price="100.011"), a_sight()),
        (D("100.01"), D("100.02")),
        D("100.011"),
    ),
    Pair(
        "min_notional",
        Setup(an_order("buy", "0.05", market="CRYPTO"), a_sight("CRYPTO", "100")),
        Setup(an_order("buy", "0.04999", market="CRYPTO"), a_sight("CRYPTO", "100")),
        D(5),
        D("4.999"),
    ),
    Pair(  # 9.97 + 10 % = 10.967 and 9.97 - 10 % = 8.973
        "price_limit",
        Setup(an_order(market="CN", limit_price="10.97"), a_sight("CN", "9.97")),
        Setup(an_order(market="CN", limit_price="10.98"), a_sight("CN", "9.97")),
        (D("8.97"), D("10.97")),
        D("10.98"),
    ),
    Pair(
        "settlement",
        Setup(an_order("sell", "300", market="CN"), a_sight("CN", "10", "500", sellable=D(300))),
        Setup(an_order("sell", "400", market="CN"), a_sight("CN", "10", "500", sellable=D(300))),
        D(300),
        D(400),
    ),
    Pair(
        "quote_fresh",
        Setup(an_order(), a_sight(quote_age_s=15.0), limits(max_quote_age_s=15)),
        Setup(an_order(), a_sight(quote_age_s=15.001), limits(max_quote_age_s=15)),
        15.0,
        15.001,
    ),
    Pair(
        "max_order_notional",
        Setup(an_order("buy", "100"), a_sight(), limits(max_order_notional=10_000)),
        Setup(an_order("buy", "101"), a_sight(), limits(max_order_notional=10_000)),
        D(10_000),
        D(10_100),
        halting=True,
    ),
    Pair(  # 50 x 100 held + 20 x 90 open + 32 x 100
        "max_position_notional",
        Setup(
            an_order("buy", "32"),
            a_sight(position="50", open_orders=[resting("buy", "20", "90")]),
            limits(max_position_notional=10_000),
        ),
        Setup(
            an_order("buy", "33"),
            a_sight(position="50", open_orders=[resting("buy", "20", "90")]),
            limits(max_position_notional=10_000),
        ),
        D(10_000),
        D(10_100),
        halting=True,
    ),
    Pair(  # 10 x 100 USD + 200 x 300 HKD x 0.125 + 5 x 200 open + 5 x 100
        "max_gross_exposure",
        Setup(
            an_order("buy", "5"),
            a_sight(
                position="10",
                positions=[held("10"), held("200", "HK")],
                prices={("US", "AAPL"): D(100), ("HK", "0700"): D(300)},
                open_orders=[resting("buy", "5", "200", symbol="IBM")],
            ),
            limits(max_gross_exposure=10_000),
        ),
        Setup(
            an_order("buy", "6"),
            a_sight(
                position="10",
                positions=[held("10"), held("200", "HK")],
                prices={("US", "AAPL"): D(100), ("HK", "0700"): D(300)},
                open_orders=[resting("buy", "5", "200", symbol="IBM")],
            ),
            limits(max_gross_exposure=10_000),
        ),
        D(10_000),
        D(10_100),
        halting=True,
    ),
    Pair(
        "buying_power",
        Setup(
            an_order("buy", "60"),
            a_sight(cash={"USD": D(10_000)}, open_orders=[resting("buy", "40", "100", symbol="IBM")]),
        ),
        Setup(
            an_order("buy", "61"),
            a_sight(cash={"USD": D(10_000)}, open_orders=[resting("buy", "40", "100", symbol="IBM")]),
        ),
        D(6_000),
        D(6_100),
        halting=True,
    ),
    Pair(
        "short_sale",
        Setup(
            an_order("sell", "70"),
            a_sight(position="100", open_orders=[resting("sell", "30", "120")]),
            limits(allow_short=False),
        ),
        Setup(
            an_order("sell", "71"),
            a_sight(position="100", open_orders=[resting("sell", "30", "120")]),
            limits(allow_short=False),
        ),
        D(70),
        D(71),
        halting=True,
    ),
    Pair(
        "max_open_orders",
        Setup(
            an_order(),
            a_sight(open_orders=[resting("buy", "1", "1"), resting("buy", "2", "1")]),
            limits(max_open_orders=3),
        ),
        Setup(
            an_order(),
            a_sight(open_orders=[resting("buy", str(each), "1") for each in (1, 2, 3)]),
            limits(max_open_orders=3),
        ),
        3,
        4,
        halting=True,
    ),
    Pair(  # an order of 60 s ago no longer counts
        "max_orders_per_minute",
        Setup(
            an_order(),
            a_sight(
                recent=[
                    resting("buy", "1", "1", created_us=NOW_US - 60 * SECOND),
                    resting("buy", "2", "1", created_us=NOW_US),
                ]
            ),
            limits(max_orders_per_minute=2),
        ),
        Setup(
            an_order(),
            a_sight(
                recent=[
                    resting("buy", "1", "1", created_us=NOW_US - 60 * SECOND + 1),
                    resting("buy", "2", "1", created_us=NOW_US),
                ]
            ),
            limits(max_orders_per_minute=2),
        ),
        2,
        3,
        halting=True,
    ),
    Pair(
        "duplicate_intent",
        Setup(
            an_order(),
            a_sight(**LIVE, recent=[resting("buy", "100", "99", created_us=NOW_US - 5 * SECOND)]),
            limits(duplicate_window_s=5),
            live=True,
        ),
        Setup(
            an_order(),
            a_sight(**LIVE, recent=[resting("buy", "100", "99", created_us=NOW_US - 5 * SECOND + 1)]),
            limits(duplicate_window_s=5),
            live=True,
        ),
        5.0,
        4.999999,
        halting=True,
    ),
    Pair(
        "price_band",
        Setup(an_order(limit_price="110"), a_sight(), limits(price_band_pct=10)),
        Setup(an_order(limit_price="110.01"), a_sight(), limits(price_band_pct=10)),
        D(110),
        D("110.01"),
        halting=True,
    ),
    Pair(
        "max_daily_loss",
        Setup(an_order(), a_sight(day_pnl=D("-999.99")), limits(max_daily_loss=1000)),
        Setup(an_order(), a_sight(day_pnl=D("-1000")), limits(max_daily_loss=1000)),
        D(1000),
        D(1000),
    ),
]
ONLY_WARNS = {"stop_side"}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.rule)
def test_order_when_at_the_limit_passes(pair: Pair) -> None:
    judgement = pair.at.judged()

    assert judgement.passes, judgement.denials
    assert judgement.warnings == ()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.rule)
def test_order_when_one_step_over_is_denied_by_that_rule_alone(pair: Pair) -> None:
    denials = pair.over.judged().denials

    assert [each.rule for each in denials] == [pair.rule]
    assert denials[0].limit == pair.limit
    assert denials[0].value == pair.value
    assert denials[0].halting is pair.halting
    assert denials[0].code == ("trading_halted" if pair.rule == "trading_state" else "denied")


def test_rules_when_counted_all_have_a_pair() -> None:
    assert {pair.rule for pair in PAIRS} | ONLY_WARNS == set(RULES)


def test_rules_when_listed_say_what_they_check() -> None:
    assert all(rule.checks and rule.find.__doc__ for rule in RULES.values())


@pytest.mark.parametrize(
    ("side", "stop", "warns"),
    [("buy", "100.01", False), ("buy", "100", True), ("sell", "99.99", False), ("sell", "100", True)],
)
def test_stop_when_the_last_price_has_reached_it_passes_with_a_warning(
    side: str, stop: str, warns: bool
) -> None:
    judgement = Setup(an_order(side, stop_price=stop), a_sight()).judged()

    assert judgement.passes
    assert [each.split(":")[0] for each in judgement.warnings] == ["stop_side"] * warns


def test_stop_when_it_has_triggered_is_not_warned_of_again() -> None:
    order = an_order(stop_price="100", triggered=True)

    assert Setup(order, a_sight()).judged().warnings == ()
