"""What a venue takes: an order that it does not is refused here, before anything is sent."""

from collections.abc import Iterable, Mapping

from tacore.errors import Rejected
from tacore.model.orders import Order, OrderType, TimeInForce

Offer = Mapping[OrderType, tuple[TimeInForce, ...]]


def refused(venue: str, field: str, value: object, allowed: Iterable[object] | str) -> Rejected:
    """Make the Rejected of an order that the venue would not take; nothing was sent."""
    said = allowed if isinstance(allowed, str) else ", ".join(map(str, allowed))
    return Rejected(
        f"{venue}: {field} {value} is not offered; allowed: {said}",
        details={
            "venue": venue,
            "reason": "not_offered",
            "field": field,
            "value": str(value),
            "allowed": said,
        },
    )


def check_offer(venue: str, order: Order, offers: Mapping[str, Offer]) -> None:
    """Raise Rejected where the venue has no such market, order type or time in force; names what it has."""
    offer = offers.get(order.market)
    if offer is None:
        raise refused(venue, "market", order.market, offers)
    times = offer.get(order.order_type)
    if times is None:
        raise refused(venue, "order_type", order.order_type, offer)
    if order.time_in_force not in times:
        what = f"{order.time_in_force} of a {order.order_type} order"
        raise refused(venue, "time_in_force", what, times)
