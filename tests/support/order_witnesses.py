"""What clients, ledger and venue say of the same orders once all is known, held against each other."""

from collections import Counter
from decimal import Decimal

from tacore.errors import TacoreError
from tacore.model.orders import Order
from tacore.ports.orders import Only, Story, Which
from tests.support.model_exchange import Taken
from tests.support.order_crashes import Client, CrashWorld

MAY_FOLLOW = {
    "": {"denied", "reserved"},
    "reserved": {"submitting"},
    "submitting": {"accepted", "rejected", "unknown"},
    "accepted": {"partially_filled", "filled", "cancelled", "expired", "rejected"},
    "partially_filled": {"filled", "cancelled", "expired"},
    "unknown": {"accepted", "partially_filled", "filled", "cancelled", "expired", "rejected"},
    "cancelled": {"filled"},
    "expired": {"filled"},
}
"""The order's states as the design draws them."""


def check(world: CrashWorld) -> Counter[str]:
    """Fail where one of the three says what the others do not; count what became of the orders."""
    assert world.ledger.check() == []
    orders = {each.client_order_id: each for each in world.ledger.orders(Only(limit=100_000))}
    _once(world, orders)
    for order in orders.values():
        found = world.exchange.newest(order)
        _agree(world, order, found)
        _legal(world.ledger.story(Which(order_id=order.order_id)))
    for client in world.clients:
        _acknowledged(world, client)
    assert all(each.done for each in world.others), "a request had no answer"
    return Counter(each.status for each in orders.values())


def _once(world: CrashWorld, orders: dict[str, Order]) -> None:
    assert len({each.key for each in orders.values()}) == len(orders), "a key has two orders"
    sent = Counter(world.exchange.sent)
    assert set(sent.values()) <= {1}, "an order was sent twice"
    assert set(sent) <= set(orders), "the ledger forgot what was sent"
    for name, taken in world.exchange.taken.items():
        assert len(taken) == 1, f"{name} is there twice"


def _agree(world: CrashWorld, order: Order, found: Taken | None) -> None:
    if found is None:
        assert order.status in ("denied", "rejected"), f"{order.status}, and the venue has none"
        assert not order.filled_quantity
        return
    assert order.status == found.status, f"{order.order_id}: the venue has it {found.status}"
    asked = (order.symbol, order.side, order.quantity, order.limit_price)
    there = found.order
    assert asked == (there.symbol, there.side, there.quantity, there.limit_price)
    booked = world.ledger.fills_of(order)
    trades = [(each.trade_id, each.quantity, each.price) for each in found.trades]
    assert sorted((each.trade_id, each.quantity, each.price) for each in booked) == sorted(trades)


def _legal(story: Story) -> None:
    before = ""
    for number, event in enumerate(story.events, start=1):
        assert (event.number, event.before) == (number, before)
        stayed = before == event.after != ""
        assert stayed or event.after in MAY_FOLLOW.get(before, ()), f"{before} -> {event.after}"
        before = event.after
    assert before == story.order.status
    filled = sum((each.quantity for each in story.fills), Decimal(0))
    assert filled == story.order.filled_quantity <= story.order.quantity


def _acknowledged(world: CrashWorld, client: Client) -> None:
    assert client.waiting is None and client.answered, f"{client.key.text} has no answer"
    known = world.ledger.by_key("main", "local", client.key)
    assert known is not None, f"{client.key.text} was forgotten"
    assert known.quantity == client.request.quantity
    assert {each.order.order_id for each in client.stories} <= {known.order_id}
    last = client.replies[-1]
    if isinstance(last, TacoreError):
        assert last.code == "denied" == known.status, last
        assert last.details["replayed"] is True
    else:
        assert last.replayed
        assert (last.order.status, last.order.filled_quantity) == (known.status, known.filled_quantity)
