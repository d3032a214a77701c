"""Orders, fills, positions and what may become of them. Money and quantities are Decimal.

Wall times are epoch microseconds; market times are aware UTC datetimes on the market's own clock, which in a
replay is another one.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

import msgspec

Side = Literal["buy", "sell"]
OrderType = Literal["market", "limit", "stop", "stop_limit"]
TimeInForce = Literal["DAY", "GTC", "IOC", "FOK"]
Status = Literal[
    "denied",
    "reserved",
    "submitting",
    "accepted",
    "partially_filled",
    "filled",
    "cancelled",
    "expired",
    "rejected",
    "unknown",
]
KeyKind = Literal["explicit", "request"]
Dedupe = Literal["lasting", "window", "echo", "none"]
"""What a venue does with a client_order_id that it has seen.

lasting: refuses it for ever and finds it for ever, so that absence can be proved; window: for a while only;
echo: carries it, but refuses nothing; none: does not know it.
"""
State = Literal["active", "reducing", "halted"]

NOTHING: frozenset[str] = frozenset()
TRANSITIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "": frozenset({"denied", "reserved"}),
        "denied": NOTHING,
        "reserved": frozenset({"submitting"}),
        "submitting": frozenset({"accepted", "rejected", "unknown"}),
        "accepted": frozenset({"partially_filled", "filled", "cancelled", "expired", "rejected"}),
        "partially_filled": frozenset({"partially_filled", "filled", "cancelled", "expired"}),
        "filled": NOTHING,
        "cancelled": frozenset({"filled"}),  # a fill that crossed the cancel
        "expired": frozenset({"filled"}),
        "rejected": NOTHING,
        "unknown": frozenset(
            {"accepted", "partially_filled", "filled", "cancelled", "expired", "rejected"},
        ),
    }
)
"""Which status may follow which; "" is an order that is not there yet.

A fill that comes late to a cancelled or expired order and does not complete it is booked without a change of
status. What leaves ``unknown`` was proved by the venue or decided by an operator.
"""
OPEN = ("reserved", "submitting", "accepted", "partially_filled", "unknown")
"""What may still trade, and so counts as exposure."""
WORKING = ("accepted", "partially_filled")
"""What a venue is known to hold."""
FINAL = ("denied", "filled", "cancelled", "expired", "rejected")


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client wants, in its canonical form: symbols resolved, choices made, spellings gone.

    ``limit_price`` is there for limit and stop_limit, ``stop_price`` for stop and stop_limit. ``tags`` are
    kept, and are no part of what makes two requests the same.
    """

    account: str
    venue: str
    market: str
    symbol: str
    side: Side
    quantity: Decimal
    order_type: OrderType = "market"
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = "DAY"
    live: bool = False
    tags: Mapping[str, Any] = {}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the ledger has it.

    ``key`` is what makes a retry the same order, within account and principal; ``key_kind`` tells whether the
    client named it or it was only a request_id. ``currency`` is what it is paid in. ``reserve_price`` is what
    a unit counts as while it is open. ``triggered`` is True once a stop has been reached. ``matched_until``
    is the market time up to which a simulated venue has looked at prices for it. ``reason`` says why it was
    denied, rejected, cancelled or expired.
    """

    order_id: str
    client_order_id: str
    account: str
    principal: str
    key: str
    key_kind: KeyKind
    fingerprint: str
    venue: str
    paper: bool
    market: str
    symbol: str
    currency: str
    side: Side
    quantity: Decimal
    order_type: OrderType
    time_in_force: TimeInForce
    status: Status
    created_us: int
    updated_us: int
    market_time: datetime
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reserve_price: Decimal = Decimal(0)
    filled_quantity: Decimal = Decimal(0)
    average_price: Decimal | None = None
    fees: Decimal = Decimal(0)
    triggered: bool = False
    matched_until: datetime | None = None
    venue_order_id: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()
    tags: Mapping[str, Any] = {}

    @property
    def left(self) -> Decimal:
        """Give the quantity that is not filled."""
        return self.quantity - self.filled_quantity

    @property
    def sign(self) -> int:
        """Give 1 for a buy, -1 for a sale."""
        return 1 if self.side == "buy" else -1

    @property
    def is_open(self) -> bool:
        """Tell whether it may still trade."""
        return self.status in OPEN


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of an order, as the venue reports it; ``fee`` is in ``fee_currency``, positive when paid.

    ``trade_id`` is unique within account and venue. ``market_time`` is when it traded.
    """

    order_id: str
    account: str
    venue: str
    trade_id: str
    market: str
    symbol: str
    currency: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    market_time: datetime
    at_us: int


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an order; ``before`` and ``after`` are equal where its status stayed."""

    order_id: str
    number: int
    what: str
    before: str
    after: str
    at_us: int
    market_time: datetime | None = None
    details: Mapping[str, Any] = {}


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """What an account holds of an instrument: ``quantity`` is negative for a short.

    ``average_price`` is that of what is held, without fees; ``realised_pnl`` is of what was closed, before
    fees; ``fees`` are all that were paid for it in ``currency``.
    """

    account: str
    market: str
    symbol: str
    currency: str
    quantity: Decimal
    average_price: Decimal
    realised_pnl: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)


class TradingState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether orders are taken: reducing takes only what makes a position smaller, halted takes none."""

    state: State
    since_us: int
    by: str
    reason: str = ""


class VenueFill(msgspec.Struct, frozen=True, kw_only=True):
    """A fill as a venue tells it; ``at`` is market time, ``fee_currency`` "" for the order's currency."""

    trade_id: str
    quantity: Decimal
    price: Decimal
    at: datetime
    fee: Decimal = Decimal(0)
    fee_currency: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue knows of an order: its status there, and all of its fills so far or the new ones.

    Fills that the ledger has are known by their trade_id and skipped. ``triggered`` and ``matched_until`` are
    a simulated venue's own notes on the order; None leaves them as they are.
    """

    status: Literal["accepted", "partially_filled", "filled", "cancelled", "expired", "rejected"]
    venue_order_id: str = ""
    fills: tuple[VenueFill, ...] = ()
    reason: str = ""
    triggered: bool | None = None
    matched_until: datetime | None = None
