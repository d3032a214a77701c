"""Lots, price steps, daily limits and settlement of each market, as tacore's own settings have them."""

from decimal import Decimal as D

import pytest

from tacore.model.trading import TickBand
from tests.support.gate_cases import OWN_RULES, Setup, a_sight, an_order, denied, limits, resting

# Hong Kong Exchanges' spread table (its rules' Second Schedule, part A, from August 2025): price from, step.
HK_SPREADS = [
    ("0.10", "0.001"),
    ("0.25", "0.005"),
    ("0.50", "0.010"),
    ("20.00", "0.020"),
    ("50.00", "0.050"),
    ("100.00", "0.100"),
    ("200.00", "0.200"),
    ("500.00", "0.500"),
    ("1000.00", "1.000"),
    ("2000.00", "2.000"),
    ("5000.00", "5.000"),
]


def _tick(market: str, price: str) -> tuple[D, ...] | None:
    """Give the nearest allowed prices; None where the price is allowed."""
    setup = Setup(an_order("buy", "1000", market=market, limit_price=price), a_sight(market, price))
    found = denied(setup).get("tick")
    return None if found is None else found.limit


@pytest.mark.parametrize(("start", "step"), HK_SPREADS)
def test_price_when_in_hong_kong_is_on_the_spread_table(start: str, step: str) -> None:
    first, tick = D(start), D(step)

    assert _tick("HK", str(first)) is None
    assert _tick("HK", str(first + tick)) is None
    assert _tick("HK", str(first + tick / 2)) == (first, first + tick)


@pytest.mark.parametrize(
    ("price", "near"),
    [
        ("19.995", ("19.99", "20.00")),  # the next price is of the next band
        ("20.01", ("20.00", "20.02")),
        ("0.2495", ("0.249", "0.25")),
    ],
)
def test_price_when_at_the_edge_of_a_band_names_prices_of_both(price: str, near: tuple[str, str]) -> None:
    assert _tick("HK", price) == (D(near[0]), D(near[1]))


def test_price_when_a_band_starts_off_the_step_before_it_names_its_start() -> None:
    bands = tuple(TickBand(at=D(at), tick=D(tick)) for at, tick in (("0", "0.3"), ("1", "0.5")))
    rules = OWN_RULES["US"].model_copy(update={"ticks": bands})
    setup = Setup(an_order(limit_price="0.95"), a_sight(price="1"), rules=rules)

    assert denied(setup)["tick"].limit == (D("0.9"), D("1"))


@pytest.mark.parametrize(
    ("price", "near"),
    [
        ("0.9999", None),
        ("0.99995", ("0.9999", "1")),
        ("1.00", None),
        ("1.0001", ("1.00", "1.01")),
        ("0.00005", ("0.0001",)),
    ],
)
def test_price_when_in_the_us_has_finer_steps_below_a_dollar(
    price: str, near: tuple[str, ...] | None
) -> None:
    assert _tick("US", price) == (None if near is None else tuple(D(each) for each in near))


def test_stop_price_when_off_the_steps_is_named_beside_the_limit() -> None:
    setup = Setup(an_order(limit_price="101.005", stop_price="100.001"), a_sight(price="99"))

    found = [each.message for each in setup.judged().denials]

    assert found == [
        "limit_price: 101.005 is not on a price step; nearest allowed: 101 or 101.01",
        "stop_price: 100.001 is not on a price step; nearest allowed: 100 or 100.01",
    ]


@pytest.mark.parametrize("price", ["0", "-1"])
def test_price_when_not_positive_is_denied(price: str) -> None:
    setup = Setup(an_order(limit_price=price), a_sight())

    assert denied(setup)["tick"].limit == (D("0.0001"),)


def test_limit_order_when_without_a_limit_price_is_denied() -> None:
    setup = Setup(an_order(order_type="limit"), a_sight())

    assert denied(setup)["tick"].message == "limit_price: missing; a limit order needs one"


