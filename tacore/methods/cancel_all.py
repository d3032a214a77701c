"""cancel.all: end every order that is open."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tacore.execution import asking
from tacore.execution.views import OrderView, view_order
from tacore.market.symbols import canonical, market_of
from tacore.ports import Context, Later, Method
from tacore.ports.orders import Only, Story


class Params(msgspec.Struct, kw_only=True):
    """Which orders; all that are open where nothing is said."""

    account: Annotated[str | None, Meta(description="Only of this account")] = None
    symbol: Annotated[str | None, Meta(description="Only of this symbol")] = None
    market: Annotated[str | None, Meta(description="Only of this market")] = None


class Result(msgspec.Struct, kw_only=True):
    """What became of each; ``cancelled`` counts those that are, ``open`` those that still may trade."""

    cancelled: int
    open: int
    orders: list[OrderView]
    warnings: list[str] = []


def cancel_all(params: Params, context: Context) -> Later[Result]:
    """Cancel them; works in every trading state."""
    market = context.ports.market.market(params.market) if params.market else None
    symbol = canonical(params.symbol, market or market_of(params.symbol) or "US") if params.symbol else None
    only = Only(account=params.account, market=market, symbol=symbol)
    return asking.desk_of(context).cancel_all(only, asking.asker_of(context)).map(_shown)


def _shown(stories: Sequence[Story]) -> Result:
    return Result(
        cancelled=sum(each.order.status == "cancelled" for each in stories),
        open=sum(each.order.is_open for each in stories),
        orders=[view_order(each.order) for each in stories],
        warnings=[warning for each in stories for warning in each.warnings],
    )


METHOD = Method(
    name="cancel.all",
    handler=cancel_all,
    params=Params,
    result=Result,
    summary="Cancel every open order",
    pool="orders",
    writes=True,
    renames={"market_type": "market"},
    examples=({}, {"symbol": "AAPL"}),
)
