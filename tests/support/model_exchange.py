"""A venue in the same process that remembers all it was sent, for crashes that are simulated.

What it remembers is the third witness beside a client's own history and the ledger.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from tacore.clock import ManualClock
from tacore.errors import OutcomeUnknown, Rejected, Unavailable
from tacore.model.orders import Dedupe, Order, Report, VenueFill
from tacore.ports.venue import Change, Cleared, Moment

FLIGHT_S = 4.9
"""How long a submission may be under way to the exchange; less than its ``settle_s``."""
LATE_S = 3.0
"""How late a trade may be told."""
OPEN = ("accepted", "partially_filled")
MOODS = ("well", "well", "well", "lose", "lose", "fly", "fly", "vanish", "refuse", "down", "cross")
"""What becomes of a request: lose carries it out and loses the answer, fly lets a submission arrive later,
vanish drops it; all three look the same to who asked. cross trades some just before a cancel."""


@dataclass
class Trade:
    trade_id: str
    quantity: Decimal
    price: Decimal
    at: datetime
    shown: bool
    crossed: bool = False
    """Whether it was not shown yet when its order's end was told."""


@dataclass
class Taken:
    """An order that the exchange accepted."""

    order: Order
    number: int
    status: str = "accepted"
    trades: list[Trade] = field(default_factory=list)

    @property
    def left(self) -> Decimal:
        return self.order.quantity - sum((each.quantity for each in self.trades), Decimal(0))

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class ModelExchange:
    """Implements `tacore.ports.Venue`; ``reach`` is told how far a request has got, and may end it."""

    paper = True
    inline = False
    modifies = False

    def __init__(
        self,
        name: str,
        dedupe: Dedupe,
        clock: ManualClock,
        chance: Random,
        quotes: Mapping[str, Decimal],
        reach: Callable[[str, Order], None],
    ) -> None:
        self.name = name
        self.dedupe: Dedupe = dedupe
        self.settle_s = 5.0
        self.sent: list[str] = []
        self.taken: dict[str, list[Taken]] = {}
        self.flying: list[tuple[float, Order]] = []
        self.healthy = False
        self.on_take: Callable[[], None] = lambda: None
        self._clock = clock
        self._chance = chance
        self._quotes = quotes
        self._reach = reach
        self._numbers = 0

    # -- the port --------------------------------------------------------------------------------------

    def submit(self, cleared: Cleared, moment: Moment) -> Report:
        order, mood = cleared.order, self._mood()
        self._reach("before send", order)
        self.sent.append(order.client_order_id)
        if mood == "down":
            raise Unavailable("the exchange is down")
        if mood == "refuse":
            raise Rejected("the exchange does not want it")
        if mood == "fly":
            self.flying.append(
                (self._clock.monotonic() + self._chance.uniform(FLIGHT_S / 2, FLIGHT_S), order)
            )
        elif mood != "vanish":
            self._take(order)
            self._reach("after the venue took it", order)
        if mood in ("fly", "vanish", "lose"):
            raise OutcomeUnknown("no answer")
        return self._report(self.taken[order.client_order_id][-1])

    def cancel(self, order: Order, moment: Moment) -> Report:
        mood, found = self._mood(), self.newest(order)
        self._reach("before a cancel", order)
        if mood == "down":
            raise Unavailable("the exchange is down")
        if mood == "vanish":
            raise OutcomeUnknown("no answer")
        if found is None:
            raise Rejected("there is no such order")
        if mood == "cross" and found.is_open:
            self._trade(found, shown=self._chance.random() < 0.5)
        if found.is_open:
            self._end(found, "cancelled")
        self._reach("after a cancel", order)
        if mood == "lose":
            raise OutcomeUnknown("no answer")
        return self._report(found)

    def modify(self, order: Order, change: Change, moment: Moment) -> Report:
        raise AssertionError("it modifies nothing, and must not be asked")

    def find(self, order: Order) -> Report | None:
        if self._mood() == "down":
            raise Unavailable("the exchange is down")
        found = None if self.dedupe == "none" else self.newest(order)
        return None if found is None else self._report(found)

    def follow(self, order: Order, moment: Moment) -> Report | None:
        found = self.newest(order)
        if self._mood() == "down":
            raise Unavailable("the exchange is down")
        return None if found is None else self._report(found)

    def close(self) -> None:
        pass

    # -- what happens there ----------------------------------------------------------------------------

    def arrive(self, *, all_of_them: bool = False) -> None:
        """Take what was under way and is due, and tell of trades that are a while old."""
        now, wall_s = self._clock.monotonic(), self._clock.wall_us() / 1e6
        for taken in self.orders():
            for each in taken.trades:
                each.shown = each.shown or wall_s - each.at.timestamp() >= LATE_S
        due = [each for each in self.flying if all_of_them or each[0] <= now]
        self.flying = [each for each in self.flying if each not in due]
        for _, order in due:
            self._take(order)

    def trade(self) -> None:
        """Let some order that the market has reached trade, in part or whole, told at once or later."""
        reached = [each for each in self.orders() if each.is_open and self._is_reached(each.order)]
        if reached:
            self._trade(self._chance.choice(reached), shown=self._chance.random() < 0.7)

    def show(self) -> None:
        """Tell of all trades from now on."""
        for taken in self.orders():
            for each in taken.trades:
                each.shown = True

    def expire(self) -> None:
        """End some open order."""
        opened = [each for each in self.orders() if each.is_open]
        if opened:
            self._end(self._chance.choice(opened), "expired")

    def orders(self) -> list[Taken]:
        """List what was taken, oldest first."""
        return sorted((each for found in self.taken.values() for each in found), key=lambda each: each.number)

    def newest(self, order: Order) -> Taken | None:
        """Find an order by its client_order_id."""
        found = self.taken.get(order.client_order_id)
        return found[-1] if found else None

    # -- inside ----------------------------------------------------------------------------------------

    def _mood(self) -> str:
        return "well" if self.healthy else self._chance.choice(MOODS)

    def _take(self, order: Order) -> None:
        known = self.taken.setdefault(order.client_order_id, [])
        if known and self.dedupe in ("lasting", "window"):
            raise Rejected("the client_order_id is used already")
        self._numbers += 1
        made = Taken(order, self._numbers)
        known.append(made)
        self.on_take()
        if order.order_type == "market":
            self._trade(made, shown=self._chance.random() < 0.8, whole=self._chance.random() < 0.6)

    def _is_reached(self, order: Order) -> bool:
        if order.limit_price is None:
            return True
        quote = self._quotes[order.symbol]
        return order.limit_price >= quote if order.side == "buy" else order.limit_price <= quote

    def _trade(self, taken: Taken, *, shown: bool, whole: bool = False) -> None:
        left = taken.left
        if not self._is_reached(taken.order) or not left:
            return
        quantity = left if whole or left == 1 else Decimal(self._chance.randint(1, int(left)))
        number = f"t-{taken.number}-{len(taken.trades) + 1}"
        at = datetime.fromtimestamp(self._clock.wall_us() / 1e6, UTC)
        taken.trades.append(Trade(number, quantity, self._quotes[taken.order.symbol], at, shown))
        taken.status = "partially_filled" if taken.left else "filled"

    def _end(self, taken: Taken, status: str) -> None:
        taken.status = status
        for each in taken.trades:
            each.crossed = not each.shown

    def _report(self, taken: Taken) -> Report:
        """Tell what is shown of an order, at times each trade twice."""
        shown = [each for each in taken.trades if each.shown]
        fills = [VenueFill(trade_id=t.trade_id, quantity=t.quantity, price=t.price, at=t.at) for t in shown]
        if not self.healthy and self._chance.random() < 0.2:
            fills *= 2
        told = sum((each.quantity for each in shown), Decimal(0))
        status = taken.status
        if status in ("filled", "partially_filled") and told < taken.order.quantity:
            status = "partially_filled" if told else "accepted"
        return Report(status=status, venue_order_id=f"x-{taken.number}", fills=tuple(fills))  # type: ignore[arg-type]
