"""Whether a quantity is one that the market trades."""

from collections.abc import Iterator
from decimal import Decimal

from tacore.execution.gate.sight import Case, Fault, plain

FRACTION = Decimal("1e-9")
"""The smallest part of a share at venues that trade fractions (Alpaca's documentation: 9 decimal places)."""


def lot(case: Case) -> Iterator[Fault]:
    """Want a quantity on the lot, and more than what is filled already."""
    order = case.order
    if order.left <= 0:
        message = f"quantity: {plain(order.quantity)} leaves nothing to trade"
        yield Fault(
            f"{message}; allowed: more than {plain(order.filled_quantity)}",
            order.filled_quantity,
            order.quantity,
        )
        return
    step = _step(case)
    if step is None or order.quantity % step == 0 or _takes_odd_part_along(case, step):
        return
    below = order.quantity - order.quantity % step
    near = f"{plain(below)} or {plain(below + step)}" if below else plain(step)
    yield Fault(
        f"quantity: {plain(order.quantity)} is not a multiple of {plain(step)}; nearest allowed: {near}",
        step,
        order.quantity,
    )


def min_notional(case: Case) -> Iterator[Fault]:
    """Want at least the market's least value of an order."""
    if case.rules is None or not case.priced:
        return
    value = case.order.quantity * case.order.reserve_price
    if value < case.rules.min_notional:
        least = case.rules.min_notional
        currency = case.order.currency
        yield Fault(
            f"quantity: worth {plain(value)} {currency}; allowed: at least {plain(least)} {currency}",
            least,
            value,
        )


def _step(case: Case) -> Decimal | None:
    if case.rules is None:
        return None
    lot = case.rules.lots.get(case.order.symbol, case.rules.lot)
    return FRACTION if lot == 1 and case.sight.venue_fractional else lot


def _takes_odd_part_along(case: Case, step: Decimal) -> bool:
    """Tell whether a sale takes all that is less than a lot with it, as exchanges want of such sales."""
    if case.order.side == "buy" or case.rules is None or not case.rules.odd_lot_sales:
        return False
    kept = case.sight.position - case.open_here("sell") - case.order.left
    return kept >= 0 and kept % step == 0
