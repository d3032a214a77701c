"""Where orders trade."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import msgspec

from tacore.model import Bar, Quote
from tacore.model.orders import Dedupe, Order, Report


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What an inline venue may know of an order's instrument when it acts.

    ``now`` is market time; ``bars`` are the daily ones that ended after the order's ``matched_until`` (or its
    ``market_time``) and by ``now``, oldest first. Sessions are as `MarketData.session` tells them: ``session``
    is that of ``now``, ``order_session`` of the order's ``market_time``, ``matched_session`` of its
    ``matched_until`` ("" where that is None), ``quote_session`` of the quote's ``as_of`` ("" without one).
    """

    now: datetime
    at_us: int
    is_open: bool
    session: str
    order_session: str = ""
    matched_session: str = ""
    quote_session: str = ""
    quote: Quote | None = None
    bars: Sequence[Bar] = ()


class Cleared(msgspec.Struct, frozen=True):
    """An order that passed the gate. Only `tacore.execution.gate` makes one, and venues take nothing else."""

    order: Order


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a working order shall be from now on; ``quantity`` is the whole, filled part included."""

    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


class Venue(Protocol):
    """One place to trade.

    An ``inline`` venue simulates: it is called within the ledger's transaction, does no I/O and never raises
    Unavailable. Any other is called on a thread of its own, gets an empty Moment, and does not retry. Its
    calls raise Rejected where it says no, Unavailable where nothing can have reached it, and OutcomeUnknown
    for everything that may have: a time-out, a broken connection, a 5xx. ``dedupe`` is what it does with a
    client_order_id that it has seen, ``settle_s`` how long after a send its absence means nothing yet.
    """

    name: str
    paper: bool
    inline: bool
    dedupe: Dedupe
    settle_s: float
    modifies: bool

    def submit(self, cleared: Cleared, moment: Moment) -> Report:
        """Send an order, once."""
        ...

    def cancel(self, order: Order, moment: Moment) -> Report:
        """Ask for an order's cancellation; the report may still say that it works, or that it was filled."""
        ...

    def modify(self, order: Order, change: Change, moment: Moment) -> Report:
        """Change a working order, where ``modifies``; Rejected where the venue will not."""
        ...

    def find(self, order: Order) -> Report | None:
        """Ask for an order by its client_order_id, fills included; None where the venue knows none such."""
        ...

    def follow(self, order: Order, moment: Moment) -> Report | None:
        """Tell what became of a working order since; None where nothing did."""
        ...

    def close(self) -> None:
        """Let go of what it holds open."""
        ...
