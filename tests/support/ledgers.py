"""Orders and fills to try a ledger with."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tacore.execution.ledger import Ledger
from tacore.model.orders import Order, VenueFill

T0_US = 1_700_000_000_000_000
MARKET_TIME = datetime(2024, 3, 1, 15, 30, 0, 123_456, tzinfo=UTC)


def draft(key: str, side: str = "buy", quantity: str = "10", **more: Any) -> Order:
    """Make an order that is not in a ledger yet: AAPL at a limit of 101.5 unless told otherwise."""
    values: dict[str, Any] = {
        "order_id": "",
        "client_order_id": "",
        "account": "paper",
        "principal": "local",
        "key": key,
        "key_kind": "explicit",
        "fingerprint": "f" * 64,
        "venue": "paper",
        "paper": True,
        "market": "US",
        "symbol": "AAPL",
        "currency": "USD",
        "side": side,
        "quantity": Decimal(quantity),
        "order_type": "limit",
        "time_in_force": "DAY",
        "status": "reserved",
        "created_us": T0_US,
        "updated_us": T0_US,
        "market_time": MARKET_TIME,
        "limit_price": Decimal("101.5"),
        "reserve_price": Decimal("101.5"),
    }
    return Order(**{**values, **more})


def trade(
    trade_id: str, quantity: str, price: str, fee: str = "0", fee_currency: str = "", **more: Any
) -> VenueFill:
    """Make a venue's fill."""
    return VenueFill(
        **{
            "trade_id": trade_id,
            "quantity": Decimal(quantity),
            "price": Decimal(price),
            "fee": Decimal(fee),
            "fee_currency": fee_currency,
            "at": MARKET_TIME,
            **more,
        }
    )


def working(ledger: Ledger, key: str, side: str = "buy", quantity: str = "10", **more: Any) -> Order:
    """Bring an order to where its venue has accepted it."""
    with ledger.group() as group:
        order = group.reserve(draft(key, side, quantity, **more))
        order = group.advance(order, "submitting", "submitting")
        return group.advance(order, "accepted", "accepted")


def book(ledger: Ledger, order: Order, *fills: VenueFill) -> Order:
    """Book fills, all in one group."""
    with ledger.group() as group:
        for fill in fills:
            order = group.book(order, fill)
    return order


TO_STATUS: dict[str, Callable[[Any, Order], Order]] = {}
"""How an order that was reserved gets to each status, by the shortest way."""


def _path(*steps: str) -> Callable[[Any, Order], Order]:
    def walk(group: Any, order: Order) -> Order:
        for step in steps:
            order = group.advance(order, step, step)
        return order

    return walk


TO_STATUS.update(
    reserved=_path(),
    submitting=_path("submitting"),
    accepted=_path("submitting", "accepted"),
    partially_filled=_path("submitting", "accepted", "partially_filled"),
    filled=_path("submitting", "accepted", "filled"),
    cancelled=_path("submitting", "accepted", "cancelled"),
    expired=_path("submitting", "accepted", "expired"),
    rejected=_path("submitting", "rejected"),
    unknown=_path("submitting", "unknown"),
)
