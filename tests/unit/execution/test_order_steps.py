"""What an order's request notes of its way: prices, gate and ledger, venue."""

from pathlib import Path

from tacore.ports.orders import Key, Which
from tacore.steps import Noted
from tests.support.desk_world import DeskWorld, no_fees
from tests.support.far_venue import FarVenue


def names(noted: list[Noted]) -> list[str]:
    """Give the steps' names; every one has ended, and none before it began."""
    assert all(each.end_ns >= each.start_ns > 0 for each in noted)
    assert [each.start_ns for each in noted] == sorted(each.start_ns for each in noted)
    return [each.name for each in noted]


def far(home: Path) -> DeskWorld:
    trading = no_fees(venues={"far": {"kind": "ccxt", "base_url": "http://127.0.0.1:1"}})
    trading["accounts"]["paper"] |= {"venue": "far"}
    return DeskWorld(home, trading, venues={"far": FarVenue()})


def test_order_when_filled_on_paper_waited_for_prices_and_the_ledger(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    asker = world.asker()
    later = world.desk.execute(world.request(), Key("k", "explicit"), asker)
    assert world.outcome(later).order.status == "filled"
    assert names(asker.steps.take()[0]) == ["prices", "gate and ledger"]


def test_order_when_replayed_waited_for_nothing(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    world.place(key=Key("k", "explicit"))
    asker = world.asker()
    assert world.outcome(world.desk.execute(world.request(), Key("k", "explicit"), asker)).replayed
    assert asker.steps.noted is None


def test_order_when_its_venue_is_elsewhere_waited_for_that_too(tmp_path: Path) -> None:
    world = far(tmp_path)
    asker = world.asker()
    request = world.request(limit_price=400, time_in_force="GTC")
    later = world.desk.execute(request, Key("k", "explicit"), asker)
    order = world.outcome(later).order
    assert order.status == "accepted"
    assert names(asker.steps.take()[0]) == ["prices", "gate and ledger", "venue far"]
    world.outcome(world.desk.cancel(Which(order_id=order.order_id), asker))
    assert names(asker.steps.take()[0]) == ["venue far"]


def test_orders_when_they_are_under_way_at_once_note_their_own_steps(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    askers = [world.asker(), world.asker()]
    laters = [
        world.desk.execute(world.request(quantity=each), Key(f"k{each}", "explicit"), asker)
        for each, asker in enumerate(askers, start=1)
    ]
    assert [world.outcome(later).order.status for later in laters] == ["filled", "filled"]
    assert [names(each.steps.take()[0]) for each in askers] == [["prices", "gate and ledger"]] * 2


def test_dry_run_and_change_when_asked_for_wait_for_prices_first(tmp_path: Path) -> None:
    world = DeskWorld(tmp_path)
    asker = world.asker()
    assert world.outcome(world.desk.examine(world.request(), asker)).passes
    assert [each.name for each in asker.steps.take()[0]] == ["prices", "gate"]
    order = world.place(limit_price=400, time_in_force="GTC").order
    which = Which(order_id=order.order_id)
    world.outcome(world.desk.modify(which, {"limit_price": order.quantity * 0 + 401}, asker))
    assert [each.name for each in asker.steps.take()[0]] == ["prices", "gate and ledger"]
