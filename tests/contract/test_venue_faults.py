"""What every venue that trades over a wire makes of answers that are ill, late or missing."""

import socket
from pathlib import Path

import msgspec
import pytest

from tacore.errors import OutcomeUnknown, TacoreError, Unavailable
from tacore.execution.venues.registry import build_venue
from tacore.ports.venue import Cleared
from tests.support.venues.server import KEY, SECRET
from tests.support.venues.worlds import WORLDS, World, quantity

PLACED = ("504_after_accept", "500_after_accept", "drop", "malformed", "nothing", "another", "moved")
UNPLACED_UNKNOWN = ("408", "409", "500", "503", "reset")


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
        world.placed()  # so that it has looked up what it needs
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
            venue.submit(Cleared(world.order()), world.moment())
        venue.close()


def test_submit_when_a_duplicate_cannot_be_looked_at_is_unknown(world: World) -> None:
    order = world.order()
    world.submit(order)
    world.server.next("503", on="ask")
    with pytest.raises(OutcomeUnknown):
        world.submit(order)


@pytest.mark.parametrize("known", [True, False])
def test_find_when_answered_with_another_order_proves_nothing(world: World, known: bool) -> None:
    order = world.placed()
    world.server.next("another", on="ask")
    with pytest.raises(Unavailable, match="another one"):
        world.venue.find(order if known else msgspec.structs.replace(order, venue_order_id=""))


@pytest.mark.parametrize("mode", ["429", "401", "500", "503", "reset", "malformed", "404_page", "nothing"])
def test_find_when_the_venue_is_unwell_proves_nothing(world: World, mode: str) -> None:
    order = world.placed()
    world.server.next(mode, on="ask")
    with pytest.raises(Unavailable):
        world.venue.find(msgspec.structs.replace(order, venue_order_id=""))
    assert world.venue.find(order) is not None


@pytest.mark.parametrize("mode", ["504_after_accept", "drop", "503", "reset"])
def test_cancel_when_ill_answered_is_unknown(world: World, mode: str) -> None:
    order = world.placed()
    world.server.next(mode, on="cancel")
    with pytest.raises(OutcomeUnknown):
        world.venue.cancel(order, world.moment())
    assert world.server.book.sent(order.client_order_id, "cancel") == 1


def test_cancel_when_done_and_its_outcome_cannot_be_seen_is_unknown(world: World) -> None:
    order = world.placed()
    world.server.next("429", on="ask")
    with pytest.raises(OutcomeUnknown):
        world.venue.cancel(order, world.moment())


def test_cancel_when_asked_too_often_is_unavailable(world: World) -> None:
    order = world.placed()
    world.server.next("429", on="cancel")
    with pytest.raises(Unavailable):
        world.venue.cancel(order, world.moment())


@pytest.mark.parametrize("mode", ["reject", "401", "429", "500", "504_after_accept", "drop", "malformed"])
def test_errors_when_shown_have_no_key(world: World, mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    world.server.next(mode)
    with pytest.raises(TacoreError) as raised:
        world.submit(world.order())
    shown = f"{raised.value.message} {raised.value.details} {raised.value.__cause__!r} {caplog.text}"
    assert KEY not in shown
    assert SECRET not in shown
