"""cancel.order: end an order that is open."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tacore.execution import asking
from tacore.execution.views import OrderView, view_story
from tacore.ports import Context, Later, Method


class Params(msgspec.Struct, kw_only=True):
    """Which order."""

    order_id: Annotated[str | None, Meta(description="Its order_id")] = None
    client_order_id: Annotated[str | None, Meta(description="Or the id that its venue knows it by")] = None


def cancel_order(params: Params, context: Context) -> Later[OrderView]:
    """Cancel it; works in every trading state. One that is cancelled already is told again."""
    which = asking.which_of(params.order_id, params.client_order_id)
    return asking.desk_of(context).cancel(which, asking.asker_of(context)).map(view_story)


METHOD = Method(
    name="cancel.order",
    handler=cancel_order,
    params=Params,
    result=OrderView,
    summary="Cancel an order",
    pool="orders",
    writes=True,
    aliases=("order.cancel",),
    renames={"orderId": "order_id", "clientOrderId": "client_order_id"},
    examples=({"order_id": "o-1"},),
)
