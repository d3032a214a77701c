"""Hand-computed figures: what fills make of orders, positions and cash."""

import logging
from decimal import Decimal

import pytest

from tacore.clock import ManualClock
from tacore.errors import Internal
from tacore.execution.ledger import IllegalTransition, Ledger
from tacore.model.orders import Position
from tacore.ports.orders import Which
from tests.support.ledgers import MARKET_TIME, TO_STATUS, book, draft, trade, working


def position(ledger: Ledger, symbol: str = "AAPL", market: str = "US") -> Position:
    found = ledger.position("paper", market, symbol)
    assert found is not None
    return found


def figures(held: Position) -> tuple[str, str, str, str]:
    return str(held.quantity), str(held.average_price), str(held.realised_pnl), str(held.fees)


def open_with(ledger: Ledger, **cash: str) -> None:
    with ledger.group() as group:
        group.open_account("paper", {name: Decimal(amount) for name, amount in cash.items()})


def test_buy_when_filled_in_two_parts_has_the_average_of_both(ledger: Ledger) -> None:
    # 4 * 100.10 + 6 * 100.35 = 400.40 + 602.10 = 1002.50, a tenth of it is 100.25; fees 0.35 + 0.65 = 1.00
    open_with(ledger, USD="10000")
    order = working(ledger, "a", "buy", "10")
    first = book(ledger, order, trade("1", "4", "100.10", "0.35"))
    assert (first.status, first.filled_quantity, first.average_price) == (
        "partially_filled",
        Decimal(4),
        Decimal("100.1"),
    )
    both = book(ledger, first, trade("2", "6", "100.35", "0.65"))
    assert (both.status, both.filled_quantity, both.average_price, both.fees) == (
        "filled",
        Decimal(10),
        Decimal("100.25"),
        Decimal(1),
    )
    assert figures(position(ledger)) == ("10", "100.25", "0", "1")
    assert ledger.cash("paper") == {"USD": Decimal("8996.5")}  # 10000 - 1002.50 - 1.00
    assert ledger.order(Which(order_id=order.order_id)) == both
    assert ledger.check() == []


def test_sale_when_some_is_held_realises_price_less_average(ledger: Ledger) -> None:
    # held 10 at 100.25; 4 sold at 110 realise 4 * 9.75 = 39; 6 left cost 601.50
    open_with(ledger, USD="10000")
    book(ledger, working(ledger, "a"), trade("1", "4", "100.10"), trade("2", "6", "100.35"))
    book(ledger, working(ledger, "b", "sell", "4"), trade("3", "4", "110", "0.5"))
    assert figures(position(ledger)) == ("6", "100.25", "39", "0.5")
    assert ledger.cash("paper") == {"USD": Decimal("9437")}  # 10000 - 1002.50 + 440 - 0.5
    assert ledger.check() == []


def test_position_when_sold_out_keeps_its_history(ledger: Ledger) -> None:
    open_with(ledger, USD="1000")
    book(ledger, working(ledger, "a", "buy", "2"), trade("1", "2", "50"))
    book(ledger, working(ledger, "b", "sell", "2"), trade("2", "2", "45"))
    assert [figures(each) for each in ledger.positions("paper")] == [("0", "0", "-10", "0")]
    assert ledger.cash("paper") == {"USD": Decimal(990)}


def test_sale_when_it_flips_through_zero_starts_a_new_average(ledger: Ledger) -> None:
    # 5 bought at 20; 8 sold at 26: 5 realise 30, 3 are short at 26; 3 bought back at 25 realise 3 more
    open_with(ledger, USD="0")
    book(ledger, working(ledger, "a", "buy", "5"), trade("1", "5", "20"))
    book(ledger, working(ledger, "b", "sell", "8"), trade("2", "8", "26"))
    assert figures(position(ledger)) == ("-3", "26", "30", "0")
    book(ledger, working(ledger, "c", "sell", "1"), trade("3", "1", "30"))
    assert figures(position(ledger)) == ("-4", "27", "30", "0")  # 78 + 30 over 4
    book(ledger, working(ledger, "d", "buy", "4"), trade("4", "4", "25"))
    assert figures(position(ledger)) == ("0", "0", "38", "0")
    assert ledger.cash("paper") == {"USD": Decimal(38)}
    assert ledger.check() == []


def test_buy_when_short_flips_to_a_new_average(ledger: Ledger) -> None:
    # 2 short at 10; 5 bought at 7: 2 realise 6, 3 are long at 7
    book(ledger, working(ledger, "a", "sell", "2"), trade("1", "2", "10"))
    book(ledger, working(ledger, "b", "buy", "5"), trade("2", "5", "7"))
    assert figures(position(ledger)) == ("3", "7", "6", "0")


