"""How much the paper venue fills: shares of volume by session, and orders that do not wait.

IBM: 2012-10-12 (a Friday) closed at 207.80 with 2,712,000 shares, of which a tenth is 271,200. The 15th
opened at 208.88 (3,060,900 shares, high 209.40, low 207.82, close 208.93), the 16th at 209.94 (5,632,100
shares, low 209.474).
"""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from tacore.model import Bar, Quote
from tacore.model.orders import Report
from tacore.ports.venue import Change, Cleared, Moment
from tests.support.gate_cases import D, a_quote, an_order
from tests.support.paper import Replay, a_venue, after, trades, when

ALL = "1000000"


def test_market_order_when_larger_than_its_share_fills_over_several_sessions() -> None:
    replay = Replay("IBM")

    first = replay.place("2012-10-12", "buy", ALL)
    assert str(first.fills[0].quantity) == "271200"
    second, third = replay.go("2012-10-15"), replay.go("2012-10-16")

    # 207.80, 208.88 and 209.94, each times 1.0001: 207.82078, 208.900888, 209.960994
    assert trades(first, second, third) == [
        (D(271_200), D("207.83")),
        (D(306_090), D("208.91")),
        (D(422_710), D("209.97")),
    ]
    fills = [each for report in (first, second, third) if report for each in report.fills]
    assert [each.fee for each in fills] == [D("1356.00"), D("1530.45"), D("2113.55")]  # 0.005 a share
    assert [each.trade_id for each in fills] == ["o-7-0", "o-7-271200", "o-7-577290"]
    assert first.status == "partially_filled"
    assert replay.order.status == "filled"
    assert replay.go("2012-10-17") is None


def test_orders_when_nobody_looked_for_days_fill_session_by_session_all_the_same() -> None:
    step_by_step, at_once = Replay("IBM"), Replay("IBM")
    for each in (step_by_step, at_once):
        each.place("2012-10-12", "buy", ALL)

    seen = [step_by_step.go(day) for day in ("2012-10-15", "2012-10-16")]

    assert trades(*seen) == trades(at_once.go("2012-10-16"))


def test_order_when_its_share_of_a_session_is_taken_gets_no_more_of_it() -> None:
    replay = Replay("IBM")
    replay.place("2012-10-12", "sell", ALL)
    assert replay.go("2012-10-12") is None

    assert trades(replay.go("2012-10-15")) == [(D(306_090), D("208.85"))]  # 208.859112
    assert replay.go("2012-10-15") is None


def test_limit_order_when_it_rests_fills_its_share_of_each_session_that_reaches_it() -> None:
    replay = Replay("IBM")
    replay.place("2012-10-12", "buy", ALL, limit_price="207.60")
    # 15th low 207.82 and 16th low 209.474: not; 17th opens at 201.21, a tenth of 12,673,900 is more than all
    assert trades(replay.go("2012-10-16")) == []
    assert trades(replay.go("2012-10-17")) == [(D(ALL), D("201.21"))]

    replay.place("2012-10-12", "sell", "500000", limit_price="209")
    # 15th high 209.40; 16th opens at 209.94
    assert trades(replay.go("2012-10-16")) == [(D(306_090), D(209)), (D(193_910), D("209.94"))]


def test_share_when_less_than_a_lot_fills_nothing_and_says_so() -> None:
    replay = Replay("IBM", volume_share="0.0000003")  # 0.8136 of a share on the 12th, 1.68963 on the 16th

    report = replay.place("2012-10-12", "buy", "2")

    assert (report.status, report.fills) == ("accepted", ())
    assert report.reason == ("it may take 0.00003 % of the session's volume 2712000: 0 of 2, in lots of 1")
    assert trades(replay.go("2012-10-16")) == [(D(1), D("209.97"))]


@pytest.mark.parametrize(
    ("time_in_force", "quantity", "status", "filled", "reason"),
    [
        ("IOC", "271200", "filled", 271_200, ""),
        (
            "IOC",
            "271201",
            "cancelled",
            271_200,
            "IOC: only a part could be filled",
        ),
        ("FOK", "271200", "filled", 271_200, ""),
        (
            "FOK",
            "271201",
            "cancelled",
            0,
            "FOK: it may take 10 % of the session's volume 2712000: 271200 of 271201, in lots of 1",
        ),
    ],
)
def test_order_when_it_may_not_wait_ends_at_once(
    time_in_force: str, quantity: str, status: str, filled: int, reason: str
) -> None:
    report = Replay("IBM").place("2012-10-12", "buy", quantity, time_in_force=time_in_force)

    assert (report.status, report.reason) == (status, reason)
    assert sum(each.quantity for each in report.fills) == filled


