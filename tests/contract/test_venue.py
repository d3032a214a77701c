"""What every venue that trades over a wire keeps when all goes well, on a loopback server of its format."""

from decimal import Decimal

import msgspec
import pytest

from tacore.errors import Rejected, Unavailable
from tacore.ports.venue import Change
from tests.support.venues.worlds import World, as_known, quantity


def test_submit_when_taken_works_and_carries_every_digit(world: World) -> None:
    order = world.order()
    report = world.submit(order)
    assert (report.status, report.fills) == ("accepted", ())
    assert report.venue_order_id
    (there,) = world.server.book.of(order.client_order_id)
    assert (there.quantity, there.limit_price) == (world.quantity, world.price)
    assert there.side.lower() == "buy"
    wire = world.server.book.received[0]["wire"]
    assert {str(world.quantity), str(world.price)} <= set(wire.values())


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("kind", ["limit", "stop_limit"])
def test_submit_when_of_a_kind_reaches_the_venue_with_its_prices(world: World, kind: str, side: str) -> None:
    stop = world.price - 1 if kind == "stop_limit" else None
    order = world.placed(order_type=kind, stop_price=stop, side=side)
    there = world.server.book.newest(order.client_order_id)
    assert (there.limit_price, there.stop_price) == (world.price, stop)
    assert there.side.lower() == side


def test_submit_when_a_market_order_fills_at_once_is_filled_no_later_than_asked_for(world: World) -> None:
    world.server.arrive = {"quantity": str(world.quantity), "price": "10.5"}
    now = "DAY" if world.market == "US" else "IOC"
    order = world.placed(order_type="market", limit_price=None, time_in_force=now)
    report = world.venue.find(order)
    assert report is not None
    assert report.status == "filled"
    assert [(each.quantity, each.price) for each in report.fills] == [(world.quantity, Decimal("10.5"))]


def test_follow_when_nothing_happened_is_none(world: World) -> None:
    order = world.placed()
    assert world.venue.follow(order, world.moment()) is None


def test_follow_when_partly_and_then_wholly_filled_tells_both_with_prices_and_times(world: World) -> None:
    order = world.placed()
    part = world.quantity / 5
    world.fill(order, part, world.price - 1)
    first = world.venue.follow(order, world.moment())
    assert first is not None
    assert (first.status, quantity(first)) == ("partially_filled", part)
    order = as_known(order, first)
    assert world.venue.follow(order, world.moment()) is None
    world.fill(order, world.quantity - part, world.price)
    second = world.venue.follow(order, world.moment())
    assert second is not None
    assert (second.status, quantity(second)) == ("filled", world.quantity)
    assert [each.price for each in second.fills] == [world.price - 1, world.price]
    assert second.fills[0] == first.fills[0]
    assert len({each.trade_id for each in second.fills}) == 2
    assert all(each.at.utcoffset() is not None for each in second.fills)


def test_fills_when_the_venue_lists_each_trade_twice_are_told_once(world: World) -> None:
    world.server.twice = True
    order = world.placed()
    for part in (world.quantity / 5, world.quantity * 4 / 5):
        world.fill(order, part, world.price)
    report = world.venue.follow(order, world.moment())
    assert report is not None
    assert (report.status, quantity(report), len(report.fills)) == ("filled", world.quantity, 2)


def test_fills_when_asked_for_in_every_way_have_the_same_ids(world: World) -> None:
    order = world.placed()
    world.fill(order, world.quantity, world.price)
    followed, found = world.venue.follow(order, world.moment()), world.venue.find(order)
    anew = msgspec.structs.replace(order, venue_order_id="")
    assert followed == found == world.venue.find(anew)


def test_fills_when_of_other_orders_too_are_only_the_orders_own(world: World) -> None:
    one, other = world.placed(), world.placed()
    world.fill(other, world.quantity, world.price)
    world.fill(one, world.quantity / 5, world.price)
    report = world.venue.follow(one, world.moment())
    assert quantity(report) == world.quantity / 5


