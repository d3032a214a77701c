"""The paper venue: it fills orders from the market data's prices, by its settings, and keeps nothing itself.

A fill is simulated, and says so: ``paper`` is True. Everything follows from the order and the moment, so that
the same call gives the same report, trade ids included. Prices are raw: a split moves them, and an order
that rests over it is held against them as it stands.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import localcontext
from typing import TYPE_CHECKING, Any

from tacore.errors import Rejected
from tacore.execution.gate.judge import EXACT
from tacore.execution.gate.sight import plain
from tacore.execution.venues.paper_course import Course, working
from tacore.model.orders import WORKING, Dedupe, Order, Report
from tacore.ports.venue import Change, Cleared, Moment

if TYPE_CHECKING:
    from tacore.model import trading  # pydantic, which requests do without


class PaperVenue:
    """One simulated venue.

    While the market is open an order trades at the quote, as far as its share of the volume goes; what is
    left tries again at the next look. Completed sessions are matched by their bars. A DAY order ends with
    the session that it belongs to.
    """

    paper = True
    inline = True
    dedupe: Dedupe = "lasting"
    settle_s = 0.0
    modifies = True

    def __init__(
        self, name: str, settings: "trading.PaperVenue", rules: "Mapping[str, trading.MarketRules]"
    ) -> None:
        self.name = name
        self._settings = settings
        self._rules = rules

    def submit(self, cleared: Cleared, moment: Moment) -> Report:
        """Fill what the quote lets trade; the rest waits, or is cancelled where it may not."""
        with localcontext(EXACT):
            order = cleared.order
            _must_know_sessions(moment)
            if order.market not in self._rules:
                return Report(status="rejected", reason=self._without_rules(order))
            course = self._course(order)
            course.see_quote(moment)
            if _has_begun(moment):
                course.mark(moment.now)  # else the whole of the session's bar will be of after the order
            if course.goes_on and order.time_in_force in ("IOC", "FOK"):
                course.cancel_rest()
            return course.report()

    def cancel(self, order: Order, moment: Moment) -> Report:
        """End an order."""
        return Report(status="cancelled", venue_order_id=order.order_id, reason="cancelled on request")

    def modify(self, order: Order, change: Change, moment: Moment) -> Report:
        """Take a change; `follow` tells what it leads to. What has traded by now is not for the order."""
        _must_fit(self.name, order, change)
        _must_know_sessions(moment)
        return Report(status=working(order), venue_order_id=order.order_id, matched_until=_last_price(moment))

    def find(self, order: Order) -> Report | None:
        """Tell what the ledger has, which is all there is: what was not accepted there was never here."""
        status: Any = order.status
        if status not in (*WORKING, "filled", "cancelled", "expired"):
            return None
        return Report(status=status, venue_order_id=order.order_id)

    def follow(self, order: Order, moment: Moment) -> Report | None:
        """Match what happened since: completed sessions, oldest first, then the quote."""
        with localcontext(EXACT):
            _must_know_sessions(moment)
            if order.market not in self._rules:
                why = self._without_rules(order)
                return Report(status="cancelled", venue_order_id=order.order_id, reason=why)
            course = self._course(order)
            self._see(course, moment)
            if course.goes_on and order.time_in_force in ("IOC", "FOK"):
                course.cancel_rest()
            return course.report() if course.has_news else None

    def close(self) -> None:
        """Hold nothing open."""

    def _see(self, course: Course, moment: Moment) -> None:
        by_day = course.order.time_in_force == "DAY"
        own = moment.order_session
        seen = ""
        for bar in moment.bars:
            if not course.goes_on or (by_day and bar.session > own):
                break
            course.see_bar(bar, moment.matched_session)
            seen = bar.session
        if course.goes_on and by_day and (moment.session > own or seen == own):
            course.end("expired", f"DAY: its session {own} is over")
        elif course.goes_on and seen != moment.session:
            course.see_quote(moment)  # a bar of the same session has told it already

    def _course(self, order: Order) -> Course:
        fees = self._settings.fees.get(order.market)
        return Course(order, self._settings, self._rules[order.market], fees)

    def _without_rules(self, order: Order) -> str:
        return f"{self.name}: {order.market} has no rules of trade (trading.rules.{order.market})"


def _has_begun(moment: Moment) -> bool:
    """Tell whether the session of now has traded, be it in a break, so that its bar has prices of before."""
    return moment.is_open or moment.quote_session == moment.session


def _last_price(moment: Moment) -> datetime | None:
    """Give when the last price was made: now within a session, that the whole of the next one may count."""
    if _has_begun(moment):
        return moment.now
    made = [bar.time for bar in moment.bars] + ([moment.quote.as_of] if moment.quote else [])
    return max(made, default=None)


def _must_know_sessions(moment: Moment) -> None:
    if not moment.session or not moment.order_session or bool(moment.quote) != bool(moment.quote_session):
        raise ValueError(
            f"moment: session {moment.session!r}, order_session {moment.order_session!r}, quote_session "
            f"{moment.quote_session!r}; allowed: dates, the last one where there is a quote and only there"
        )


def _must_fit(venue: str, order: Order, change: Change) -> None:
    """Refuse a change of what has ended, of what has traded, and of a stop that did its work."""
    if order.status not in WORKING:
        raise _refused(venue, order, "status", order.status, " or ".join(WORKING))
    if change.quantity <= order.filled_quantity:
        least = f"more than {plain(order.filled_quantity)}, which is filled; or cancel the rest"
        raise _refused(venue, order, "quantity", plain(change.quantity), least)
    if order.triggered and change.stop_price not in (None, order.stop_price):
        raise _refused(venue, order, "stop_price", str(change.stop_price), "as it is: it was reached")


def _refused(venue: str, order: Order, field: str, value: str, allowed: str) -> Rejected:
    return Rejected(
        f"{venue}: {order.order_id} does not change: {field} {value}; allowed: {allowed}",
        details={"venue": venue, "field": field, "value": value, "allowed": allowed},
    )
