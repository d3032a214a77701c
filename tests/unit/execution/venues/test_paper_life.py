"""How paper orders end and change: expiry by the calendar, cancels, changes; on the real sample history."""

import pytest

from tacore.errors import Rejected
from tacore.ports.venue import Change
from tests.support.gate_cases import D, an_order
from tests.support.paper import Replay, a_venue, trades, when

# IBM 2012-10-26, a Friday: 191.49 193.87 191.47 193.27. Hurricane Sandy closed New York until the
# 31st, a Wednesday: 194.80 196.41 193.63 194.53. November 1: 194.96 197.89 194.55 197.15.
SATURDAY = "2012-10-27T12:00:00Z"


def test_day_order_when_its_session_is_over_expires_over_the_weekend() -> None:
    replay = Replay("IBM")
    replay.place("2012-10-26", "buy", "10", limit_price="193", time_in_force="DAY")
    assert replay.go("2012-10-26") is None

    report = replay.go(SATURDAY)

    assert report is not None
    assert (report.status, report.fills) == ("expired", ())
    assert report.reason == "DAY: its session 2012-10-26 is over"


def test_day_order_when_nobody_looked_until_the_next_session_never_trades_in_it() -> None:
    replay = Replay("IBM")
    replay.place("2012-10-26", "buy", "10", limit_price="194", stop_price="193.90", time_in_force="DAY")

    report = replay.go("2012-10-31")  # went from 193.63 to 196.41

    assert report is not None
    assert (report.status, report.fills, report.triggered) == ("expired", (), None)


@pytest.mark.parametrize(
    ("limit", "status", "price"),
    [
        ("193.63", "filled", "193.63"),  # the low of the next session, which is the 31st
        ("195", "filled", "194.80"),  # its open
        ("193.62", "expired", None),
    ],
)
def test_day_order_when_placed_on_a_closed_day_belongs_to_the_next_session(
    limit: str, status: str, price: str | None
) -> None:
    replay = Replay("IBM")
    placed = replay.place(SATURDAY, "buy", "10", limit_price=limit, time_in_force="DAY")
    assert (placed.status, placed.matched_until) == ("accepted", None)
    assert replay.go("2012-10-29T15:00:00Z") is None  # a Monday without trading

    report = replay.go("2012-11-01")

    assert report is not None
    assert report.status == status
    assert trades(report) == ([] if price is None else [(D(10), D(price))])


def test_day_order_when_partly_filled_expires_with_what_it_has() -> None:
    replay = Replay("IBM")
    replay.place("2012-10-12", "buy", "1000000", time_in_force="DAY")

    report = replay.go("2012-10-15")

    assert report is not None
    assert (report.status, report.fills) == ("expired", ())
    assert replay.order.filled_quantity == 271_200


@pytest.mark.parametrize(
    ("terms", "status", "price"),
    [
        # AAPL 2013-02-26: 443.82 451.54 437.66 448.97, placed at 10:00: only the close is surely later
        ({"limit_price": "449"}, "filled", "449"),  # 448.97 x 1.0001 = 449.014897, cut by the limit
        ({"limit_price": "450"}, "filled", "449.02"),
        ({"limit_price": "440"}, "expired", None),
        ({"stop_price": "448"}, "filled", "449.02"),
        ({"stop_price": "450"}, "expired", None),
        ({}, "filled", "449.02"),
    ],
)
def test_order_when_placed_within_a_session_meets_only_the_close_of_its_bar(
    terms: dict[str, str], status: str, price: str | None
) -> None:
    replay = Replay()
    at = "2013-02-26T15:00:00Z"
    placed = replay.place(at, "buy", "10", time_in_force="DAY", **terms)
    assert (placed.status, placed.matched_until) == ("accepted", when(at))

    report = replay.go("2013-02-26")

    assert report is not None
    assert report.status == status
    assert trades(report) == ([] if price is None else [(D(10), D(price))])


def test_gtc_order_when_not_reached_rests_for_years() -> None:
    replay = Replay("IBM")
    replay.place("2000-03-01", "buy", "10", limit_price="54.02")  # the low of all, on 2002-10-10, is 54.01

    report = replay.go("2013-03-01")

    assert report is not None
    assert trades(report) == [(D(10), D("54.02"))]
    assert report.fills[0].at == when("2002-10-10")

    replay.place("2000-03-01", "buy", "10", limit_price="54.00")
    seen = replay.go("2013-03-01")
    assert seen is not None
    assert (seen.status, seen.fills, seen.matched_until) == ("accepted", (), when("2013-03-01"))
    assert replay.go("2013-03-01") is None


def test_cancel_when_asked_for_ends_the_order() -> None:
    replay = Replay()
    replay.place("2013-02-22", "buy", "10", limit_price="440")

    report = replay.venue.cancel(replay.order, replay.moment("2013-02-22"))

    assert (report.status, report.fills, report.reason) == ("cancelled", (), "cancelled on request")


