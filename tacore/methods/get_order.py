"""get.order: an order with everything that happened to it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tacore.execution import asking
from tacore.execution.views import OrderView, view_story
from tacore.ports import Context, Later, Method

RENAMES = {"orderId": "order_id", "clientOrderId": "client_order_id"}


class Params(msgspec.Struct, kw_only=True):
    """Which order."""

    order_id: Annotated[str | None, Meta(description="Its order_id")] = None
    client_order_id: Annotated[str | None, Meta(description="Or the id that its venue knows it by")] = None


def get_order(params: Params, context: Context) -> Later[OrderView]:
    """Tell the order's story."""
    which = asking.which_of(params.order_id, params.client_order_id)
    return asking.desk_of(context).order(which, asking.asker_of(context)).map(view_story)


METHOD = Method(
    name="get.order",
    handler=get_order,
    params=Params,
    result=OrderView,
    summary="Show an order with its fills and events",
    pool="orders",
    aliases=("order.status",),
    renames=RENAMES,
    examples=({"order_id": "o-1"},),
)
