"""What every venue that trades over a wire keeps, run on each, against a loopback server of its format."""

import socket
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tacore.errors import OutcomeUnknown, Rejected, TacoreError, Unavailable
from tacore.execution.venues.registry import build_venue
from tacore.model.orders import Order, Report
from tacore.ports.venue import Change, Cleared
from tests.support.vendors.guard import loopback_only
from tests.support.venues.server import KEY, SECRET
from tests.support.venues.worlds import MOMENT, WORLDS, World

PLACED = ("504_after_accept", "500_after_accept", "drop", "malformed", "nothing", "moved")
UNPLACED_UNKNOWN = ("500", "503", "reset")


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Give a venue and its server; no request goes to another address."""
    loopback_only(monkeypatch)
    with WORLDS[request.param](tmp_path, 5.0) as opened:
        yield opened


def as_known(order: Order, report: Report) -> Order:
    """Give the order as a ledger has it after a report."""
    return msgspec.structs.replace(
        order,
        status=report.status,
        venue_order_id=report.venue_order_id or order.venue_order_id,
        filled_quantity=quantity(report),
    )


def quantity(report: Report | None) -> Decimal:
    """Sum a report's fills."""
    return sum((each.quantity for each in report.fills), Decimal(0)) if report else Decimal(0)


def placed(world: World, **changes: object) -> Order:
    """Give an order that works at the venue."""
    order = world.order(**changes)
    return as_known(order, world.submit(order))


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
    order = placed(world, order_type=kind, stop_price=stop, side=side)
    there = world.server.book.newest(order.client_order_id)
    assert (there.limit_price, there.stop_price) == (world.price, stop)
    assert there.side.lower() == side


def test_submit_when_a_market_order_fills_at_once_is_filled_no_later_than_asked_for(world: World) -> None:
    world.server.arrive = {"quantity": str(world.quantity), "price": "10.5"}
    now = "DAY" if world.market == "US" else "IOC"
    order = placed(world, order_type="market", limit_price=None, time_in_force=now)
    report = world.venue.find(order)
    assert report is not None
    assert report.status == "filled"
    assert [(each.quantity, each.price) for each in report.fills] == [(world.quantity, Decimal("10.5"))]


def test_follow_when_nothing_happened_is_none(world: World) -> None:
    order = placed(world)
    assert world.venue.follow(order, MOMENT) is None


def test_follow_when_partly_and_then_wholly_filled_tells_both_with_prices_and_times(world: World) -> None:
    order = placed(world)
    part = world.quantity / 5
    world.fill(order, part, world.price - 1)
    first = world.venue.follow(order, MOMENT)
    assert first is not None
    assert (first.status, quantity(first)) == ("partially_filled", part)
    order = as_known(order, first)
    assert world.venue.follow(order, MOMENT) is None
    world.fill(order, world.quantity - part, world.price)
    second = world.venue.follow(order, MOMENT)
    assert second is not None
    assert (second.status, quantity(second)) == ("filled", world.quantity)
    assert [each.price for each in second.fills] == [world.price - 1, world.price]
    assert second.fills[0] == first.fills[0]
    assert len({each.trade_id for each in second.fills}) == 2
    assert all(each.at.utcoffset() is not None for each in second.fills)


def test_fills_when_the_venue_lists_each_trade_twice_are_told_once(world: World) -> None:
    world.server.twice = True
    order = placed(world)
    for part in (world.quantity / 5, world.quantity * 4 / 5):
        world.fill(order, part, world.price)
    report = world.venue.follow(order, MOMENT)
    assert report is not None
    assert (report.status, quantity(report), len(report.fills)) == ("filled", world.quantity, 2)


def test_fills_when_asked_for_in_every_way_have_the_same_ids(world: World) -> None:
    order = placed(world)
    world.fill(order, world.quantity, world.price)
    followed, found = world.venue.follow(order, MOMENT), world.venue.find(order)
    anew = msgspec.structs.replace(order, venue_order_id="")
    assert followed == found == world.venue.find(anew)


def test_fills_when_of_other_orders_too_are_only_the_orders_own(world: World) -> None:
    one, other = placed(world), placed(world)
    world.fill(other, world.quantity, world.price)
    world.fill(one, world.quantity / 5, world.price)
    report = world.venue.follow(one, MOMENT)
    assert quantity(report) == world.quantity / 5