@pytest.mark.parametrize("time_in_force", ["IOC", "FOK"])
@pytest.mark.parametrize(
    ("at", "terms", "reason"),
    [
        ("2012-10-12", {"limit_price": "207.79"}, "the limit 207.79 is not reached"),
        ("2012-10-12", {"stop_price": "208"}, "the stop 208 is not reached"),
        ("2012-10-13T15:00:00Z", {}, "the market is closed"),
        ("2012-10-15T15:00:00Z", {}, "there is no price of the session 2012-10-15 yet"),
    ],
)
def test_order_when_it_may_not_wait_and_meets_nothing_is_cancelled(
    time_in_force: str, at: str, terms: dict[str, Any], reason: str
) -> None:
    report = Replay("IBM").place(at, "buy", "10", time_in_force=time_in_force, **terms)

    assert (report.status, report.fills, report.reason) == ("cancelled", (), f"{time_in_force}: {reason}")


def look(at: str, price: str, volume: int, matched: str = "", quoted: str = "") -> Moment:
    """Make a moment of an open market whose quote moves within the session."""
    now: datetime = when(at)
    quote: Quote = msgspec.structs.replace(a_quote(price), volume=D(volume), as_of=now)
    return Moment(
        now=now,
        at_us=0,
        is_open=True,
        session=at[:10],
        order_session="2024-03-04",
        matched_session=matched,
        quote_session=quoted or at[:10],
        quote=quote,
    )


def test_order_when_a_session_goes_on_takes_its_share_of_the_volume_so_far_and_no_more() -> None:
    venue, day = a_venue(slippage_bps=0), "2024-03-04"
    order = an_order("buy", "100", order_id="o-1", time_in_force="GTC", market_time=when(f"{day}T15:00:00Z"))
    taken: list[tuple[D, D]] = []

    def book(report: Report | None) -> None:
        nonlocal order
        order = after(order, report)
        taken.extend(trades(report))

    book(venue.submit(Cleared(order), look(f"{day}T15:00:00Z", "100", 305)))
    book(venue.follow(order, look(f"{day}T15:00:01Z", "101", 309, day)))
    book(venue.follow(order, look(f"{day}T15:10:00Z", "102", 420, day)))
    assert taken == [(D(30), D(100)), (D(12), D(102))]

    # Once it took some of a later session, all that it has counts as of that one: too much, never too little.
    book(venue.follow(order, look("2024-03-05T15:00:00Z", "103", 100, day)))
    book(venue.follow(order, look("2024-03-05T16:00:00Z", "104", 529, "2024-03-05")))
    book(venue.follow(order, look("2024-03-05T17:00:00Z", "105", 530, "2024-03-05")))
    assert taken[2:] == [(D(10), D(103)), (D(1), D(105))]


def test_order_when_the_quote_is_of_the_session_before_waits_for_a_new_one() -> None:
    venue = a_venue()
    order = an_order("buy", "10", status="accepted", limit_price="100", time_in_force="GTC")
    at = "2024-03-05T14:30:01Z"

    assert venue.follow(order, look(at, "90", 10_000, quoted="2024-03-04")) is None
    assert trades(venue.follow(order, look(at, "90", 10_000))) == [(D(10), D("90.01"))]


def test_stop_order_when_reached_within_a_session_meets_no_price_of_before() -> None:
    replay = Replay()
    at = "2013-02-26T18:00:00Z"
    replay.place("2013-02-25", "buy", "10", stop_price="450", limit_price="440")
    reached = look(at, "451", 1, "2013-02-25")
    reached = msgspec.structs.replace(reached, session="2013-02-26", order_session="2013-02-25")
    replay.order = after(replay.order, replay.venue.follow(replay.order, reached))
    assert (replay.order.triggered, replay.order.matched_until) == (True, when(at))

    # The 26th had its low of 437.66 at an hour that is not known; it closed at 448.97. 27th: low 440.65.
    assert trades(replay.go("2013-02-26"), replay.go("2013-02-27")) == []
    assert trades(replay.go("2013-03-01")) == [(D(10), D("438.0"))]  # opened there on the 1st


def test_calls_when_repeated_tell_the_same() -> None:
    replay = Replay("IBM")
    report = replay.place("2012-10-12", "buy", ALL)
    order, moment = replay.order, replay.moment("2012-10-16")

    assert replay.venue.follow(order, moment) == a_venue().follow(order, moment)
    replay.order = before = msgspec.structs.replace(
        order, status="submitting", filled_quantity=D(0), matched_until=None
    )
    assert a_venue().submit(Cleared(before), replay.moment("2012-10-12")) == report


