"""get.trading_state: whether orders are taken."""

from datetime import datetime

import msgspec

from tacore.execution import asking
from tacore.execution.views import moment
from tacore.model.orders import TradingState
from tacore.ports import Context, Method, OrderDesk


class Params(msgspec.Struct, kw_only=True):
    """Nothing to say."""


class Result(msgspec.Struct, kw_only=True):
    """The state, since when, by whom and why; ``paper`` is false where any account's money is real."""

    state: str
    paper: bool
    since: datetime
    by: str
    reason: str
    warnings: list[str] = []


def get_trading_state(params: Params, context: Context) -> Result:
    """Tell it."""
    desk = asking.desk_of(context)
    return shown(desk.trading_state(asking.asker_of(context)), desk)


def shown(state: TradingState, desk: OrderDesk) -> Result:
    """Show a trading state."""
    since = moment(state.since_us)
    return Result(state=state.state, paper=not desk.is_live(), since=since, by=state.by, reason=state.reason)


METHOD = Method(
    name="get.trading_state",
    handler=get_trading_state,
    params=Params,
    result=Result,
    summary="Tell whether orders are taken: active, reducing or halted",
    pool="orders",
    examples=({},),
)