@pytest.mark.parametrize(
    ("symbol", "lot"), [("0005", 400), ("0700", 100), ("0941", 500), ("1299", 200), ("0001", 100)]
)
def test_quantity_when_in_hong_kong_is_a_multiple_of_the_symbols_board_lot(symbol: str, lot: int) -> None:
    at, over = (
        Setup(an_order("buy", str(lot * 2 + more), market="HK", symbol=symbol), a_sight("HK", "60"))
        for more in (0, 1)
    )

    assert at.judged().passes
    assert denied(over)["lot"].limit == lot
    assert denied(over)["lot"].message == (
        f"quantity: {lot * 2 + 1} is not a multiple of {lot}; nearest allowed: {lot * 2} or {lot * 3}"
    )


def test_quantity_when_below_one_lot_names_only_the_lot() -> None:
    setup = Setup(an_order("buy", "99", market="CN"), a_sight("CN", "10"))

    assert denied(setup)["lot"].message == "quantity: 99 is not a multiple of 100; nearest allowed: 100"


@pytest.mark.parametrize("quantity", ["0", "-100"])
def test_quantity_when_nothing_is_denied(quantity: str) -> None:
    assert "lot" in denied(Setup(an_order("buy", quantity), a_sight()))


@pytest.mark.parametrize(
    ("quantity", "passes"),
    [("50", True), ("150", True), ("250", True), ("200", True), ("30", False), ("120", False)],
)
def test_sale_when_in_china_takes_all_of_an_odd_part_along(quantity: str, passes: bool) -> None:
    setup = Setup(an_order("sell", quantity, market="CN"), a_sight("CN", "10", "250"))

    assert ("lot" not in denied(setup)) is passes


def test_odd_sale_when_an_open_sale_has_the_odd_part_is_denied() -> None:
    open_sale = resting("sell", "50", "11", market="CN")
    sight = a_sight("CN", "10", "250", open_orders=[open_sale])

    assert "lot" in denied(Setup(an_order("sell", "50", market="CN"), sight))


def test_odd_sale_when_beyond_what_is_held_is_denied() -> None:
    setup = Setup(an_order("sell", "350", market="CN"), a_sight("CN", "10", "250"))

    assert {"lot", "settlement"} <= set(denied(setup))


def test_odd_quantity_when_bought_in_china_is_denied() -> None:
    setup = Setup(an_order("buy", "50", market="CN"), a_sight("CN", "10", "250"))

    assert "lot" in denied(setup)


def test_odd_sale_when_in_hong_kong_is_denied() -> None:
    setup = Setup(an_order("sell", "50", market="HK"), a_sight("HK", "300", "50"))

    assert "lot" in denied(setup)


@pytest.mark.parametrize(
    ("market", "quantity", "fractional", "passes"),
    [
        ("US", "0.5", False, False),
        ("US", "0.5", True, True),
        ("US", "0.123456789", True, True),
        ("US", "0.1234567891", True, False),
        ("CN", "0.5", True, False),
        ("CRYPTO", "1.00001", False, True),
        ("CRYPTO", "1.000001", False, False),
    ],
)
def test_fraction_when_lot_or_venue_has_it_passes(
    market: str, quantity: str, fractional: bool, passes: bool
) -> None:
    sight = a_sight(market, "100", venue_fractional=fractional)

    assert ("lot" not in denied(Setup(an_order("buy", quantity, market=market), sight))) is passes


@pytest.mark.parametrize(
    ("price", "near"),
    [
        ("67000.01", None),
        ("67000.015", ("67000.01", "67000.02")),
        ("99.9999", None),
        ("99.99995", ("99.9999", "100")),
        ("0.5", None),
        ("0.00000001", None),
    ],
)
def test_price_when_of_a_coin_is_on_its_step(price: str, near: tuple[str, str] | None) -> None:
    assert _tick("CRYPTO", price) == (None if near is None else (D(near[0]), D(near[1])))


def test_coin_when_its_calendar_says_closed_trades_around_the_clock() -> None:
    setup = Setup(an_order("buy", "1", market="CRYPTO"), a_sight("CRYPTO", "100", is_open=False))

    assert setup.judged().passes


