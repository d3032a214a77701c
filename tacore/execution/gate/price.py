"""Whether a price is one that the market takes, and not a slip of the hand."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from tacore.execution.gate.sight import Case, Fault, Remark, plain
from tacore.execution.gate.steps import neighbours, on_tick, rounded
from tacore.model.orders import Order

if TYPE_CHECKING:
    from tacore.model.trading import MarketRules  # pydantic, which requests do without

HUNDRED = Decimal(100)
LIMITS = ("limit", "stop_limit")
STOPS = ("stop", "stop_limit")


def tick(case: Case) -> Iterator[Fault]:
    """Want prices on the market's steps, and each one that the type of order needs."""
    order = case.order
    for field, price, types in (
        ("limit_price", order.limit_price, LIMITS),
        ("stop_price", order.stop_price, STOPS),
    ):
        if price is None and order.order_type in types:
            yield Fault(f"{field}: missing; a {order.order_type} order needs one", "a price", None)
        elif price is not None and case.rules is not None and not on_tick(price, case.rules.ticks):
            near = neighbours(price, case.rules.ticks)
            words = " or ".join(plain(each) for each in near)
            yield Fault(
                f"{field}: {plain(price)} is not on a price step; nearest allowed: {words}",
                tuple(near),
                price,
            )


def price_limit(case: Case) -> Iterator[Fault]:
    """Want a limit within the day's limits around the close before, where the market has such."""
    order, before = case.order, case.sight.previous_close
    pct = None if case.rules is None else _limit_pct(order.symbol, case.rules)
    if order.limit_price is None or case.rules is None or pct is None:
        return
    if before is None:
        message = (
            f"limit_price: the close before of {order.symbol} is not known, and with it the day's limits"
        )
        yield Fault(message, f"{plain(pct)} % from the close before", order.limit_price)
        return
    low = rounded(before * (1 - pct / HUNDRED), case.rules.ticks)
    high = rounded(before * (1 + pct / HUNDRED), case.rules.ticks)
    if not low <= order.limit_price <= high:
        yield Fault(
            f"limit_price: {plain(order.limit_price)} is outside of the day's limits; allowed: "
            f"{plain(low)} to {plain(high)} ({plain(pct)} % from {plain(before)})",
            (low, high),
            order.limit_price,
        )


def price_band(case: Case) -> Iterator[Fault]:
    """Keep a limit from paying far more, or taking far less, than the last price."""
    order, pct = case.order, case.limits.price_band_pct
    last = case.sight.last
    if pct is None or last is None or order.limit_price is None:
        return
    base = _base(order, last)
    edge = base * (1 + order.sign * pct / HUNDRED)
    if (order.limit_price - edge) * order.sign > 0:
        words = "at most" if order.side == "buy" else "at least"
        yield Fault(
            f"limit_price: {plain(order.limit_price)} to {order.side}; allowed: {words} {plain(edge)}, "
            f"{plain(pct)} % from {plain(base)} (price_band_pct)",
            edge,
            order.limit_price,
        )


def stop_side(case: Case) -> Iterator[Remark]:
    """Warn of a stop that the last price has reached already."""
    order, last = case.order, case.sight.last
    if order.stop_price is None or last is None or order.triggered:
        return
    if (last - order.stop_price) * order.sign >= 0:
        yield Remark(
            f"stop_price: the last price {plain(last)} has reached {plain(order.stop_price)} already, "
            f"so that the order to {order.side} triggers at once"
        )


def _limit_pct(symbol: str, rules: "MarketRules") -> Decimal | None:
    """Give the daily limit in percent; the longest beginning that fits goes before the market's own."""
    fitting = [begin for begin in rules.price_limit_pct_of if symbol.startswith(begin)]
    return rules.price_limit_pct_of[max(fitting, key=len)] if fitting else rules.price_limit_pct


def _base(order: Order, last: Decimal) -> Decimal:
    """Give what a limit is held against: the last price, or a stop that must be reached before it."""
    if order.stop_price is None or order.triggered:
        return last
    return max(last, order.stop_price) if order.side == "buy" else min(last, order.stop_price)
