"""What counts in notional, position, exposure and cash. All figures are worked out by hand."""

from decimal import Decimal as D
from typing import Any

import pytest

from tests.support.gate_cases import Setup, a_sight, an_order, denied, held, limits, resting


def _exposure(order: Any, sight: Any, change_of: Any = None, name: str = "max_gross_exposure") -> D:
    """Read the sum out of a denial by a limit that nothing meets."""
    found = denied(Setup(order, sight, limits(**{name: D("0.000001")}), change_of=change_of))
    value = found[name].value
    assert isinstance(value, D)
    return value


@pytest.mark.parametrize("status", ["reserved", "submitting", "accepted", "partially_filled", "unknown"])
def test_exposure_when_an_order_is_open_counts_what_is_left_of_it(status: str) -> None:
    other = resting("buy", "50", "40", symbol="IBM", status=status, filled_quantity="20")

    assert _exposure(an_order("buy", "10"), a_sight(open_orders=[other])) == 2200  # 30 x 40 + 10 x 100


def test_exposure_when_long_and_short_adds_both() -> None:
    sight = a_sight(
        positions=[held("20", symbol="IBM"), held("-30", symbol="MSFT")],
        prices={("US", "IBM"): D(200), ("US", "MSFT"): D(50)},
    )

    assert _exposure(an_order("buy", "10"), sight) == 6500  # 4000 + 1500 + 1000


def test_exposure_when_orders_stand_on_both_sides_counts_the_larger_one() -> None:
    others = [resting("buy", "30", "90"), resting("sell", "50", "110")]

    # buys: 30 x 90 + 10 x 100 = 3700; sales: 50 x 110 = 5500
    assert _exposure(an_order("buy", "10"), a_sight(open_orders=others)) == 5500


def test_exposure_when_an_exit_waits_counts_only_the_position() -> None:
    sight = a_sight(position="100", open_orders=[resting("sell", "100", "120")])

    assert _exposure(an_order("buy", "1"), sight) == 10_100


def test_exposure_when_an_order_goes_beyond_a_short_counts_only_what_is_beyond() -> None:
    sight = a_sight(position="-100")

    # 100 short are 10000; the 150 that are bought leave 50 long, 5000
    assert _exposure(an_order("buy", "150"), sight) == 10_000
    assert _exposure(an_order("buy", "150"), sight, name="max_position_notional") == 5_000


def test_exposure_when_currencies_differ_converts_each() -> None:
    sight = a_sight(
        "CN",
        "10",
        "1000",
        positions=[held("1000", "CN"), held("2", "CRYPTO")],
        prices={("CN", "600519"): D(10), ("CRYPTO", "BTC/USDT"): D(500)},
        open_orders=[resting("buy", "200", "300", market="HK")],
    )

    # 1100 x 10 x 0.16 + 2 x 500 + 200 x 300 x 0.125
    assert _exposure(an_order("buy", "100", market="CN"), sight) == 10_260


@pytest.mark.parametrize(("name", "value"), [("max_order_notional", 400), ("max_position_notional", 1200)])
def test_limit_when_order_is_in_another_currency_is_held_in_the_base_currency(name: str, value: int) -> None:
    order = an_order("buy", "100", market="HK")
    sight = a_sight("HK", "32", "200")  # 100 x 32 x 0.125 = 400, 300 x 32 x 0.125 = 1200

    assert Setup(order, sight, limits(**{name: value})).judged().passes
    assert denied(Setup(order, sight, limits(**{name: D(value) - D("0.01")})))[name].value == value


@pytest.mark.parametrize("name", ["max_order_notional", "max_position_notional", "max_gross_exposure"])
def test_limit_when_there_is_no_rate_is_denied(name: str) -> None:
    setup = Setup(
        an_order("buy", "100", market="HK"), a_sight("HK", "32", rates={"USD": D(1)}), limits(**{name: 10**9})
    )

    assert denied(setup)[name].message == "currency: there is no rate of HKD to the base currency"
    assert denied(setup)[name].value == "HKD"


def test_exposure_when_a_held_position_has_no_price_names_it() -> None:
    sight = a_sight(positions=[held("1", symbol="IBM"), held("0", symbol="MSFT")])

    found = denied(Setup(an_order("buy", "1"), sight, limits(max_gross_exposure=10**9)))

    assert found["max_gross_exposure"].message == "price: none is known of IBM, which is held"
    assert found["max_gross_exposure"].value == "IBM"


def test_exposure_when_a_held_currency_has_no_rate_names_it() -> None:
    sight = a_sight(
        positions=[held("100", "HK")],
        prices={("HK", "0700"): D(300)},
        rates={"USD": D(1)},
    )

    found = denied(Setup(an_order("buy", "1"), sight, limits(max_gross_exposure=10**9)))

    assert found["max_gross_exposure"].value == "HKD"


def test_position_when_its_own_last_price_is_missing_uses_the_quote() -> None:
    sight = a_sight(position="5", prices={})

    assert _exposure(an_order("buy", "1"), sight, name="max_position_notional") == 600


def test_position_when_orders_stand_on_the_other_side_counts_only_this_side() -> None:
    sight = a_sight(position="5", open_orders=[resting("sell", "50", "110")])

    assert _exposure(an_order("buy", "1"), sight, name="max_position_notional") == 600