def test_follow_when_done_but_its_trades_are_not_shown_yet_keeps_working(world: World) -> None:
    order = world.placed()
    part = world.quantity / 5
    world.fill(order, part, world.price)
    world.fill(order, world.quantity - part, world.price, shown=False)
    early = world.venue.follow(order, world.moment())
    assert early is not None
    assert (early.status, quantity(early)) == ("partially_filled", part)
    world.server.book.show()
    late = world.venue.follow(as_known(order, early), world.moment())
    assert late is not None
    assert (late.status, quantity(late)) == ("filled", world.quantity)


@pytest.mark.parametrize(("there", "here"), [("canceled", "cancelled"), ("expired", "expired")])
def test_follow_when_the_venue_ended_it_tells_how(world: World, there: str, here: str) -> None:
    order = world.placed()
    world.server.book.end(order.client_order_id, there)
    report = world.venue.follow(order, world.moment())
    assert report is not None
    assert (report.status, report.fills) == (here, ())


def test_follow_when_a_part_filled_order_was_rejected_later_is_cancelled(world: World) -> None:
    order = world.placed()
    world.fill(order, world.quantity / 5, world.price)
    world.server.book.end(order.client_order_id, "rejected")
    report = world.venue.follow(order, world.moment())
    assert report is not None
    assert (report.status, quantity(report)) == ("cancelled", world.quantity / 5)


def test_submit_when_refused_is_rejected_in_the_venues_words(world: World) -> None:
    world.server.next("reject")
    order = world.order()
    with pytest.raises(Rejected, match="insufficient"):
        world.submit(order)
    assert world.venue.find(order) is None
    assert world.server.book.sent(order.client_order_id) == 1


def test_submit_when_its_client_order_id_is_there_already_adopts_that_order(world: World) -> None:
    order = world.order()
    first = world.submit(order)
    second = world.submit(order)
    assert second.venue_order_id == first.venue_order_id
    assert len(world.server.book.of(order.client_order_id)) == 1


def test_find_when_the_venue_knows_none_is_none(world: World) -> None:
    assert world.venue.find(world.order()) is None


def test_cancel_when_working_is_cancelled_with_what_was_filled(world: World) -> None:
    order = world.placed()
    world.fill(order, world.quantity / 5, world.price)
    report = world.venue.cancel(order, world.moment())
    assert (report.status, quantity(report)) == ("cancelled", world.quantity / 5)
    assert world.server.book.sent(order.client_order_id, "cancel") == 1


def test_cancel_when_a_fill_crosses_it_is_filled(world: World) -> None:
    order = world.placed()
    world.server.next("cross", on="cancel")
    report = world.venue.cancel(order, world.moment())
    assert (report.status, quantity(report)) == ("filled", world.quantity)


def test_find_when_a_fill_came_after_the_cancel_has_it(world: World) -> None:
    order = world.placed()
    order = as_known(order, world.venue.cancel(order, world.moment()))
    world.fill(order, world.quantity / 5, world.price)
    report = world.venue.find(order)
    assert report is not None
    assert (report.status, quantity(report)) == ("cancelled", world.quantity / 5)


def test_cancel_when_only_our_id_is_known_is_cancelled(world: World) -> None:
    order = msgspec.structs.replace(world.placed(), venue_order_id="")
    assert world.venue.cancel(order, world.moment()).status == "cancelled"


def test_cancel_when_the_venue_does_not_know_the_order_says_so(world: World) -> None:
    with pytest.raises(Unavailable) as raised:
        world.venue.cancel(world.order(), world.moment())
    assert raised.value.details["reason"] == "not_found"
    assert not raised.value.retryable


def test_modify_when_asked_is_rejected_and_says_what_to_do(world: World) -> None:
    order = world.placed()
    assert not world.venue.modifies
    with pytest.raises(Rejected, match="cancel it and place another"):
        world.venue.modify(order, Change(quantity=world.quantity), world.moment())


@pytest.mark.parametrize(
    ("field", "value"), [("market", "HK"), ("time_in_force", "NEVER"), ("order_type", "iceberg")]
)
def test_submit_when_the_venue_has_no_such_thing_is_rejected_unsent(
    world: World, field: str, value: str
) -> None:
    order = world.order(**{field: value})
    with pytest.raises(Rejected, match="allowed: ") as raised:
        world.submit(order)
    assert raised.value.details["reason"] == "not_offered"
    assert world.server.book.received == []
