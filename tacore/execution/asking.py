"""From the params of an order method to what the desk takes."""

import json
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

from tacore.errors import Unavailable, bad_param
from tacore.model.orders import OrderRequest, OrderType
from tacore.ports import Context, OrderDesk
from tacore.ports.orders import Asker, Key, Which
from tacore.steps import STEPS, Steps

TAGS = ("strategyId", "orderSource", "metadata")
RENAMES: Mapping[str, str] = MappingProxyType(
    {
        "side": "action",
        "amount": "quantity",
        "orderType": "order_type",
        "type": "order_type",
        "limit_price": "price",
        "limitPrice": "price",
        "stopPrice": "stop_price",
        "timeInForce": "time_in_force",
        "client_order_id": "idempotency_key",
        "clientOrderId": "idempotency_key",
        "market_type": "market",
        "dryRun": "dry_run",
    }
)
_TYPES = {"stoplimit": "stop_limit", "stop_loss": "stop", "stop_loss_limit": "stop_limit"}
MOST_KEY = 200
_MOST = Decimal("1e15")


def desk_of(context: Context) -> OrderDesk:
    """Give the desk of the process that runs the method."""
    if context.ports.desk is None:
        raise Unavailable(
            "this process owns no ledger", details={"start": "tacore worker spawn --pool orders"}
        )
    return context.ports.desk


def asker_of(context: Context) -> Asker:
    """Tell the desk who asks."""
    return Asker(context.principal, context.deadline, STEPS.get() or Steps())


def normalised(params: dict[str, Any]) -> dict[str, Any]:
    """Accept choices in any case, and dashes for underscores."""
    made = dict(params)
    for name in ("action", "order_type"):
        if isinstance(made.get(name), str):
            made[name] = made[name].strip().lower().replace("-", "_").replace(" ", "_")
    if isinstance(made.get("order_type"), str):
        made["order_type"] = _TYPES.get(made["order_type"], made["order_type"])
    if isinstance(made.get("time_in_force"), str):
        made["time_in_force"] = made["time_in_force"].strip().upper()
    for name in ("quantity", "price", "stop_price"):
        if isinstance(made.get(name), bool):
            raise bad_param(name, "a number is needed", value=made[name])
    return made


def key_of(given: str | None, context: Context) -> Key:
    """Choose what makes a retry the same order: the param, the envelope's key, else the request_id."""
    named = given if given is not None else context.idempotency_key
    if named is None and context.id_assigned:
        allowed = "a request_id, or an idempotency_key: without either a retry would be another order"
        raise bad_param("idempotency_key", "nothing tells a retry of this order", allowed=allowed)
    if named is None:
        return Key(json.dumps(context.request_id), "request")
    if not 0 < len(named) <= MOST_KEY or not named.isprintable():
        allowed = f"1 to {MOST_KEY} printable characters"
        raise bad_param("idempotency_key", "is no key", value=named[:MOST_KEY], allowed=allowed)
    return Key(named, "explicit")


def which_of(order_id: str | None, client_order_id: str | None) -> Which:
    """Name an order; one of the two is needed."""
    if order_id is None and client_order_id is None:
        raise bad_param("order_id", "an order_id or a client_order_id is needed")
    return Which(order_id, client_order_id)


def order_type_of(stated: OrderType | None, price: Decimal | None, stop: Decimal | None) -> OrderType:
    """Choose the type by which prices are there, and refuse a type that contradicts them."""
    by_prices: OrderType = "market"
    if price is not None:
        by_prices = "limit" if stop is None else "stop_limit"
    elif stop is not None:
        by_prices = "stop"
    chosen = stated or by_prices
    wants = {
        "price": chosen in ("limit", "stop_limit"),
        "stop_price": chosen in ("stop", "stop_limit"),
    }
    for name, value in (("price", price), ("stop_price", stop)):
        if wants[name] and value is None:
            raise bad_param(name, f"a {chosen} order needs one")
        if value is not None and not wants[name]:
            raise bad_param(
                name, f"a {chosen} order has none", value=value, allowed=f"order_type {by_prices}"
            )
    return chosen


def checked(request: OrderRequest, stated: OrderType | None) -> OrderRequest:
    """Refuse what can be no order, and choose its type where none is stated."""
    if not request.symbol.strip():
        raise bad_param("symbol", "a symbol is needed")
    amounts = {
        "quantity": request.quantity,
        "price": request.limit_price,
        "stop_price": request.stop_price,
    }
    for name, value in amounts.items():
        if value is not None:
            positive(name, value)
    chosen = order_type_of(stated, request.limit_price, request.stop_price)
    return msgspec.structs.replace(request, order_type=chosen)


def positive(name: str, value: Decimal) -> None:
    """Refuse what is no amount."""
    if not (value.is_finite() and 0 < value <= _MOST):
        raise bad_param(name, "is no amount", value=value, allowed="more than 0, at most 1e15")
