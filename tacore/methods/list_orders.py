"""list.orders: orders, newest first."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tacore.execution import asking
from tacore.execution.views import OrderView, view_order
from tacore.market.asking import listed
from tacore.market.symbols import canonical, market_of
from tacore.model.orders import FINAL, OPEN, Order, Status
from tacore.ports import Context, Later, Method
from tacore.ports.orders import Only


class Params(msgspec.Struct, kw_only=True):
    """Which orders."""

    status: Annotated[
        list[Status | Literal["open", "final"]],
        Meta(description="One or more of their states; open and final mean all such"),
    ] = []
    symbol: Annotated[str | None, Meta(description="Only of this symbol")] = None
    market: Annotated[str | None, Meta(description="Only of this market")] = None
    account: Annotated[str | None, Meta(description="Only of this account")] = None
    before: Annotated[str | None, Meta(description="Only older than this order_id: the next page")] = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="At most so many")] = 100


class Result(msgspec.Struct, kw_only=True):
    """Orders, newest first."""

    orders: list[OrderView]
    warnings: list[str] = []


def normalise(params: dict[str, Any]) -> dict[str, Any]:
    """Accept one status for a list of one."""
    return {**params, "status": listed(params["status"])} if "status" in params else params


def list_orders(params: Params, context: Context) -> Later[Result]:
    """List them."""
    market = context.ports.market.market(params.market) if params.market else None
    symbol = canonical(params.symbol, market or market_of(params.symbol) or "US") if params.symbol else None
    only = Only(
        account=params.account,
        market=market,
        symbol=symbol,
        statuses=_statuses(params.status),
        before_id=params.before,
        limit=params.limit,
    )
    return asking.desk_of(context).orders(only, asking.asker_of(context)).map(_shown)


def _statuses(asked: Sequence[str]) -> tuple[Any, ...]:
    wanted: list[str] = []
    for each in asked:
        wanted += OPEN if each == "open" else FINAL if each == "final" else [each]
    return tuple(dict.fromkeys(wanted))


def _shown(orders: Sequence[Order]) -> Result:
    return Result(orders=[view_order(each) for each in orders])


METHOD = Method(
    name="list.orders",
    handler=list_orders,
    params=Params,
    result=Result,
    summary="List orders, newest first",
    pool="orders",
    normalise=normalise,
    renames={"market_type": "market"},
    examples=({"status": ["open"]}, {"symbol": "AAPL", "limit": 10}),
)
