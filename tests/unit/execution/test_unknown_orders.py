"""Orders whose outcome is not known, at a venue that forgets nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tacore.clock import ManualClock
from tacore.errors import OutcomeUnknown, TacoreError
from tacore.model.orders import Dedupe, Order, Report, VenueFill
from tacore.ports.orders import Asker, Only, Which
from tacore.ports.venue import Change, Cleared, Moment
from tests.support.desk_world import DeskWorld

D = Decimal
NOON = datetime(2013, 3, 1, 17, 0, tzinfo=UTC)


class Quiet:
    """A venue that takes orders and loses each answer; ``there`` is what it tells of an order."""

    name = "exchange"
    paper = True
    inline = False
    dedupe: Dedupe = "lasting"
    settle_s = 5.0
    modifies = False

    def __init__(self) -> None:
        self.there: Callable[[], Report | None] = lambda: None
        self.ends: BaseException = OutcomeUnknown("no answer")

    def submit(self, cleared: Cleared, moment: Moment) -> Report:
        raise self.ends

    def cancel(self, order: Order, moment: Moment) -> Report:
        return Report(status="cancelled", venue_order_id="x-1")

    def modify(self, order: Order, change: Change, moment: Moment) -> Report:
        raise NotImplementedError

    def find(self, order: Order) -> Report | None:
        return self.there()

    def follow(self, order: Order, moment: Moment) -> Report | None:
        return self.there()

    def close(self) -> None:
        pass


def _trading() -> dict[str, object]:
    limits = {"duplicate_window_s": None}
    return {
        "default_account": "paper",
        "accounts": {"paper": {"venue": "exchange", "limits": limits}},
        "venues": {"exchange": {"kind": "ccxt", "base_url": "http://127.0.0.1:1"}},
        "reconcile_s": 1,
    }


def _world(home: Path, venue: Quiet, clock: ManualClock | None = None) -> DeskWorld:
    return DeskWorld(home, _trading(), venues={"exchange": venue}, clock=clock)


def _lost(world: DeskWorld) -> Order:
    with pytest.raises(OutcomeUnknown) as raised:
        world.place(limit_price=430, time_in_force="GTC")
    return world.ledger.order(Which(order_id=str(raised.value.details["order_id"])))


def _status(world: DeskWorld, order: Order) -> str:
    return world.ledger.order(Which(order_id=order.order_id)).status


def _pass(world: DeskWorld, seconds: float) -> None:
    world.clock.advance(seconds)
    world.turn()


def test_order_when_absent_after_the_settling_time_was_never_placed(tmp_path: Path) -> None:
    world = _world(tmp_path, Quiet())
    order = _lost(world)
    _pass(world, 4.9)
    assert _status(world, order) == "unknown"
    _pass(world, 1.1)
    assert _status(world, order) == "rejected"


def test_order_when_being_sent_at_a_start_settles_from_that_start(tmp_path: Path) -> None:
    # The one before may have sent it at its very end, however long ago it had written that it would.
    venue = Quiet()
    venue.ends = KeyboardInterrupt()
    before = _world(tmp_path, venue)
    with pytest.raises(KeyboardInterrupt):
        before.place(limit_price=430, time_in_force="GTC")
    order = before.ledger.open_orders()[0]
    assert order.status == "submitting"
    before.clock.advance(60)
    world = _world(tmp_path, Quiet(), before.clock)
    world.turn()
    assert _status(world, order) == "unknown"
    _pass(world, 4.9)
    assert _status(world, order) == "unknown"
    _pass(world, 1.1)
    assert _status(world, order) == "rejected"


def test_order_when_its_absence_was_seen_too_early_is_not_given_up_later(tmp_path: Path) -> None:
    venue = Quiet()
    world = _world(tmp_path, venue)
    order = _lost(world)

    def slow() -> Report | None:
        world.clock.advance(10)  # it looked at once, and its answer took long
        venue.there = lambda: Report(status="accepted", venue_order_id="x-1")
        return None

    venue.there = slow
    _pass(world, 1)
    _pass(world, 1)
    assert _status(world, order) == "accepted"


def test_fill_when_it_crossed_a_cancel_is_booked_once_it_is_told(tmp_path: Path) -> None:
    venue = Quiet()
    world = _world(tmp_path, venue)
    order = _lost(world)
    venue.there = lambda: Report(status="accepted", venue_order_id="x-1")
    _pass(world, 1)
    which = Which(order_id=order.order_id)
    assert world.outcome(world.desk.cancel(which, world.asker())).order.status == "cancelled"
    crossed = VenueFill(trade_id="t-1", quantity=D(4), price=D(430), at=NOON)
    venue.there = lambda: Report(status="cancelled", venue_order_id="x-1", fills=(crossed, crossed))
    _pass(world, 1)
    story = world.ledger.story(which)
    assert (story.order.status, story.order.filled_quantity) == ("cancelled", D(4))
    assert len(story.fills) == 1
    assert world.ledger.check() == []


def test_order_when_its_venue_is_configured_no_more_is_cancelled_by_nobody(tmp_path: Path) -> None:
    before = _world(tmp_path, Quiet())
    order = _lost(before)
    before.ledger.close()
    world = DeskWorld(tmp_path, clock=before.clock)
    which, asker = Which(order_id=order.order_id), Asker("local", world.clock.monotonic() + 5)
    with pytest.raises(TacoreError, match="exchange is not configured"):
        world.outcome(world.desk.cancel(which, asker))
    with pytest.raises(TacoreError, match="exchange is not configured"):
        world.outcome(world.desk.modify(which, {"quantity": D(1)}, asker))
    (told,) = world.outcome(world.desk.cancel_all(Only(), asker))
    assert "exchange is not configured" in told.warnings[0]
