"""set.trading_state: take orders, only reducing ones, or none."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tacore.execution import asking
from tacore.methods.get_trading_state import Result, shown
from tacore.ports import Context, Later, Method


class Params(msgspec.Struct, kw_only=True):
    """The state, and why."""

    state: Annotated[
        Literal["active", "reducing", "halted"],
        Meta(description="reducing takes only what makes a position smaller; cancelling always works"),
    ]
    reason: Annotated[str, Meta(max_length=500, description="Kept with it")] = ""


def set_trading_state(params: Params, context: Context) -> Later[Result]:
    """Set it."""
    desk = asking.desk_of(context)
    told = desk.set_trading_state(params.state, params.reason, asking.asker_of(context))
    return told.map(lambda state: shown(state, desk))


METHOD = Method(
    name="set.trading_state",
    handler=set_trading_state,
    params=Params,
    result=Result,
    summary="Take orders, only reducing ones, or none",
    pool="orders",
    writes=True,
    strict=True,
    examples=({"state": "halted", "reason": "a look at the feed"},),
)
