"""resolve.order: an operator's word on an order of which nobody knows what became of it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tacore.errors import bad_param
from tacore.execution import asking
from tacore.execution.views import OrderView, view_story
from tacore.ports import Context, Later, Method


class Params(msgspec.Struct, kw_only=True):
    """Which order, and what became of it."""

    order_id: Annotated[str | None, Meta(description="Its order_id")] = None
    client_order_id: Annotated[str | None, Meta(description="Or the id that its venue knows it by")] = None
    outcome: Annotated[
        Literal["rejected", "accepted", "cancelled"],
        Meta(description="It never was at the venue, works there, or ended there unfilled"),
    ]
    reason: Annotated[str, Meta(max_length=500, description="How that is known; kept for ever")]


def resolve_order(params: Params, context: Context) -> Later[OrderView]:
    """Book the decision."""
    which = asking.which_of(params.order_id, params.client_order_id)
    if not params.reason.strip():
        raise bad_param("reason", "say how that is known", value=params.reason)
    desk = asking.desk_of(context)
    return desk.decide(which, params.outcome, params.reason, asking.asker_of(context)).map(view_story)


METHOD = Method(
    name="resolve.order",
    handler=resolve_order,
    params=Params,
    result=OrderView,
    summary="Decide what became of an unknown order",
    pool="orders",
    writes=True,
    strict=True,
    renames={"orderId": "order_id", "clientOrderId": "client_order_id"},
    examples=({"order_id": "o-1", "outcome": "rejected", "reason": "the venue's desk says so"},),
)