@pytest.mark.parametrize(
    ("symbol", "low", "high"),
    [
        ("600519", "8.97", "10.97"),  # 9.97 x 0.9 = 8.973, x 1.1 = 10.967
        ("300750", "7.98", "11.96"),  # 9.97 x 0.8 = 7.976, x 1.2 = 11.964
        ("688981", "7.98", "11.96"),
    ],
)
def test_limit_price_when_in_china_is_within_the_boards_limits(symbol: str, low: str, high: str) -> None:
    def ask(price: D) -> bool:
        order = an_order("buy", "200", market="CN", symbol=symbol, limit_price=str(price))
        return Setup(order, a_sight("CN", "9.97")).judged().passes

    cent = D("0.01")
    assert [ask(D(low)), ask(D(low) - cent)] == [True, False]
    assert [ask(D(high)), ask(D(high) + cent)] == [True, False]


def test_daily_limit_when_half_a_cent_is_rounded_up() -> None:
    order = an_order(market="CN", limit_price="1.06")  # 0.95 + 10 % = 1.045, 0.95 - 10 % = 0.855

    assert denied(Setup(order, a_sight("CN", "0.95")))["price_limit"].limit == (D("0.86"), D("1.05"))


def test_daily_limit_when_two_beginnings_fit_takes_the_longer() -> None:
    rules = OWN_RULES["CN"].model_copy(update={"price_limit_pct_of": {"60": D(5), "600": D(20)}})
    setup = Setup(an_order(market="CN", limit_price="12"), a_sight("CN", "10"), rules=rules)

    assert setup.judged().passes


def test_limit_price_when_the_close_before_is_not_known_is_denied() -> None:
    sight = a_sight("CN", "10", previous_close=None)

    found = denied(Setup(an_order(market="CN", limit_price="10"), sight))

    assert found["price_limit"].limit == "10 % from the close before"


def test_market_order_when_there_is_a_daily_limit_passes() -> None:
    assert Setup(an_order(market="CN"), a_sight("CN", "10", previous_close=None)).judged().passes


@pytest.mark.parametrize(("quantity", "passes"), [("200", True), ("300", False)])
def test_sale_when_bought_today_in_china_waits_for_the_next_session(quantity: str, passes: bool) -> None:
    # 1000 held, 400 of them bought today, 400 open to be sold: 200 left
    sight = a_sight(
        "CN", "10", "1000", sellable=D(600), open_orders=[resting("sell", "400", "11", market="CN")]
    )
    setup = Setup(an_order("sell", quantity, market="CN"), sight, limits(allow_short=False))

    assert setup.judged().passes is passes
    assert set(denied(setup)) == (set() if passes else {"settlement"})


def test_sale_when_bought_today_in_the_us_passes() -> None:
    setup = Setup(an_order("sell"), a_sight(position="100", sellable=D(0)), limits(allow_short=False))

    assert setup.judged().passes


def test_purchase_when_nothing_has_settled_passes() -> None:
    setup = Setup(an_order("buy", market="CN"), a_sight("CN", "10", "100", sellable=D(0)))

    assert setup.judged().passes


@pytest.mark.parametrize(
    ("terms", "passes"),
    [
        ({}, False),
        ({"time_in_force": "GTC"}, False),
        ({"limit_price": "100"}, True),
        ({"stop_price": "101"}, True),
        ({"limit_price": "102", "stop_price": "101", "time_in_force": "GTC"}, True),
        ({"limit_price": "100", "time_in_force": "FOK"}, False),
        ({"stop_price": "101", "time_in_force": "IOC"}, False),
    ],
)
def test_order_when_the_market_is_closed_must_be_able_to_wait(terms: dict[str, str], passes: bool) -> None:
    setup = Setup(an_order(**terms), a_sight(is_open=False))

    assert ("market_open" not in denied(setup)) is passes


def test_minimum_when_limit_price_is_lower_counts_that_price() -> None:
    order = an_order("buy", "0.05", market="CRYPTO", limit_price="99.99")

    found = denied(Setup(order, a_sight("CRYPTO", "200")))["min_notional"]

    assert found.value == D("4.9995")
    assert found.message == "quantity: worth 4.9995 USDT; allowed: at least 5 USDT"
