"""Fees and price steps of each market, by hand from config/trading_config.yaml as tacore ships it."""

import pytest

from tacore.execution.venues.paper_costs import against, fee, slipped
from tacore.model.trading import FeeSettings, PaperVenue
from tests.support.gate_cases import OWN_RULES, D
from tests.support.paper import OWN, Replay

assert isinstance(OWN, PaperVenue)
FEES = OWN.fees


@pytest.mark.parametrize(
    ("market", "side", "quantity", "price", "expected"),
    [
        ("US", "buy", "100", "430.52", "1.00"),  # 0.50, and the minimum is 1
        ("US", "sell", "200", "430.52", "1.00"),
        ("US", "buy", "1000", "430.52", "5.00"),
        ("US", "buy", "301", "10", "1.51"),  # 1.505, half up
        ("CN", "buy", "100", "10", "5.00"),  # 0.25, and the minimum is 5
        ("CN", "buy", "10000", "12.34", "30.85"),  # 2.5 bp of 123,400
        ("CN", "sell", "10000", "12.34", "92.55"),  # and 5 bp more
        ("HK", "sell", "500", "65.55", "42.61"),  # 13 bp of 32,775 are 42.6075
        ("CRYPTO", "buy", "0.00123", "43210.12", "0.05314845"),  # 10 bp of 53.1484476 are 0.0531484476
    ],
)
def test_fee_when_a_market_asks_for_it_is_the_larger_of_minimum_and_sum(
    market: str, side: str, quantity: str, price: str, expected: str
) -> None:
    found = fee(D(quantity), D(price), side, FEES[market], OWN_RULES[market])  # type: ignore[arg-type]

    assert str(found) == expected


def test_fee_when_all_parts_are_set_adds_them() -> None:
    fees = FeeSettings(per_unit=D("0.01"), bps=D(2), sell_bps=D(3), minimum=D(1))

    # 0.01 x 200 + 200 x 50 x 5 bp = 2 + 5; without the 3 bp of sales 2 + 2
    assert fee(D(200), D(50), "sell", fees, OWN_RULES["US"]) == 7
    assert fee(D(200), D(50), "buy", fees, OWN_RULES["US"]) == 4


def test_fee_when_the_market_is_not_named_is_nothing() -> None:
    assert Replay(fees={}).place("2013-03-01", "buy", "100").fills[0].fee == 0


@pytest.mark.parametrize(
    ("market", "price", "bought", "sold"),
    [
        ("US", "0.50005", "0.5001", "0.5000"),
        ("US", "0.99999", "1.0", "0.9999"),
        ("US", "430.47", "430.47", "430.47"),
        ("US", "0.00001", "0.0001", "0.0001"),  # never nothing
        ("HK", "99.98", "100", "99.95"),  # steps of 0.05 up to 100
        ("HK", "100.02", "100.1", "100"),
        ("HK", "0.2496", "0.25", "0.249"),
        ("CRYPTO", "43210.123", "43210.13", "43210.12"),
    ],
)
def test_price_when_between_two_steps_goes_against_the_client(
    market: str, price: str, bought: str, sold: str
) -> None:
    ticks = OWN_RULES[market].ticks
    assert against(D(price), "buy", ticks) == D(bought)
    assert against(D(price), "sell", ticks) == D(sold)


def test_slippage_when_it_eats_the_whole_price_leaves_a_step() -> None:
    ticks = OWN_RULES["US"].ticks
    assert slipped(D(5), "sell", D(20_000), ticks) == D("0.0001")
    assert slipped(D(5), "buy", D(20_000), ticks) == 15
