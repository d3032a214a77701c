"""modify.order: change an order that works."""

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from tacore.execution import asking
from tacore.execution.views import OrderView, view_story
from tacore.ports import Context, Later, Method


class Params(msgspec.Struct, kw_only=True):
    """Which order, and what it shall be; what is left out stays."""

    order_id: Annotated[str | None, Meta(description="Its order_id")] = None
    client_order_id: Annotated[str | None, Meta(description="Or the id that its venue knows it by")] = None
    quantity: Annotated[Decimal | None, Meta(description="The whole, what is filled included")] = None
    price: Annotated[Decimal | None, Meta(description="A new limit")] = None
    stop_price: Annotated[Decimal | None, Meta(description="A new trigger")] = None


def modify_order(params: Params, context: Context) -> Later[OrderView]:
    """Change it, if the gate lets the changed order pass."""
    which = asking.which_of(params.order_id, params.client_order_id)
    stated = {"quantity": params.quantity, "limit_price": params.price, "stop_price": params.stop_price}
    change = {name: value for name, value in stated.items() if value is not None}
    for name, value in change.items():
        asking.positive(name.removeprefix("limit_"), value)
    return asking.desk_of(context).modify(which, change, asking.asker_of(context)).map(view_story)


METHOD = Method(
    name="modify.order",
    handler=modify_order,
    params=Params,
    result=OrderView,
    summary="Change quantity or prices of a working order",
    pool="orders",
    idempotent=False,
    writes=True,
    strict=True,
    renames={
        "orderId": "order_id",
        "clientOrderId": "client_order_id",
        "amount": "quantity",
        "limit_price": "price",
        "stopPrice": "stop_price",
    },
    examples=({"order_id": "o-1", "price": 431.5},),
)
