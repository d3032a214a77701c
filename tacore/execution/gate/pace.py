"""How many orders, how fast, and not the same one twice. A change of an order is no new one."""

from collections.abc import Iterator

from tacore.execution.gate.sight import Case, Fault, Finding, Remark, plain
from tacore.model.orders import Order

MINUTE_US = 60_000_000


def max_open_orders(case: Case) -> Iterator[Fault]:
    """Bound the orders that are open at once."""
    limit, value = case.limits.max_open_orders, len(case.others) + 1
    if limit is not None and case.change_of is None and value > limit:
        yield Fault(
            f"order: it would be open order {value}; allowed: {limit} (max_open_orders)", limit, value
        )


def max_orders_per_minute(case: Case) -> Iterator[Fault]:
    """Bound the orders taken within 60 seconds of wall time."""
    limit = case.limits.max_orders_per_minute
    if limit is None or case.change_of is not None:
        return
    value = 1 + sum(case.sight.now_us - each.created_us < MINUTE_US for each in case.sight.recent)
    if value > limit:
        text = f"order: it would be number {value} within 60 s; allowed: {limit} (max_orders_per_minute)"
        yield Fault(text, limit, value)


def duplicate_intent(case: Case) -> Iterator[Finding]:
    """Take the same symbol, side and quantity under another key, soon after, for a mistake.

    What ended without a fill is no duplicate: cancelling and ordering anew is how many change an order.
    """
    window, order = case.limits.duplicate_window_s, case.order
    if window is None or case.change_of is not None:
        return
    for each in case.sight.recent:
        age_s = (case.sight.now_us - each.created_us) / 1e6
        if age_s < window and _is_same(each, order):
            text = (
                f"order: {each.order_id} has asked to {order.side} {plain(order.quantity)} {order.symbol} "
                f"{age_s:g} s before under another key"
            )
            if case.sight.venue_paper:
                yield Remark(text)
            else:
                yield Fault(f"{text}; allowed: after {window:g} s (duplicate_window_s)", window, age_s)
            return


def _is_same(one: Order, other: Order) -> bool:
    terms = ("market", "symbol", "side", "quantity")
    alike = all(getattr(one, name) == getattr(other, name) for name in terms)
    counts = one.is_open or one.filled_quantity > 0
    return alike and counts and (one.principal, one.key) != (other.principal, other.key)
