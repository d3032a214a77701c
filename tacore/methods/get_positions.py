"""get.positions: what an account holds."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from tacore.execution import asking
from tacore.execution.views import PositionView, shown, sources, view_positions
from tacore.ports import Context, Later, Method
from tacore.ports.orders import AccountView


class Params(msgspec.Struct, kw_only=True):
    """Whose positions."""

    account: Annotated[str | None, Meta(description="trading.default_account unless said")] = None
    closed: Annotated[bool, Meta(description="Also what is held no more")] = False


class Result(msgspec.Struct, kw_only=True):
    """Positions with profit and loss; the sums are in ``base_currency``."""

    account: str
    venue: str
    paper: bool
    base_currency: str
    positions: list[PositionView]
    realised_pnl: Decimal
    unrealised_pnl: Decimal | None
    fees: Decimal
    source: str
    simulated: bool
    as_of: datetime | None
    warnings: list[str] = []


def get_positions(params: Params, context: Context) -> Later[Result]:
    """Show them."""
    view = asking.desk_of(context).account(params.account, None, asking.asker_of(context))
    return view.map(lambda found: _shown(found, closed=params.closed))


def _shown(view: AccountView, *, closed: bool) -> Result:
    return Result(
        account=view.account,
        venue=view.venue,
        paper=view.paper,
        base_currency=view.base_currency,
        positions=view_positions(view.positions, closed=closed),
        realised_pnl=shown(view.realised_pnl) or Decimal(0),
        unrealised_pnl=shown(view.unrealised_pnl),
        fees=shown(view.fees) or Decimal(0),
        warnings=list(view.warnings),
        **sources(view),
    )


METHOD = Method(
    name="get.positions",
    handler=get_positions,
    params=Params,
    result=Result,
    summary="Show what an account holds, with profit and loss",
    pool="orders",
    examples=({}, {"closed": True}),
)