def test_average_when_it_does_not_divide_loses_no_money(ledger: Ledger) -> None:
    # 3 for 10 in all: a third is 3.333..., yet selling all three at 3 in thirds loses exactly 1
    book(ledger, working(ledger, "a", "buy", "3"), trade("1", "1", "4"), trade("2", "2", "3"))
    assert position(ledger).average_price == Decimal("3.333333333333")
    sale = working(ledger, "b", "sell", "3")
    book(ledger, sale, trade("3", "1", "3"))
    assert position(ledger).realised_pnl == Decimal("-0.333333333333333333")
    book(ledger, sale, trade("4", "1", "3"), trade("5", "1", "3"))
    assert figures(position(ledger)) == ("0", "0", "-1", "0")
    assert ledger.cash("paper") == {"USD": Decimal(-1)}
    assert ledger.check() == []


def test_amounts_when_they_have_many_digits_stay_exact(ledger: Ledger) -> None:
    # 123456789.123456789123456789 * 98765.43210987654321, by hand with integers
    more = {"market": "CRYPTO", "symbol": "SHIB/USDT", "currency": "USDT"}
    quantity, price = 123456789123456789123456789, 9876543210987654321
    order = working(ledger, "a", "buy", "123456789.123456789123456789", **more)
    book(ledger, order, trade("1", "123456789.123456789123456789", "98765.43210987654321"))
    spent = ledger.cash("paper")["USDT"]
    sign, digits, exponent = spent.as_tuple()
    assert isinstance(exponent, int)
    cost = int("".join(map(str, digits))) * 10 ** (32 + exponent)
    assert (sign, cost) == (1, quantity * price)
    assert ledger.check() == []


def test_fee_when_in_another_currency_is_taken_from_that_cash(ledger: Ledger) -> None:
    open_with(ledger, USDT="50000", BNB="1")
    more = {"market": "CRYPTO", "symbol": "BTC/USDT", "currency": "USDT"}
    order = book(
        ledger, working(ledger, "a", "buy", "0.5", **more), trade("1", "0.5", "40000", "0.015", "BNB")
    )
    assert ledger.cash("paper") == {"BNB": Decimal("0.985"), "USDT": Decimal(30000)}
    assert order.fees == 0
    assert figures(position(ledger, "BTC/USDT", "CRYPTO")) == ("0.5", "40000", "0", "0")
    [fill] = ledger.fills("paper")
    assert (fill.fee, fill.fee_currency) == (Decimal("0.015"), "BNB")
    assert ledger.check() == []


def test_rebate_when_the_fee_is_negative_adds_to_cash(ledger: Ledger) -> None:
    open_with(ledger, USD="100")
    order = book(ledger, working(ledger, "a", "buy", "1"), trade("1", "1", "10", "-0.25"))
    assert (ledger.cash("paper"), order.fees) == ({"USD": Decimal("90.25")}, Decimal("-0.25"))


def test_positions_when_asked_as_of_are_those_of_that_time(ledger: Ledger, clock: ManualClock) -> None:
    before = clock.wall_us()
    clock.advance(1)
    open_with(ledger, USD="1000", HKD="7")
    clock.advance(10)
    book(ledger, working(ledger, "a", "buy", "4"), trade("1", "4", "50", "1"))
    bought = clock.wall_us()
    clock.advance(10)
    book(ledger, working(ledger, "b", "sell", "1"), trade("2", "1", "60", "2"))
    [then] = ledger.positions("paper", as_of_us=bought)
    assert figures(then) == ("4", "50", "0", "1")
    assert ledger.cash("paper", as_of_us=bought) == {"HKD": Decimal(7), "USD": Decimal(799)}
    assert ledger.positions("paper", as_of_us=bought - 1) == []
    assert ledger.cash("paper", as_of_us=bought - 1) == {"HKD": Decimal(7), "USD": Decimal(1000)}
    assert ledger.cash("paper", as_of_us=before) == {}
    now = clock.wall_us()
    assert ledger.positions("paper", as_of_us=now) == ledger.positions("paper")
    assert ledger.cash("paper", as_of_us=now) == ledger.cash("paper")
    assert figures(position(ledger)) == ("3", "50", "10", "3")


