"""get.trading_state: whether orders are taken."""

from datetime import datetime

import msgspec

from tacore.execution import asking
from tacore.execution.views import moment
from tacore.model.orders import TradingState
from tacore.ports import Context, Method


class Params(msgspec.Struct, kw_only=True):
    """Nothing to say."""


class Result(msgspec.Struct, kw_only=True):
    """The state, since when, by whom and why."""

    state: str
    since: datetime
    by: str
    reason: str
    warnings: list[str] = []


def get_trading_state(params: Params, context: Context) -> Result:
    """Tell it."""
    return shown(asking.desk_of(context).trading_state())


def shown(state: TradingState) -> Result:
    """Show a trading state."""
    return Result(state=state.state, since=moment(state.since_us), by=state.by, reason=state.reason)


METHOD = Method(
    name="get.trading_state",
    handler=get_trading_state,
    params=Params,
    result=Result,
    summary="Tell whether orders are taken: active, reducing or halted",
    pool="orders",
    examples=({},),
)
