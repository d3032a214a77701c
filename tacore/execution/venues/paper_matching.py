"""Whether an order meets a price or a session's bar at the paper venue, and what it trades at.

Of a bar only open, high, low and close are known, not their order. What that leaves open goes against the
client, but for one thing: a price that rises or falls through a stop is taken to have traded there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from tacore.model import Bar
from tacore.model.orders import Order

Worsen = Callable[[Decimal], Decimal]
"""Makes a price worse for the client."""


@dataclass(frozen=True, slots=True)
class Met:
    """Whether the stop has been reached by now (True without one), and the price; None trades nothing."""

    reached: bool
    price: Decimal | None = None


def at_price(order: Order, price: Decimal, slip: Worsen) -> Met:
    """Hold an order against the one price that there is: it takes it, slippage included, within its limit."""
    if not _reached(order, price):
        return Met(False)
    return Met(True, _capped(order, slip(price)) if _willing(order, price) else None)


def in_bar(order: Order, bar: Bar, slip: Worsen, on_step: Worsen) -> Met:
    """Hold an order that rests since before a bar against it.

    A limit trades at the open where that is as good, with no slippage, else at the limit. A stop trades at
    the open where that is through it, else at the stop, both with slippage. A stop-limit that is reached
    within the bar trades at the stop, slippage included, where its limit allows; where its limit lies short
    of the stop, the price must come back: only the close is known to come after, and then it is the limit.
    """
    if _reached(order, bar.open):
        fresh = order.stop_price is not None and not order.triggered
        return Met(True, _from_open(order, bar, slip, slip if fresh else on_step))
    if not _reached(order, _far(order, bar)):
        return Met(False)
    stop = order.stop_price
    if stop is not None and _willing(order, stop):
        return Met(True, _capped(order, slip(stop)))
    return Met(True, order.limit_price if _willing(order, bar.close) else None)


def _from_open(order: Order, bar: Bar, slip: Worsen, at_limit: Worsen) -> Decimal | None:
    """Give the price of an order that may trade from the open on."""
    if order.limit_price is None:
        return slip(bar.open)
    if _willing(order, bar.open):
        return _capped(order, at_limit(bar.open))
    return order.limit_price if _willing(order, _near(order, bar)) else None


def _reached(order: Order, price: Decimal) -> bool:
    stop = order.stop_price
    return stop is None or order.triggered or (price - stop) * order.sign >= 0


def _willing(order: Order, price: Decimal) -> bool:
    return order.limit_price is None or (order.limit_price - price) * order.sign >= 0


def _capped(order: Order, price: Decimal) -> Decimal:
    return price if order.limit_price is None or _willing(order, price) else order.limit_price


def _far(order: Order, bar: Bar) -> Decimal:
    """Give the bar's price that goes furthest towards a stop."""
    return bar.high if order.side == "buy" else bar.low


def _near(order: Order, bar: Bar) -> Decimal:
    """Give the bar's price that goes furthest towards a limit."""
    return bar.low if order.side == "buy" else bar.high
