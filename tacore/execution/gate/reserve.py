"""What a unit of an order counts as while it is open."""

from decimal import Decimal

from tacore.model.orders import Order


def reserve_price(order: Order, last: Decimal | None) -> Decimal | None:
    """Give the highest price that a unit is expected to trade at; None where nothing tells.

    A buy with a limit can't cost more than that. A market buy is taken at the last price, a stop buy at its
    stop, or at the last price where that is beyond it. A sale may fill better than its own price, which makes
    a short larger: it counts at the last price where that is higher. Slippage and fees come on top.
    """
    if order.side == "buy" and order.order_type in ("limit", "stop_limit"):
        return order.limit_price
    known = [each for each in (order.limit_price, order.stop_price, last) if each is not None]
    return max(known, default=None)
