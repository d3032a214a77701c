"""What the parts of the desk share."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tacore.clock import Clock
from tacore.errors import Rejected, Unavailable
from tacore.execution.desk.book import PACE_S, Book
from tacore.execution.desk.commits import Commits, Job
from tacore.execution.desk.config import Setup
from tacore.execution.desk.prices import Need, Priced, PriceDesk, Prices, Tell
from tacore.execution.ledger import Ledger, Transaction
from tacore.model.orders import Order
from tacore.ports import Later, MarketData, Venue
from tacore.ports.orders import Story, Which
from tacore.ports.venue import Moment

log = logging.getLogger("tacore.execution")


@dataclass(slots=True)
class Shared:
    """The ledger and everything around it; used on the desk's thread alone."""

    ledger: Ledger
    setup: Setup
    data: MarketData
    clock: Clock
    prices: PriceDesk
    commits: Commits = field(init=False)
    book: Book | None = None
    _needs: list[Need] = field(default_factory=list)
    _tells: list[Tell] = field(default_factory=list)
    _patience: float = 0.0
    _recent_s: float = PACE_S

    def __post_init__(self) -> None:
        windows = [each.settings.limits.duplicate_window_s or 0.0 for each in self.setup.accounts.values()]
        self._recent_s = max(PACE_S, *windows)
        self.commits = Commits(self.ledger, self.begin, lambda: self.pages().forget())

    # -- prices ------------------------------------------------------------------------------------

    def want(self, needs: Sequence[Need], tell: Tell, deadline: float) -> None:
        """Have prices fetched with those that others want in this turn."""
        self._needs += needs
        self._tells.append(tell)
        self._patience = max(self._patience, deadline)

    def fetch(self) -> None:
        """Ask for what is wanted, all at once."""
        if not self._tells:
            return
        needs, tells = self._needs, self._tells
        patience, self._patience = self._patience, 0.0
        self._needs, self._tells = [], []

        def tell_all(prices: Prices) -> None:
            for tell in tells:
                tell(prices)

        self.prices.ask(needs, tell_all, deadline=patience)

    # -- writing -----------------------------------------------------------------------------------

    def write(
        self,
        work: Callable[[Transaction], Any],
        later: "Later[Any]",
        *,
        after: Callable[[Any], None] | None = None,
        urgency: int = 1,
    ) -> None:
        """Have something written; ``later`` gets its result or error, unless ``after`` sees to that."""
        self.commits.add(Job(work, after or later.resolve, later.fail, urgency))

    def begin(self, tx: Transaction) -> None:
        """Open the book of a transaction."""
        self.book = Book(tx, self.clock.wall_us(), self._recent_s)

    def pages(self) -> Book:
        """Give the book of the open transaction."""
        if self.book is None:
            raise RuntimeError("there is no open transaction")
        return self.book

    def story(self, order: Order) -> Story:
        """Tell an order's story as it is committed."""
        return self.ledger.story(Which(order_id=order.order_id))

    def known(self, order: Order) -> Story:
        """Tell an order's story, or the order alone while the ledger can't be read; for those who warn."""
        try:
            return self.story(order)
        except Unavailable:
            return Story(order=order)

    # -- venues ------------------------------------------------------------------------------------

    def venue(self, order: Order) -> Venue:
        """Give the venue of an order; Rejected where it is not configured any more."""
        found = self.setup.venues.get(order.venue)
        if found is None:
            raise Rejected(
                f"venue {order.venue} is not configured any more: nobody can reach {order.order_id} there",
                details={"order_id": order.order_id, "venue": order.venue},
            )
        return found

    def inline(self, order: Order) -> bool:
        """Tell whether an order is simulated here."""
        venue = self.setup.venues.get(order.venue)
        return venue is not None and venue.inline

    def moment(self, order: Order, priced: Priced) -> Moment:
        """Show a simulated venue what it may know."""
        session, market, quote = self.data.session, order.market, priced.quote
        matched = order.matched_until
        return Moment(
            now=priced.now,
            at_us=self.clock.wall_us(),
            is_open=priced.is_open,
            session=priced.session,
            order_session=session(market, order.market_time),
            matched_session="" if matched is None else session(market, matched),
            quote_session="" if quote is None else session(market, quote.as_of),
            quote=quote,
            bars=priced.bars_after(order.matched_until or order.market_time),
        )