def test_position_when_not_among_the_accounts_positions_counts_all_the_same() -> None:
    sight = a_sight(position="5", positions=[])

    assert _exposure(an_order("buy", "1"), sight) == 600


def test_position_when_short_counts_open_sales_at_the_higher_of_limit_and_last_price() -> None:
    sight = a_sight(position="-50", open_orders=[resting("sell", "20", "120")])

    # 50 x 100 + 20 x 120 + 10 x 100: a sale with a limit of 90 fills at 100
    assert _exposure(an_order("sell", "10", limit_price="90"), sight, name="max_position_notional") == 8_400


@pytest.mark.parametrize(
    ("side", "terms", "price"),
    [
        ("buy", {}, "100"),
        ("buy", {"limit_price": "105"}, "105"),
        ("buy", {"limit_price": "95"}, "95"),
        ("buy", {"stop_price": "110"}, "110"),
        ("buy", {"stop_price": "90"}, "100"),
        ("buy", {"stop_price": "110", "limit_price": "112"}, "112"),
        ("sell", {}, "100"),
        ("sell", {"limit_price": "105"}, "105"),
        ("sell", {"limit_price": "95"}, "100"),
        ("sell", {"stop_price": "90"}, "100"),
        ("sell", {"stop_price": "90", "limit_price": "89"}, "100"),
    ],
)
def test_reserve_price_when_judged_is_the_most_that_a_unit_may_come_to(
    side: str, terms: dict[str, str], price: str
) -> None:
    judgement = Setup(an_order(side, "10", **terms), a_sight()).judged()

    assert judgement.passes
    assert judgement.reserve_price == D(price)
    assert judgement.notional == 10 * D(price)


def test_cash_when_of_another_currency_does_not_pay() -> None:
    setup = Setup(an_order("buy", "1", market="CRYPTO"), a_sight("CRYPTO", "100", cash={"USD": D(10**6)}))

    assert (denied(setup)["buying_power"].limit, denied(setup)["buying_power"].value) == (0, 100)


def test_cash_when_the_venue_keeps_it_is_for_the_venue_to_judge() -> None:
    assert Setup(an_order("buy", "1"), a_sight(cash={}, cash_known=False)).judged().passes


def test_cash_when_other_orders_wait_keeps_what_open_buys_of_the_currency_need() -> None:
    others = [
        resting("buy", "10", "50", filled_quantity="4"),  # 6 x 50
        resting("sell", "10", "500"),  # brings nothing before it fills
        resting("buy", "100", "400", market="HK"),  # another currency
    ]
    sight = a_sight(cash={"USD": D(1_300)}, open_orders=others)

    assert Setup(an_order("buy", "10"), sight).judged().passes
    assert denied(Setup(an_order("buy", "11"), sight))["buying_power"].limit == 1_000


def test_cash_when_fees_have_taken_it_below_zero_buys_nothing() -> None:
    found = denied(Setup(an_order("buy", "1"), a_sight(cash={"USD": D(-3)})))

    assert found["buying_power"].limit == -3


def test_sale_when_there_is_no_cash_passes() -> None:
    assert Setup(an_order("sell", "1"), a_sight(position="1", cash={})).judged().passes


def test_change_when_judged_takes_the_place_of_the_old_order_in_all_sums() -> None:
    before = resting("buy", "100", "100", filled_quantity="40", status="partially_filled")
    wanted = resting("buy", "140", "90", filled_quantity="40", status="partially_filled")
    sight = a_sight(position="40", cash={"USD": D(9_000)}, open_orders=[before])

    # 40 x 100 held, 100 x 90 to come; cash of 9000 pays for exactly that
    assert _exposure(wanted, sight, before) == 13_000
    assert _exposure(wanted, sight, before, "max_position_notional") == 13_000
    assert _exposure(wanted, sight, before, "max_order_notional") == 12_600
    assert Setup(wanted, sight, change_of=before).judged().passes
    assert "buying_power" in denied(Setup(wanted, sight))


def test_change_when_of_a_sale_frees_what_the_old_order_held() -> None:
    before, wanted = resting("sell", "100", "120"), resting("sell", "100", "110")
    sight = a_sight(position="100", open_orders=[before])
    setup = Setup(wanted, sight, limits(allow_short=False), change_of=before)

    assert setup.judged().passes
    assert "short_sale" in denied(setup.but(change_of=None))


def test_change_when_below_what_is_filled_is_denied() -> None:
    before = resting("buy", "100", "100", filled_quantity="40")
    wanted = resting("buy", "40", "100", filled_quantity="40")

    found = denied(Setup(wanted, a_sight(position="40", open_orders=[before]), change_of=before))

    assert found["lot"].message == "quantity: 40 leaves nothing to trade; allowed: more than 40"


def test_sums_when_figures_are_long_are_exact() -> None:
    price = D("67000.12345678901234567890123456789")
    order = an_order("buy", "123456789012345.00001", market="CRYPTO", limit_price=str(price))

    judgement = Setup(order, a_sight("CRYPTO", "67000")).judged()

    # worked out with integers: 12345678901234500001 x 6700012345678901234567890123456789, 34 places
    whole = 12345678901234500001 * 6700012345678901234567890123456789
    assert judgement.notional == D(f"{whole}E-34")
