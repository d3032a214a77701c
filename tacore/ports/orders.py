"""The order desk: what methods may do to the ledger, as operations and not as SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from tacore.model.orders import (
    Fill,
    KeyKind,
    Order,
    OrderEvent,
    OrderRequest,
    Position,
    State,
    Status,
    TradingState,
)
from tacore.ports.later import Later
from tacore.ports.venue import Change
from tacore.steps import Steps


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: ``principal`` is a stable name, ``deadline`` when they stop waiting (monotonic seconds).

    ``steps`` is where their request notes what it waits for.
    """

    principal: str
    deadline: float
    steps: Steps = field(default_factory=Steps, compare=False)


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a retry the same order."""

    text: str
    kind: KeyKind


@dataclass(frozen=True, slots=True)
class Which:
    """Names an order by one of its ids."""

    order_id: str | None = None
    client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Only:
    """Which orders to list: newest first, at most ``limit``; None and () filter nothing."""

    account: str | None = None
    market: str | None = None
    symbol: str | None = None
    statuses: Sequence[Status] = ()
    since_us: int | None = None
    before_id: str | None = None
    limit: int = 100


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """An order with its fills and events, oldest first; ``replayed`` where a retry got what was there."""

    order: Order
    fills: Sequence[Fill] = ()
    events: Sequence[OrderEvent] = ()
    replayed: bool = False
    warnings: Sequence[str] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate says of an order that was only asked about."""

    request: OrderRequest
    passes: bool
    denials: Sequence[Mapping[str, Any]] = ()
    warnings: Sequence[str] = ()
    paper: bool = True
    notional: Decimal = Decimal(0)
    currency: str = ""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A position with its value by the last quote; None where there is no price."""

    position: Position
    price: Decimal | None = None
    value: Decimal | None = None
    unrealised_pnl: Decimal | None = None
    as_of: datetime | None = None
    source: str = ""
    simulated: bool = False


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account: cash by currency; the sums are in ``base_currency``, None where a price is missing."""

    account: str
    venue: str
    paper: bool
    base_currency: str
    at: datetime
    cash: Mapping[str, Decimal]
    positions: Sequence[Held]
    equity: Decimal | None
    buying_power: Decimal | None
    exposure_gross: Decimal | None
    exposure_net: Decimal | None
    realised_pnl: Decimal
    unrealised_pnl: Decimal | None
    fees: Decimal
    open_orders: int
    limits: Mapping[str, Any]
    fx: Mapping[str, float]
    warnings: Sequence[str] = ()


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at the venues found: adopted from them, still unknown, and what needs a person."""

    looked_at: int
    adopted: Sequence[str] = ()
    unknown: Sequence[str] = ()
    needs_a_person: Sequence[Mapping[str, Any]] = ()
    ledger_ok: bool = True
    problems: Sequence[str] = ()


class OrderDesk(Protocol):
    """Takes orders for a ledger. Everything happens on one thread; outcomes come after their commit.

    Any of them may fail with Unavailable while the ledger can't be written.
    """

    def execute(self, request: OrderRequest, key: Key, asker: Asker) -> Later[Story]:
        """Place an order, or find it by its key; Denied, TradingHalted, Rejected, IdempotencyMismatch."""
        ...

    def examine(self, request: OrderRequest, asker: Asker) -> Later[Verdict]:
        """Run the gate and change nothing."""
        ...

    def cancel(self, which: Which, asker: Asker) -> Later[Story]:
        """Cancel an order; NotFound, and Denied for what has ended."""
        ...

    def cancel_all(self, only: Only, asker: Asker) -> Later[Sequence[Story]]:
        """Cancel what is open; each story says what became of it."""
        ...

    def modify(self, which: Which, change: Mapping[str, Decimal], asker: Asker) -> Later[Story]:
        """Change quantity, limit_price or stop_price of a working order; the gate looks at it anew."""
        ...

    def order(self, which: Which, asker: Asker) -> Later[Story]:
        """Tell an order's story."""
        ...

    def orders(self, only: Only, asker: Asker) -> Later[Sequence[Order]]:
        """List orders."""
        ...

    def account(self, name: str | None, as_of: datetime | None, asker: Asker) -> Later[AccountView]:
        """Show an account, now or as it was."""
        ...

    def trading_state(self, asker: Asker) -> TradingState:
        """Tell whether orders are taken."""
        ...

    def is_live(self) -> bool:
        """Tell whether any account trades where money is real."""
        ...

    def set_trading_state(self, state: State, reason: str, asker: Asker) -> Later[TradingState]:
        """Take orders, only reducing ones, or none."""
        ...

    def decide(self, which: Which, outcome: str, reason: str, asker: Asker) -> Later[Story]:
        """Book an operator's decision on an unknown order."""
        ...

    def reconcile(self, asker: Asker) -> Later[Reconciled]:
        """Ask the venues for what is unknown or open, and check the ledger against its fills."""
        ...

    def defaults(self) -> tuple[str, Mapping[str, str]]:
        """Give the default account, and the venue of each account by its name."""
        ...


__all__ = [
    "AccountView",
    "Asker",
    "Change",
    "Held",
    "Key",
    "Only",
    "OrderDesk",
    "Reconciled",
    "Story",
    "Verdict",
    "Which",
]
