"""Orders, fills, positions and accounts as answers show them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tacore.model.orders import Fill, Order, OrderEvent
from tacore.ports.orders import AccountView, Held, Story

_PLACES = 12
_SHOWN = Decimal(1).scaleb(-_PLACES)
_EXACT = Context(prec=60)


class FillView(msgspec.Struct, kw_only=True):
    """A trade of an order; ``market_time`` is the market's own, ``at`` when it was booked."""

    trade_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    market_time: datetime
    at: datetime


class EventView(msgspec.Struct, kw_only=True):
    """Something that happened to an order; ``status`` is what it was afterwards."""

    at: datetime
    what: str
    status: str
    market_time: datetime | None = None
    details: Mapping[str, Any] = {}


class OrderView(msgspec.Struct, kw_only=True):
    """An order. ``paper`` is false where it is real money; ``average_price`` and ``fees`` in ``currency``."""

    order_id: str
    client_order_id: str
    idempotency_key: str
    status: str
    symbol: str
    market: str
    action: str
    order_type: str
    quantity: Decimal
    filled_quantity: Decimal
    average_price: Decimal | None
    fees: Decimal
    currency: str
    price: Decimal | None
    stop_price: Decimal | None
    time_in_force: str
    account: str
    venue: str
    paper: bool
    created_at: datetime
    updated_at: datetime
    market_time: datetime
    executed_at: datetime | UnsetType | None = UNSET
    reason: str = ""
    tags: Mapping[str, Any] = {}
    quote: Mapping[str, Any] | UnsetType = UNSET
    fills: list[FillView] | UnsetType = UNSET
    events: list[EventView] | UnsetType = UNSET
    warnings: list[str] = []


class PositionView(msgspec.Struct, kw_only=True):
    """A position; what rests on a price is null where there is none."""

    symbol: str
    market: str
    quantity: Decimal
    average_price: Decimal
    currency: str
    price: Decimal | None
    value: Decimal | None
    unrealised_pnl: Decimal | None
    realised_pnl: Decimal
    fees: Decimal
    as_of: datetime | None
    source: str
    simulated: bool


def shown(value: Decimal | None) -> Decimal | None:
    """Round a quotient to 12 decimal places, and drop the zeros at its end."""
    if value is None:
        return None
    return plain(value.quantize(_SHOWN, ROUND_HALF_EVEN, _EXACT) if _places(value) > _PLACES else value)


def plain(value: Decimal) -> Decimal:
    """Write a number without an exponent and without zeros at its end."""
    normal = value.normalize(_EXACT)
    return normal.quantize(Decimal(1), context=_EXACT) if _places(normal) < 0 else normal


def _places(value: Decimal) -> int:
    """Count the digits after the point; negative where zeros before it are left out."""
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def moment(at_us: int) -> datetime:
    """Give the time of epoch microseconds."""
    return datetime.fromtimestamp(at_us / 1e6, UTC)


def view_order(order: Order) -> OrderView:
    """Show an order without what happened to it."""
    return OrderView(
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        idempotency_key=order.key,
        status=order.status,
        symbol=order.symbol,
        market=order.market,
        action=order.side,
        order_type=order.order_type,
        quantity=plain(order.quantity),
        filled_quantity=plain(order.filled_quantity),
        average_price=shown(order.average_price),
        fees=plain(order.fees),
        currency=order.currency,
        price=order.limit_price,
        stop_price=order.stop_price,
        time_in_force=order.time_in_force,
        account=order.account,
        venue=order.venue,
        paper=order.paper,
        created_at=moment(order.created_us),
        updated_at=moment(order.updated_us),
        market_time=order.market_time,
        reason=order.reason,
        tags=order.tags,
        warnings=list(order.warnings),
    )


def view_story(story: Story, *, events: bool = True) -> OrderView:
    """Show an order with its fills, the price it was judged by and, if wanted, its events."""
    made = view_order(story.order)
    made.fills = [_fill(each) for each in story.fills]
    made.executed_at = story.fills[-1].market_time if story.fills else None
    made.quote = next((each.details["quote"] for each in story.events if "quote" in each.details), UNSET)
    made.warnings = list(dict.fromkeys([*story.order.warnings, *story.warnings]))
    if events:
        made.events = [_event(each) for each in story.events]
    return made


def view_positions(held: Sequence[Held], *, closed: bool = False) -> list[PositionView]:
    """Show what is held; ``closed`` also shows what was."""
    return [_position(each) for each in held if closed or each.position.quantity]


def sources(view: AccountView) -> dict[str, Any]:
    """Tell where the prices of an account are from: source, simulated and the oldest as_of."""
    priced = [each for each in view.positions if each.position.quantity and each.as_of is not None]
    return {
        "source": ",".join(sorted({each.source for each in priced})),
        "simulated": any(each.simulated for each in priced),
        "as_of": min((each.as_of for each in priced if each.as_of), default=None),
    }


def _fill(fill: Fill) -> FillView:
    return FillView(
        trade_id=fill.trade_id,
        quantity=plain(fill.quantity),
        price=plain(fill.price),
        fee=plain(fill.fee),
        fee_currency=fill.fee_currency,
        market_time=fill.market_time,
        at=moment(fill.at_us),
    )


def _event(event: OrderEvent) -> EventView:
    return EventView(
        at=moment(event.at_us),
        what=event.what,
        status=event.after,
        market_time=event.market_time,
        details=event.details,
    )


def _position(held: Held) -> PositionView:
    position = held.position
    return PositionView(
        symbol=position.symbol,
        market=position.market,
        quantity=plain(position.quantity),
        average_price=shown(position.average_price) or Decimal(0),
        currency=position.currency,
        price=held.price,
        value=shown(held.value),
        unrealised_pnl=shown(held.unrealised_pnl),
        realised_pnl=shown(position.realised_pnl) or Decimal(0),
        fees=plain(position.fees),
        as_of=held.as_of,
        source=held.source,
        simulated=held.simulated,
    )
