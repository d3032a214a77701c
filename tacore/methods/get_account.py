"""get.account: cash, positions, equity and limits of an account."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tacore.errors import bad_param
from tacore.execution import asking
from tacore.execution.views import PositionView, plain, shown, sources, view_positions
from tacore.ports import Context, Later, Method
from tacore.ports.orders import AccountView


class Params(msgspec.Struct, kw_only=True):
    """Which account."""

    account: Annotated[str | None, Meta(description="trading.default_account unless said")] = None
    as_of: Annotated[str | None, Meta(description="As it was at this time: 2013-02-14T18:00:00Z")] = None


class Result(msgspec.Struct, kw_only=True):
    """An account. Sums are in ``base_currency``, null where a price or a rate is missing.

    ``buying_power`` is all cash less what open buys reserve; ``paper`` is false where it is real money.
    """

    account: str
    venue: str
    paper: bool
    base_currency: str
    at: datetime
    equity: Decimal | None
    buying_power: Decimal | None
    cash: Mapping[str, Decimal]
    exposure_gross: Decimal | None
    exposure_net: Decimal | None
    realised_pnl: Decimal
    unrealised_pnl: Decimal | None
    fees: Decimal
    open_orders: int
    positions: list[PositionView]
    limits: Mapping[str, Any]
    fx: Mapping[str, float]
    source: str
    simulated: bool
    as_of: datetime | None
    warnings: list[str] = []


def get_account(params: Params, context: Context) -> Later[Result]:
    """Show it."""
    asker = asking.asker_of(context)
    return asking.desk_of(context).account(params.account, _moment(params.as_of), asker).map(_shown)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        allowed = "an ISO 8601 time such as 2026-01-31T18:00:00Z; without an offset it is UTC"
        raise bad_param("as_of", "is no time", value=text, allowed=allowed) from error
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _shown(view: AccountView) -> Result:
    return Result(
        account=view.account,
        venue=view.venue,
        paper=view.paper,
        base_currency=view.base_currency,
        at=view.at,
        equity=shown(view.equity),
        buying_power=shown(view.buying_power),
        cash={currency: plain(amount) for currency, amount in view.cash.items()},
        exposure_gross=shown(view.exposure_gross),
        exposure_net=shown(view.exposure_net),
        realised_pnl=shown(view.realised_pnl) or Decimal(0),
        unrealised_pnl=shown(view.unrealised_pnl),
        fees=shown(view.fees) or Decimal(0),
        open_orders=view.open_orders,
        positions=view_positions(view.positions),
        limits=view.limits,
        fx=view.fx,
        warnings=list(view.warnings),
        **sources(view),
    )


METHOD = Method(
    name="get.account",
    handler=get_account,
    params=Params,
    result=Result,
    summary="Show cash, positions, equity and limits of an account",
    pool="orders",
    examples=({}, {"account": "paper"}),
)