def test_follow_when_done_but_its_trades_are_not_shown_yet_keeps_working(world: World) -> None:
    order = placed(world)
    part = world.quantity / 5
    world.fill(order, part, world.price)
    world.fill(order, world.quantity - part, world.price, shown=False)
    early = world.venue.follow(order, MOMENT)
    assert early is not None
    assert (early.status, quantity(early)) == ("partially_filled", part)
    world.server.book.show()
    late = world.venue.follow(as_known(order, early), MOMENT)
    assert late is not None
    assert (late.status, quantity(late)) == ("filled", world.quantity)


@pytest.mark.parametrize(("there", "here"), [("canceled", "cancelled"), ("expired", "expired")])
def test_follow_when_the_venue_ended_it_tells_how(world: World, there: str, here: str) -> None:
    order = placed(world)
    world.server.book.end(order.client_order_id, there)
    report = world.venue.follow(order, MOMENT)
    assert report is not None
    assert (report.status, report.fills) == (here, ())


def test_follow_when_a_part_filled_order_was_rejected_later_is_cancelled(world: World) -> None:
    order = placed(world)
    world.fill(order, world.quantity / 5, world.price)
    world.server.book.end(order.client_order_id, "rejected")
    report = world.venue.follow(order, MOMENT)
    assert report is not None
    assert (report.status, quantity(report)) == ("cancelled", world.quantity / 5)


def test_submit_when_refused_is_rejected_in_the_venues_words(world: World) -> None:
    world.server.next("reject")
    order = world.order()
    with pytest.raises(Rejected, match="insufficient"):
        world.submit(order)
    assert world.venue.find(order) is None
    assert world.server.book.sent(order.client_order_id) == 1


@pytest.mark.parametrize("mode", ["429", "401"])
def test_submit_when_not_let_in_is_unavailable_and_nothing_was_placed(world: World, mode: str) -> None:
    world.server.next(mode)
    order = world.order()
    with pytest.raises(Unavailable) as raised:
        world.submit(order)
    assert raised.value.retryable == (mode == "429")
    assert raised.value.details["reason"] == {"429": "rate_limited", "401": "unauthorized"}[mode]
    assert world.server.book.orders == []
    assert world.server.book.sent(order.client_order_id) == 1


@pytest.mark.parametrize("mode", PLACED)
def test_submit_when_placed_and_ill_answered_is_unknown_and_found(world: World, mode: str) -> None:
    world.server.next(mode)
    order = world.order()
    with pytest.raises(OutcomeUnknown):
        world.submit(order)
    world.fill(order, world.quantity, world.price)
    report = world.venue.find(order)
    assert report is not None
    assert (report.status, quantity(report)) == ("filled", world.quantity)
    assert world.server.book.sent(order.client_order_id) == 1
    assert len(world.server.book.of(order.client_order_id)) == 1


@pytest.mark.parametrize("mode", UNPLACED_UNKNOWN)
def test_submit_when_lost_before_it_was_placed_is_unknown_all_the_same(world: World, mode: str) -> None:
    world.server.next(mode)
    order = world.order()
    with pytest.raises(OutcomeUnknown):
        world.submit(order)
    assert world.venue.find(order) is None
    assert world.server.book.sent(order.client_order_id) == 1


@pytest.mark.parametrize("kind", WORLDS)
def test_submit_when_never_answered_is_unknown_after_its_time_out(kind: str, tmp_path: Path) -> None:
    with WORLDS[kind](tmp_path, 0.3) as world:
        world.venue.find(world.order())  # what it looks up once is not in the way
        world.server.next("silence")
        order = world.order()
        with pytest.raises(OutcomeUnknown) as raised:
            world.submit(order)
        world.server.release()
        assert raised.value.details["reason"] == "timeout"
        assert world.venue.find(order) is not None
        assert world.server.book.sent(order.client_order_id) == 1


@pytest.mark.parametrize("kind", WORLDS)
def test_submit_when_nobody_listens_is_unavailable(kind: str, tmp_path: Path) -> None:
    with WORLDS[kind](tmp_path, 5) as world:
        placed(world)  # so that it has looked up what it needs
        world.server.close()
        with pytest.raises(Unavailable) as raised:
            world.submit(world.order())
        assert raised.value.details["reason"] == "connection"
        assert raised.value.retryable


@pytest.mark.parametrize("kind", WORLDS)
def test_submit_when_a_venue_never_answered_before_is_unavailable(kind: str, tmp_path: Path) -> None:
    with socket.socket() as taken, WORLDS[kind](tmp_path, 5) as world:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        venue = build_venue("away", world.settings.model_copy(update={"base_url": address}), {})
        with pytest.raises(Unavailable):
            venue.submit(Cleared(world.order()), MOMENT)
        venue.close()