def test_fill_when_its_trade_id_is_known_changes_nothing(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    order = working(ledger, "a", "buy", "10")
    once = book(ledger, order, trade("1", "4", "100"))
    assert book(ledger, once, trade("1", "4", "100"), trade("1", "4", "100")) == once
    assert ledger.cash("paper") == {"USD": Decimal(-400)}
    assert len(ledger.story(Which(order_id=order.order_id)).events) == 4
    assert caplog.records == []


def test_fill_when_its_trade_id_is_another_trades_is_logged(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    book(ledger, working(ledger, "a"), trade("1", "4", "100"))
    other = working(ledger, "b")
    assert book(ledger, other, trade("1", "4", "100")) == other
    assert [(each.levelno, each.message) for each in caplog.records] == [
        (logging.ERROR, "trade_id_used_twice")
    ]


def test_fill_when_more_than_is_left_is_booked_and_said(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    order = book(ledger, working(ledger, "a", "buy", "10"), trade("1", "8", "100"), trade("2", "5", "100"))
    assert (order.status, order.filled_quantity, order.left) == ("filled", Decimal(13), Decimal(-3))
    again = book(ledger, order, trade("3", "1", "100"))
    assert (again.status, again.filled_quantity) == ("filled", Decimal(14))
    assert ledger.cash("paper") == {"USD": Decimal(-1400)}
    events = ledger.story(Which(order_id=order.order_id)).events
    assert [each.what for each in events[3:]] == ["fill", "fill", "overfill", "fill", "overfill"]
    assert events[5].details == {"trade_id": "2", "excess": 3}
    assert [each.message for each in caplog.records] == ["overfill", "overfill"]
    assert ledger.check() == []


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_fill_when_late_is_booked_and_completes_the_order_only_if_it_does(
    ledger: Ledger, status: str
) -> None:
    with ledger.group() as group:
        order = TO_STATUS[status](group, group.reserve(draft("a", "buy", "10")))
    part = book(ledger, order, trade("1", "4", "10"))
    assert (part.status, part.filled_quantity) == (status, Decimal(4))
    whole = book(ledger, part, trade("2", "6", "10"))
    assert (whole.status, whole.filled_quantity) == ("filled", Decimal(10))
    events = ledger.story(Which(order_id=order.order_id)).events
    assert [(each.before, each.after) for each in events[-2:]] == [(status, status), (status, "filled")]
    assert ledger.check() == []


def test_fill_when_the_order_was_rejected_is_booked_all_the_same(ledger: Ledger) -> None:
    with ledger.group() as group:
        order = TO_STATUS["rejected"](group, group.reserve(draft("a", "buy", "10")))
    after = book(ledger, order, trade("1", "10", "10"))
    assert (after.status, after.filled_quantity) == ("rejected", Decimal(10))
    assert ledger.cash("paper") == {"USD": Decimal(-100)}
    assert ledger.check() == []


def test_fill_when_the_order_is_being_sent_accepts_it_first(ledger: Ledger) -> None:
    with ledger.group() as group:
        order = group.advance(group.reserve(draft("a", "buy", "2")), "submitting", "submitting")
        order = group.book(order, trade("1", "2", "10"))
    assert order.status == "filled"
    events = ledger.story(Which(order_id=order.order_id)).events
    assert [each.after for each in events] == ["reserved", "submitting", "accepted", "filled"]


def test_fill_when_the_order_is_unknown_settles_it(ledger: Ledger) -> None:
    with ledger.group() as group:
        order = TO_STATUS["unknown"](group, group.reserve(draft("a", "buy", "2")))
    assert book(ledger, order, trade("1", "1", "10")).status == "partially_filled"


def test_fill_when_the_order_was_never_sent_is_refused(ledger: Ledger) -> None:
    with ledger.group() as group:
        reserved = group.reserve(draft("a"))
        denied = group.deny(draft("b"), [])
    for order in (reserved, denied):
        with pytest.raises(IllegalTransition, match=f"{order.order_id} can't go from {order.status}"):
            book(ledger, order, trade("1", "1", "10"))
    assert ledger.fills("paper") == []


@pytest.mark.parametrize(
    ("field", "fill"),
    [
        ("quantity -1; allowed: above 0", trade("1", "-1", "10")),
        ("quantity NaN; allowed: above 0", trade("1", "NaN", "10")),
        ("price -1; allowed: 0 or above", trade("1", "1", "-1")),
        ("price Infinity; allowed: 0 or above", trade("1", "1", "Infinity")),
        ("fee NaN; allowed: a number", trade("1", "1", "1", "NaN")),
        ("trade_id ; allowed: a name", trade("", "1", "1")),
    ],
)
def test_fill_when_it_makes_no_sense_is_refused(ledger: Ledger, field: str, fill: object) -> None:
    order = working(ledger, "a")
    with pytest.raises(Internal, match=field):
        book(ledger, order, fill)  # type: ignore[arg-type]
    assert ledger.fills("paper") == []


def test_fill_when_in_another_currency_than_the_position_is_refused(ledger: Ledger) -> None:
    book(ledger, working(ledger, "a"), trade("1", "1", "10"))
    other = working(ledger, "b", currency="EUR")
    with pytest.raises(Internal, match="is in USD: no fill in EUR"):
        book(ledger, other, trade("2", "1", "10"))
    assert len(ledger.fills("paper")) == 1


def test_opening_cash_when_booked_again_stays(ledger: Ledger) -> None:
    open_with(ledger, USD="100000", CNY="700000.50")
    open_with(ledger, USD="5", EUR="1")
    assert ledger.cash("paper") == {"CNY": Decimal("700000.5"), "USD": Decimal(100000)}
    assert ledger.check() == []


def test_bought_since_when_asked_counts_buys_from_that_market_time(ledger: Ledger) -> None:
    early, late = MARKET_TIME.replace(hour=1), MARKET_TIME.replace(hour=20)
    book(ledger, working(ledger, "a"), trade("1", "4", "10", at=early), trade("2", "3", "10", at=late))
    book(ledger, working(ledger, "b"), trade("3", "0.5", "10", at=MARKET_TIME))
    book(ledger, working(ledger, "c", "sell"), trade("4", "7", "10", at=late))
    assert ledger.bought_since("paper", "US", "AAPL", MARKET_TIME) == Decimal("3.5")
    assert ledger.bought_since("paper", "US", "AAPL", early) == Decimal("7.5")
    assert ledger.bought_since("paper", "US", "MSFT", early) == 0
