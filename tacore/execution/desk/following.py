"""Open orders, held against new prices or asked for at their venue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from tacore.errors import TacoreError
from tacore.execution.desk.outcomes import apply
from tacore.execution.desk.prices import Need, Prices
from tacore.execution.desk.sending import NOTHING, Outcome, Sending
from tacore.execution.desk.state import Shared, log
from tacore.execution.ledger import Transaction
from tacore.model.orders import WORKING, Order, Report
from tacore.ports import Later
from tacore.ports.orders import Which

PATIENCE_S = 5.0
LATE_LOOKS = 3
"""How often a venue tells of an order after its end: a fill may have crossed it, and be told later."""
LATE_S = 600.0
"""For how long after its end an order is asked for at most."""
MOST_LATE = 50
"""Orders that have ended which are asked for at once."""


@dataclass(slots=True)
class Following:
    """Looks after what rests at venues; ``late_s`` is how often after what has ended there."""

    shared: Shared
    sending: Sending
    every_s: float
    late_s: float
    _due: float = 0.0
    _late_due: float = 0.0
    _asking: set[str] = field(default_factory=set)
    _late: dict[str, int] = field(default_factory=dict)
    """What ended of late, and how often its venue has told of it since."""
    _trouble: str = ""

    def due(self) -> float:
        """Tell when the next look is due (monotonic seconds)."""
        return self._due

    def turn(self, now: float) -> None:
        """Look, where it is time to."""
        if now < self._due:
            return
        self._due = now + self.every_s
        working = [each for each in self.shared.ledger.open_orders() if each.status in WORKING]
        self._match([each for each in working if self.shared.inline(each)], None)
        for order in working:
            if not self.shared.inline(order):
                self._ask(order)
        if now >= self._late_due:
            self._late_due = now + self.late_s
            self._look_late()

    def refreshed(self, account: str | None) -> "Later[None]":
        """Hold an account's simulated orders against the prices of now, before somebody reads them."""
        done: Later[None] = Later()
        working = [each for each in self.shared.ledger.open_orders(account) if each.status in WORKING]
        self._match([each for each in working if self.shared.inline(each)], lambda: done.resolve(None))
        return done

    # -- simulated -------------------------------------------------------------------------------------

    def _match(self, orders: Sequence[Order], then: Callable[[], None] | None) -> None:
        moving = [each for each in orders if self._may_have_moved(each)]
        if not moving:
            if then is not None:
                then()
            return
        needs = [Need(each.market, each.symbol, each.matched_until or each.market_time) for each in moving]
        deadline = self.shared.clock.monotonic() + PATIENCE_S

        def look(prices: Prices) -> None:
            left = len(moving)

            def ended(_: None, error: TacoreError | None) -> None:
                nonlocal left
                left -= 1
                self._ended(error, None if left else then)

            for order in moving:
                matched: Later[None] = Later()
                self.shared.write(partial(self._matched, order, prices), matched)
                matched.then(ended)

        self.shared.want(needs, look, deadline)

    def _may_have_moved(self, order: Order) -> bool:
        """Spare the prices of a market that stands still since the order was last looked at."""
        if not self.shared.data.stands_still(order.market):
            return True
        return self.shared.data.now(order.market) > (order.matched_until or order.market_time)

    def _matched(self, known: Order, prices: Prices, tx: Transaction) -> None:
        order, priced = tx.order(Which(order_id=known.order_id)), prices[known.market, known.symbol]
        if order.status not in WORKING or priced.instrument is None:
            return
        report = self.shared.venue(order).follow(order, self.shared.moment(order, priced))
        if report is not None:
            self.shared.pages().took(apply(tx, order, report))

    def _ended(self, error: TacoreError | None, then: Callable[[], None] | None) -> None:
        said = error.message if error else ""
        if said and said != self._trouble:
            log.error("orders_not_followed", extra={"reason": said})
        self._trouble = said
        if then is not None:
            then()

    # -- venues of their own -----------------------------------------------------------------------------

    def _look_late(self) -> None:
        """Ask once more for what was cancelled or expired of late without having filled."""
        since_us = self.shared.clock.wall_us() - round(LATE_S * 1e6)
        ended = [each for each in self.shared.ledger.ended_since(since_us) if each.left > 0]
        self._late = {
            each.order_id: self._late.get(each.order_id, 0) for each in ended if not self.shared.inline(each)
        }
        wanted = [each for each in ended if self._late.get(each.order_id, LATE_LOOKS) < LATE_LOOKS]
        for order in wanted[:MOST_LATE]:
            self._ask(order)

    def _ask(self, order: Order) -> None:
        venue = self.shared.setup.venues.get(order.venue)
        if venue is None or order.order_id in self._asking:
            return
        self._asking.add(order.order_id)
        self.sending.call(lambda: venue.follow(order, NOTHING), lambda said: self._told(order.order_id, said))

    def _told(self, order_id: str, said: Outcome) -> None:
        self._asking.discard(order_id)
        if order_id in self._late and not isinstance(said, TacoreError):
            self._late[order_id] += 1
        if isinstance(said, TacoreError):
            log.warning("order_not_followed", extra={"order_id": order_id, "reason": said.message})
        elif isinstance(said, Report):
            booked: Later[None] = Later()
            self.shared.write(lambda tx: self._booked(tx, order_id, said), booked)
            booked.then(lambda _, error: self._ended(error, None))

    def _booked(self, tx: Transaction, order_id: str, said: Report) -> None:
        self.shared.pages().took(apply(tx, tx.order(Which(order_id=order_id)), said))