def test_submit_when_its_client_order_id_is_there_already_adopts_that_order(world: World) -> None:
    order = world.order()
    first = world.submit(order)
    second = world.submit(order)
    assert second.venue_order_id == first.venue_order_id
    assert len(world.server.book.of(order.client_order_id)) == 1


def test_submit_when_a_duplicate_cannot_be_looked_at_is_unknown(world: World) -> None:
    order = world.order()
    world.submit(order)
    world.server.next("503", on="ask")
    with pytest.raises(OutcomeUnknown):
        world.submit(order)


def test_find_when_the_venue_knows_none_is_none(world: World) -> None:
    assert world.venue.find(world.order()) is None


@pytest.mark.parametrize("mode", ["429", "401", "500", "503", "reset", "malformed", "404_page", "nothing"])
def test_find_when_the_venue_is_unwell_proves_nothing(world: World, mode: str) -> None:
    order = placed(world)
    world.server.next(mode, on="ask")
    with pytest.raises(Unavailable):
        world.venue.find(msgspec.structs.replace(order, venue_order_id=""))
    assert world.venue.find(order) is not None


def test_cancel_when_working_is_cancelled_with_what_was_filled(world: World) -> None:
    order = placed(world)
    world.fill(order, world.quantity / 5, world.price)
    report = world.venue.cancel(order, MOMENT)
    assert (report.status, quantity(report)) == ("cancelled", world.quantity / 5)
    assert world.server.book.sent(order.client_order_id, "cancel") == 1


def test_cancel_when_a_fill_crosses_it_is_filled(world: World) -> None:
    order = placed(world)
    world.server.next("cross", on="cancel")
    report = world.venue.cancel(order, MOMENT)
    assert (report.status, quantity(report)) == ("filled", world.quantity)


def test_find_when_a_fill_came_after_the_cancel_has_it(world: World) -> None:
    order = placed(world)
    order = as_known(order, world.venue.cancel(order, MOMENT))
    world.fill(order, world.quantity / 5, world.price)
    report = world.venue.find(order)
    assert report is not None
    assert (report.status, quantity(report)) == ("cancelled", world.quantity / 5)


def test_cancel_when_only_our_id_is_known_is_cancelled(world: World) -> None:
    order = msgspec.structs.replace(placed(world), venue_order_id="")
    assert world.venue.cancel(order, MOMENT).status == "cancelled"


def test_cancel_when_the_venue_does_not_know_the_order_says_so(world: World) -> None:
    with pytest.raises(Unavailable) as raised:
        world.venue.cancel(world.order(), MOMENT)
    assert raised.value.details["reason"] == "not_found"
    assert not raised.value.retryable


@pytest.mark.parametrize("mode", ["504_after_accept", "drop", "503", "reset"])
def test_cancel_when_ill_answered_is_unknown(world: World, mode: str) -> None:
    order = placed(world)
    world.server.next(mode, on="cancel")
    with pytest.raises(OutcomeUnknown):
        world.venue.cancel(order, MOMENT)
    assert world.server.book.sent(order.client_order_id, "cancel") == 1


def test_cancel_when_done_and_its_outcome_cannot_be_seen_is_unknown(world: World) -> None:
    order = placed(world)
    world.server.next("429", on="ask")
    with pytest.raises(OutcomeUnknown):
        world.venue.cancel(order, MOMENT)


def test_cancel_when_asked_too_often_is_unavailable(world: World) -> None:
    order = placed(world)
    world.server.next("429", on="cancel")
    with pytest.raises(Unavailable):
        world.venue.cancel(order, MOMENT)


def test_modify_when_asked_is_rejected_and_says_what_to_do(world: World) -> None:
    order = placed(world)
    assert not world.venue.modifies
    with pytest.raises(Rejected, match="cancel it and place another"):
        world.venue.modify(order, Change(quantity=world.quantity), MOMENT)


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


@pytest.mark.parametrize("mode", ["reject", "401", "429", "500", "504_after_accept", "drop", "malformed"])
def test_errors_when_shown_have_no_key(world: World, mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    world.server.next(mode)
    with pytest.raises(TacoreError) as raised:
        world.submit(world.order())
    shown = f"{raised.value.message} {raised.value.details} {raised.value.__cause__!r} {caplog.text}"
    assert KEY not in shown
    assert SECRET not in shown
