"""What the gate knows when it judges, and what its rules find wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tacore.model import Instrument, Quote
from tacore.model.orders import Order, Position, State

if TYPE_CHECKING:
    from tacore.model.trading import LimitSettings, MarketRules  # pydantic, which requests do without


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that the gate knows of market, account and venue, as of one moment.

    ``now`` is market time, ``now_us`` wall time. ``quote_age_s`` counts only seconds that the market traded;
    None where that can't be told. ``sellable`` is the position less what settlement holds back, before open
    sell orders. ``open_orders`` and ``recent`` (the last max(60, duplicate_window_s) seconds) are the
    account's, without the order that is judged. ``prices`` are last prices by (market, symbol), ``rates``
    turn a currency into the base currency, which is among them with 1. ``day_pnl`` is in the base currency;
    None where a price is missing. ``cash_known`` is False where the venue keeps the account's cash, so that
    ``cash`` is only what came and went since.
    """

    instrument: Instrument | None
    now: datetime
    now_us: int
    is_open: bool
    session: str
    quote: Quote | None
    quote_stale: bool
    quote_age_s: float | None
    is_replay: bool
    previous_close: Decimal | None
    state: State
    position: Decimal
    sellable: Decimal
    open_orders: Sequence[Order]
    recent: Sequence[Order]
    cash: Mapping[str, Decimal]
    positions: Sequence[Position]
    prices: Mapping[tuple[str, str], Decimal]
    rates: Mapping[str, Decimal]
    day_pnl: Decimal | None
    venue_paper: bool
    venue_live: bool
    venue_fractional: bool
    account_live: bool
    cash_known: bool = True

    @property
    def last(self) -> Decimal | None:
        """Give the quote's price; None without a quote, or where it has no price that one could pay."""
        return self.quote.price if self.quote is not None and self.quote.price > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One order before the gate.

    ``order`` has its reserve_price, which is 0 where it is not ``priced``. ``others`` are the open orders
    that will stand beside it: the one that it changes (``change_of``) is not among them. ``reduces`` tells
    that it can only make a position or an open order smaller, whatever fills.
    """

    order: Order
    live: bool
    sight: Sight
    limits: "LimitSettings"
    rules: "MarketRules | None"
    change_of: Order | None
    others: Sequence[Order]
    priced: bool
    reduces: bool

    @property
    def is_live(self) -> bool:
        """Tell whether real money is asked for or would be used."""
        return self.live or self.sight.venue_live

    def open_here(self, side: str) -> Decimal:
        """Sum what is left of the other orders on one side of the same instrument."""
        return open_quantity(self.others, self.order, side)


def open_quantity(orders: Iterable[Order], like: Order, side: str) -> Decimal:
    """Sum what is left of orders on one side of an order's instrument."""
    here = (
        each.left
        for each in orders
        if each.symbol == like.symbol and each.market == like.market and each.side == side
    )
    return sum(here, Decimal(0))


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an order may not trade: ``limit`` is what is allowed, ``value`` what it came to."""

    message: str
    limit: Any
    value: Any


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody should know of an order that may trade all the same."""

    message: str


Finding = Fault | Remark


def plain(number: Decimal) -> str:
    """Write a number without exponent and without zeros at its end."""
    return f"{number.normalize():f}"
