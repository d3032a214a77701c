"""One order's way through the prices that a call shows to the paper venue."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Literal

import msgspec

from tacore.execution.gate.sight import plain
from tacore.execution.venues.paper_costs import against, fee, slipped
from tacore.execution.venues.paper_matching import Met, at_price, in_bar
from tacore.model import Bar
from tacore.model.orders import Order, Report, VenueFill
from tacore.ports.venue import Moment

if TYPE_CHECKING:
    from tacore.model.trading import FeeSettings, MarketRules, PaperVenue  # pydantic

End = Literal["cancelled", "expired"]


class Course:
    """Fills an order as far as volume lets it, and notes what it has seen.

    An order takes at most its share of a session's volume. What it took of the session at hand is all that
    was filled so far, where the order has been held against that session before: exact in the first session,
    in a later one too much rather than too little, for an order does not know its fills apart.
    """

    def __init__(
        self,
        order: Order,
        settings: "PaperVenue",
        rules: "MarketRules",
        fees: "FeeSettings | None",
    ) -> None:
        self.order = order
        self._known = order
        self._share = settings.volume_share
        self._rules = rules
        self._fees = fees
        self._lot = rules.lots.get(order.symbol, rules.lot)
        self._slip = partial(slipped, side=order.side, bps=settings.slippage_bps, ticks=rules.ticks)
        self._on_step = partial(against, side=order.side, ticks=rules.ticks)
        self._fills: list[VenueFill] = []
        self._until: datetime | None = None
        self._end: End | None = None
        self._why = ""

    @property
    def goes_on(self) -> bool:
        """Tell whether there is more to fill."""
        return self.order.left > 0 and self._end is None

    def see_bar(self, bar: Bar, matched_session: str) -> None:
        """Hold it against a session's bar: by its close alone where it met that session before."""
        self._until = bar.time
        if bar.low <= 0:
            self._why = f"the bar of {bar.session} has no price"
            return
        met_before = bar.session == matched_session
        met = (
            at_price(self.order, bar.close, self._slip)
            if met_before
            else in_bar(self.order, bar, self._slip, self._on_step)
        )
        taken = self.order.filled_quantity if met_before else Decimal(0)
        self._take(met, bar.volume, taken, bar.time)

    def see_quote(self, moment: Moment) -> None:
        """Hold it against the quote, if the market is open and the quote is of the session that trades."""
        quote = moment.quote
        if not moment.is_open:
            self._why = "the market is closed"
            return
        if quote is None or quote.price <= 0 or moment.quote_session != moment.session:
            self._why = f"there is no price of the session {moment.session} yet"
            return
        met_before = moment.session == moment.matched_session
        taken = self.order.filled_quantity if met_before else Decimal(0)
        before = self.order
        self._take(at_price(self.order, quote.price, self._slip), quote.volume, taken, moment.now)
        if self.order != before:
            self._until = moment.now

    def mark(self, now: datetime) -> None:
        """Note that prices of before now are no longer for it."""
        self._until = now

    def end(self, end: End, reason: str) -> None:
        """Let nothing more fill."""
        self._end, self._why = end, reason

    def cancel_rest(self) -> None:
        """End an order that does not wait, saying why it could not fill."""
        self.end("cancelled", f"{self.order.time_in_force}: {self._why or 'only a part could be filled'}")

    @property
    def has_news(self) -> bool:
        """Tell whether something became of it."""
        return self.order != self._known or self._end is not None or self._until is not None

    def report(self) -> Report:
        """Tell what became of it."""
        return Report(
            status=self._end or ("filled" if self.order.left <= 0 else working(self.order)),
            venue_order_id=self.order.order_id,
            fills=tuple(self._fills),
            reason=self._why if self.order.left > 0 else "",
            triggered=True if self.order.triggered else None,
            matched_until=self._until,
        )

    def _take(self, met: Met, volume: Decimal, taken: Decimal, at: datetime) -> None:
        order = self.order
        if met.reached and order.stop_price is not None and not order.triggered:
            self.order = order = msgspec.structs.replace(order, triggered=True)
        if met.price is None:
            self._why = _not_met(order)
            return
        quantity = self._quantity(volume, taken)
        if not quantity:
            return
        before = order.filled_quantity
        self.order = msgspec.structs.replace(order, filled_quantity=before + quantity)
        self._why = ""
        self._fills.append(
            VenueFill(
                trade_id=f"{order.order_id}-{plain(before)}",
                quantity=quantity,
                price=met.price,
                at=at,
                fee=fee(quantity, met.price, order.side, self._fees, self._rules),
                fee_currency=order.currency,
            )
        )

    def _quantity(self, volume: Decimal, taken: Decimal) -> Decimal:
        """Give how much trades; 0 says why."""
        share = self._share * volume
        most = max(share - taken, Decimal(0)) // self._lot * self._lot
        left = self.order.left
        if most >= left:
            return left
        if most and self.order.time_in_force != "FOK":
            return most
        words = f"{plain(self._share * 100)} % of the session's volume {plain(volume)}"
        already = f", of which it has {plain(taken)}" if taken else ""
        self._why = (
            f"it may take {words}{already}: {plain(most)} of {plain(left)}, in lots of {plain(self._lot)}"
        )
        return Decimal(0)


def working(order: Order) -> Literal["accepted", "partially_filled"]:
    """Give the status of an order that goes on."""
    return "partially_filled" if order.filled_quantity else "accepted"


def _not_met(order: Order) -> str:
    if order.stop_price is not None and not order.triggered:
        return f"the stop {plain(order.stop_price)} is not reached"
    return f"the limit {plain(order.limit_price or Decimal(0))} is not reached"