def test_modify_when_the_limit_becomes_as_good_as_the_price_lets_it_trade_at_the_next_look() -> None:
    replay = Replay()
    replay.place("2013-02-22", "buy", "10", limit_price="430")
    replay.go("2013-02-25")  # 442.80 at the close

    report = replay.change("2013-02-25", limit_price="443", quantity="12")

    assert (report.status, report.fills, report.matched_until) == ("accepted", (), when("2013-02-25"))
    assert trades(replay.go("2013-02-25")) == [(D(12), D("442.85"))]  # 442.80 x 1.0001 = 442.84428


def test_modify_when_a_session_has_begun_meets_no_price_of_before() -> None:
    replay = Replay()
    replay.place("2013-02-25", "buy", "10", limit_price="430")
    replay.change("2013-02-26T18:00:00Z", limit_price="440")

    # The 26th had a low of 437.66 and closed at 448.97; the lows after it are 440.65 and 441.40
    assert trades(replay.go("2013-02-26"), replay.go("2013-02-28")) == []
    assert trades(replay.go("2013-03-01")) == [(D(10), D("438.0"))]


def test_modify_when_the_market_is_closed_leaves_the_next_session_whole() -> None:
    replay = Replay()
    replay.place("2013-02-25", "buy", "10", limit_price="430")
    assert replay.change("2013-02-26T03:00:00Z", limit_price="440").matched_until == when("2013-02-25")

    assert trades(replay.go("2013-02-26")) == [(D(10), D(440))]


def test_modify_when_nobody_had_looked_at_a_session_keeps_it_from_the_new_terms() -> None:
    replay = Replay()
    replay.place("2013-02-22", "buy", "10", limit_price="430")
    replay.change("2013-02-27T03:00:00Z", limit_price="442")  # the 25th had a low of 442.57, the 26th 437.66

    # 27th: 448.43 452.44 440.65 444.57
    report = replay.go("2013-02-27")
    assert trades(report) == [(D(10), D(442))]
    assert report is not None
    assert report.fills[0].at == when("2013-02-27")


def test_modify_when_partly_filled_keeps_that() -> None:
    replay = Replay("IBM")
    replay.place("2012-10-12", "buy", "1000000")

    report = replay.change("2012-10-12", quantity="300000")

    assert report.status == "partially_filled"
    assert trades(replay.go("2012-10-15")) == [(D(28_800), D("208.91"))]


@pytest.mark.parametrize(
    ("changes", "change", "said"),
    [
        (
            {"filled_quantity": "5", "status": "partially_filled"},
            Change(quantity=D(5), limit_price=D(100)),
            "quantity 5; allowed: more than 5, which is filled; or cancel the rest",
        ),
        (
            {"status": "filled"},
            Change(quantity=D(20)),
            "status filled; allowed: accepted or partially_filled",
        ),
        (
            {"status": "accepted", "stop_price": "99", "triggered": True},
            Change(quantity=D(10), limit_price=D(100), stop_price=D(98)),
            "stop_price 98; allowed: as it is: it was reached",
        ),
    ],
)
def test_modify_when_it_can_not_be_is_rejected(changes: dict[str, str], change: Change, said: str) -> None:
    order = an_order("buy", "10", order_id="o-1", limit_price="100", **changes)

    with pytest.raises(Rejected, match="paper: o-1 does not change: ") as caught:
        a_venue().modify(order, change, Replay().moment("2013-03-01"))

    assert caught.value.message.endswith(said)


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("submitting", None),
        ("unknown", None),
        ("rejected", None),
        ("accepted", "accepted"),
        ("partially_filled", "partially_filled"),
        ("cancelled", "cancelled"),
    ],
)
def test_find_when_asked_knows_what_was_accepted(status: str, found: str | None) -> None:
    report = a_venue().find(an_order("buy", "10", order_id="o-1", status=status))

    assert (report and report.status) == found


def test_market_when_it_has_no_rules_takes_no_order_and_ends_those_that_rest() -> None:
    replay = Replay()
    order = replay.order
    replay.venue._rules = {}

    placed = replay.place("2013-03-01", "buy", "10")
    followed = replay.venue.follow(order, replay.moment("2013-03-01"))

    said = "paper: US has no rules of trade (trading.rules.US)"
    assert (placed.status, placed.reason, placed.fills) == ("rejected", said, ())
    assert followed is not None
    assert (followed.status, followed.reason) == ("cancelled", said)


def test_paper_venue_when_asked_says_what_it_is() -> None:
    venue = a_venue()
    assert (venue.name, venue.paper, venue.inline, venue.dedupe) == ("paper", True, True, "lasting")
    assert (venue.settle_s, venue.modifies) == (0, True)
    venue.close()