def test_moment_when_it_lacks_a_session_is_refused() -> None:
    order = an_order("buy", "10", order_id="o-1")
    moment = look("2024-03-04T15:00:00Z", "100", 1000)

    for name in ("session", "order_session", "quote_session"):
        with pytest.raises(ValueError, match=f"moment: .*{name} ''"):
            a_venue().submit(Cleared(order), msgspec.structs.replace(moment, **{name: ""}))


@pytest.mark.parametrize(
    ("market", "symbol", "side", "quantity", "volume", "filled"),
    [
        ("HK", "0005", "buy", "2000", 9_999, 800),  # a tenth is 999.9, and its board lot is 400
        ("HK", "0700", "buy", "2000", 9_999, 900),
        ("CN", "600519", "sell", "150", 2_000, 150),  # an odd part is sold with all of it
        ("CN", "600519", "sell", "150", 1_999, 100),
        ("CN", "600519", "sell", "150", 999, 0),
        ("CN", "600519", "sell", "50", 1_000, 50),
        ("CRYPTO", "BTC/USDT", "buy", "2", D("1.234567"), D("0.12345")),
    ],
)
def test_share_when_the_market_has_lots_is_rounded_down_to_them(
    market: str, symbol: str, side: str, quantity: str, volume: D, filled: D
) -> None:
    order = an_order(side, quantity, market=market, symbol=symbol, order_id="o-1")
    moment = look("2024-03-04T03:00:00Z", "100", 0)
    assert moment.quote is not None
    quote = msgspec.structs.replace(moment.quote, volume=D(volume))

    report = a_venue().submit(Cleared(order), msgspec.structs.replace(moment, quote=quote))

    assert sum(each.quantity for each in report.fills) == filled


def a_bar(opened: str, high: str, low: str, close: str) -> Bar:
    """Make the bar of a Monday in Shanghai."""
    return Bar(
        time=when("2024-03-04T07:00:00Z"),
        session="2024-03-04",
        open=D(opened),
        high=D(high),
        low=D(low),
        close=D(close),
        volume=D(100_000),
        adjusted_close=D(close),
    )


def test_order_when_placed_in_a_break_meets_no_price_of_the_morning() -> None:
    venue = a_venue()
    order = an_order("buy", "100", market="CN", order_id="o-1", limit_price="95")
    lunch = msgspec.structs.replace(look("2024-03-04T04:30:00Z", "100", 1000), is_open=False)
    report = venue.submit(Cleared(order), lunch)
    assert (report.status, report.matched_until) == ("accepted", when("2024-03-04T04:30:00Z"))

    night = msgspec.structs.replace(
        lunch, now=when("2024-03-04T07:00:01Z"), session="2024-03-05", matched_session="2024-03-04"
    )
    seen = [
        venue.follow(after(order, report), msgspec.structs.replace(night, bars=[bar]))
        for bar in (a_bar("94", "101", "94", "96"), a_bar("94", "101", "94", "94"))
    ]
    assert [each and each.status for each in seen] == ["expired", "filled"]


def test_modify_when_a_bar_is_newer_than_the_quote_leaves_that_bar_behind() -> None:
    order = an_order("buy", "100", market="CN", order_id="o-1", limit_price="95", status="accepted")
    moment = look("2024-03-04T06:59:57Z", "96", 1000)
    night = msgspec.structs.replace(
        moment,
        now=when("2024-03-04T09:00:00Z"),
        is_open=False,
        session="2024-03-05",
        bars=[a_bar("96", "97", "95.5", "96")],
    )

    report = a_venue().modify(order, Change(quantity=D(100), limit_price=D(97)), night)

    assert report.matched_until == when("2024-03-04T07:00:00Z")


def test_bar_when_it_has_no_price_fills_nothing() -> None:
    order = an_order("buy", "100", market="CN", order_id="o-1", status="accepted", time_in_force="GTC")
    moment = look("2024-03-04T07:00:00Z", "96", 1000)
    moment = msgspec.structs.replace(moment, is_open=False, bars=[a_bar("0", "97", "0", "96")])

    report = a_venue().follow(order, moment)

    assert report is not None
    assert (report.status, report.fills, report.matched_until) == ("accepted", (), moment.now)
    assert report.reason == "the bar of 2024-03-04 has no price"
