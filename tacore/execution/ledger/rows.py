"""Rows of ledger.db to values and back."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

from tacore.model.orders import Fill, Order, OrderEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_write = msgspec.json.Encoder(decimal_format="number").encode
_read = msgspec.json.Decoder().decode
_read_exact = msgspec.json.Decoder(float_hook=Decimal).decode

FILL = (
    "order_number, account, venue, trade_id, market, symbol, currency, side, quantity, price, fee,"
    " fee_currency, market_us, at_us"
)
EVENT = "order_number, number, what, before, after, at_us, market_us, details"


def order_id(number: int) -> str:
    """Spell an order's number as its id, which sorts as the numbers do."""
    return f"o-{number:012d}"


def number_of(text: str) -> int:
    """Read an order_id back; -1, which no order has, where it is none."""
    digits = text.removeprefix("o-")
    return int(digits) if digits.isascii() and digits.isdigit() and order_id(int(digits)) == text else -1


def to_us(moment: datetime) -> int:
    """Give the epoch microseconds of an aware datetime, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Give the aware UTC datetime of epoch microseconds, exactly."""
    return _EPOCH + timedelta(microseconds=us)


def json_text(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON can hold
    """Write JSON with exact numbers; None for what is empty."""
    return _write(value).decode() if value else None


def _same(value: Any) -> Any:  # noqa: ANN401
    return value


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _moment(value: datetime | None) -> int | None:
    return None if value is None else to_us(value)


STORED: Mapping[str, tuple[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "client_order_id": ("client_order_id", _same),
        "account": ("account", _same),
        "principal": ("principal", _same),
        "key": ("key", _same),
        "key_kind": ("key_kind", _same),
        "fingerprint": ("fingerprint", _same),
        "venue": ("venue", _same),
        "paper": ("paper", _same),
        "market": ("market", _same),
        "symbol": ("symbol", _same),
        "currency": ("currency", _same),
        "side": ("side", _same),
        "quantity": ("quantity", str),
        "order_type": ("order_type", _same),
        "time_in_force": ("time_in_force", _same),
        "status": ("status", _same),
        "created_us": ("created_us", _same),
        "updated_us": ("updated_us", _same),
        "market_time": ("market_us", to_us),
        "limit_price": ("limit_price", _text),
        "stop_price": ("stop_price", _text),
        "reserve_price": ("reserve_price", str),
        "filled_quantity": ("filled_quantity", str),
        "average_price": ("average_price", _text),
        "fees": ("fees", str),
        "triggered": ("triggered", _same),
        "matched_until": ("matched_us", _moment),
        "venue_order_id": ("venue_order_id", _same),
        "reason": ("reason", _same),
        "warnings": ("warnings", json_text),
        "tags": ("tags", json_text),
    }
)
"""The column of each field of an order but order_id, and how a value becomes what is stored."""
ORDER = "number, " + ", ".join(column for column, _ in STORED.values())


def order_values(order: Order) -> list[Any]:
    """Give what is stored of an order, but for its number."""
    return [store(getattr(order, field)) for field, (_, store) in STORED.items()]


def read_order(row: tuple[Any, ...]) -> Order:
    """Make an order of the columns in ORDER."""
    market_us, limit, stop, reserve, filled, average = row[19:25]
    matched_us, venue_order_id, reason, warnings, tags = row[27:]
    return Order(
        order_id=order_id(row[0]),
        client_order_id=row[1],
        account=row[2],
        principal=row[3],
        key=row[4],
        key_kind=row[5],
        fingerprint=row[6],
        venue=row[7],
        paper=row[8] == 1,
        market=row[9],
        symbol=row[10],
        currency=row[11],
        side=row[12],
        quantity=Decimal(row[13]),
        order_type=row[14],
        time_in_force=row[15],
        status=row[16],
        created_us=row[17],
        updated_us=row[18],
        market_time=from_us(market_us),
        limit_price=None if limit is None else Decimal(limit),
        stop_price=None if stop is None else Decimal(stop),
        reserve_price=Decimal(reserve),
        filled_quantity=Decimal(filled),
        average_price=None if average is None else Decimal(average),
        fees=Decimal(row[25]),
        triggered=row[26] == 1,
        matched_until=None if matched_us is None else from_us(matched_us),
        venue_order_id=venue_order_id,
        reason=reason,
        warnings=tuple(_read(warnings)) if warnings else (),
        tags=_read(tags) if tags else {},
    )


def read_fill(row: tuple[Any, ...]) -> Fill:
    """Make a fill of the columns in FILL."""
    return Fill(
        order_id=order_id(row[0]),
        account=row[1],
        venue=row[2],
        trade_id=row[3],
        market=row[4],
        symbol=row[5],
        currency=row[6],
        side=row[7],
        quantity=Decimal(row[8]),
        price=Decimal(row[9]),
        fee=Decimal(row[10]),
        fee_currency=row[11],
        market_time=from_us(row[12]),
        at_us=row[13],
    )


def read_event(row: tuple[Any, ...]) -> OrderEvent:
    """Make an event of the columns in EVENT."""
    return OrderEvent(
        order_id=order_id(row[0]),
        number=row[1],
        what=row[2],
        before=row[3],
        after=row[4],
        at_us=row[5],
        market_time=None if row[6] is None else from_us(row[6]),
        details=_read_exact(row[7]) if row[7] else {},
    )
