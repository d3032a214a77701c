"""A venue that is not simulated, kept in memory, with a record of what it was sent."""

from collections.abc import Callable

from tacore.model.orders import Dedupe, Order, Report
from tacore.ports.venue import Change, Cleared, Moment


class FarVenue:
    """Takes every order, and lets it rest until cancelled. ``meanwhile`` happens before it answers."""

    name = "far"
    paper = True
    inline = False
    dedupe: Dedupe = "lasting"
    settle_s = 0.0
    modifies = False

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.cancels: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self._there: dict[str, Report] = {}

    def submit(self, cleared: Cleared, moment: Moment) -> Report:
        name = cleared.order.client_order_id
        self.sent.append(name)
        self._there[name] = Report(status="accepted", venue_order_id=f"far-{len(self.sent)}")
        self.meanwhile()
        return self._there[name]

    def cancel(self, order: Order, moment: Moment) -> Report:
        self.cancels.append(order.client_order_id)
        ended = Report(status="cancelled", venue_order_id=order.venue_order_id)
        self._there[order.client_order_id] = ended
        self.meanwhile()
        return ended

    def modify(self, order: Order, change: Change, moment: Moment) -> Report:
        raise NotImplementedError

    def find(self, order: Order) -> Report | None:
        return self._there.get(order.client_order_id)

    def follow(self, order: Order, moment: Moment) -> Report | None:
        there = self._there[order.client_order_id]
        return None if there.status == order.status else there

    def close(self) -> None:
        """Nothing is open."""
