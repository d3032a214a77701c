"""Orders, positions and accounts: the service's own answers, passed on digit by digit."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from tacore.errors import InvalidParams, NotFound
from tacore.model.orders import TRANSITIONS
from tacore.monitor.shown import AT, Given, Moment, PassedOn, Shown, exact, words
from tacore.monitor.site import Here, Site
from tacore.watch import commands

router = APIRouter(tags=["orders"])
PATIENCE_S = 5.0
"""More than the broker waits for an executor before it says that there is none."""
AGE_S = 1.0
_WORD = "|".join(("open", "final", *TRANSITIONS))
_STATES = words(f"({_WORD})(,({_WORD}))*")
_ID = words("o-[0-9]{12}")
Account = Annotated[str | None, Given, Query(description="Of this account.")]
Text = Annotated[str | None, Given]


class OrderCommands(Shown):
    """The command lines that do or show the same."""

    show: str
    cancel: str


class Order(PassedOn):
    """An order as `list.orders` and `get.order` tell it."""

    order_id: str
    status: str
    symbol: str
    market: str
    action: str
    order_type: str
    quantity: float
    filled_quantity: float
    average_price: float | None
    price: float | None
    account: str
    venue: str
    paper: bool
    """False where it is real money."""
    created_at: str
    updated_at: str
    commands: OrderCommands


class Orders(PassedOn):
    """Orders, newest first; `before` with the last order_id gives the next page."""

    orders: list[Order]
    warnings: list[str]


class PositionCommands(Shown):
    """The command lines that show the same."""

    orders: str


class Position(PassedOn):
    """A position as `get.positions` tells it; what rests on a price is null where there is none."""

    symbol: str
    market: str
    quantity: float
    average_price: float
    currency: str
    price: float | None
    value: float | None
    unrealised_pnl: float | None
    realised_pnl: float
    commands: PositionCommands


class Positions(PassedOn):
    """What an account holds; the sums are in `base_currency`."""

    account: str
    venue: str
    paper: bool
    base_currency: str
    positions: list[Position]
    realised_pnl: float
    unrealised_pnl: float | None


class AccountNow(PassedOn):
    """An account as `get.account` tells it."""

    account: str
    venue: str
    paper: bool


class TradingState(PassedOn):
    """Whether orders are taken, as `get.trading_state` tells it."""

    state: str
    paper: bool
    since: str
    by: str
    reason: str


@router.get("/api/orders", response_model=Orders)
async def orders(
    site: Here,
    status: Annotated[
        Text, Query(description="States, separated by commas; open, final.", json_schema_extra=_STATES)
    ] = None,
    symbol: Annotated[Text, Query(description="Of this symbol.")] = None,
    account: Account = None,
    before: Annotated[Text, Query(description="Only older than this one.", json_schema_extra=_ID)] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
) -> Response:
    """List orders, newest first."""
    asked = {"symbol": symbol, "account": account, "before": before, "limit": limit}
    told = await _ask(site, "list.orders", asked | {"status": _words(status)})
    return exact({**told, "orders": [_order(each) for each in told["orders"]]})


@router.get("/api/orders/{order_id}", response_model=Order)
async def order(site: Here, order_id: Annotated[str, Path(min_length=1)]) -> Response:
    """Show an order with its fills and events."""
    return exact(_order(await _ask(site, "get.order", {"order_id": order_id})))


@router.get("/api/positions", response_model=Positions)
async def positions(site: Here, account: Account = None) -> Response:
    """Show what an account holds, with profit and loss."""
    told = await _ask(site, "get.positions", {"account": account})
    held = [
        {**each, "commands": {"orders": commands.of_position(each["symbol"], told["account"])}}
        for each in told["positions"]
    ]
    return exact({**told, "positions": held})


@router.get("/api/account", response_model=AccountNow)
async def account(
    site: Here,
    account: Account = None,
    as_of: Annotated[
        Moment, Query(description="As it was then: 2013-02-14T18:00:00Z.", json_schema_extra=AT)
    ] = None,
) -> Response:
    """Show an account's cash, equity and limits."""
    return exact(await _ask(site, "get.account", {"account": account, "as_of": as_of}))


@router.get("/api/trading", response_model=TradingState)
async def trading(site: Here) -> Response:
    """Tell whether orders are taken."""
    return exact(await _ask(site, "get.trading_state", {}))


async def _ask(site: Site, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: each for name, each in params.items() if each is not None}
    try:
        told: dict[str, Any] = await site.watch.ask(method, given, max_age_s=AGE_S, timeout_s=PATIENCE_S)
    except InvalidParams as error:
        if {"account", "as_of"} & set(error.details):  # here they name what is looked at
            raise NotFound(error.message, details=error.details) from error
        raise
    return told


def _words(text: str | None) -> list[str] | None:
    return [each for each in text.split(",") if each] if text else None


def _order(told: Mapping[str, Any]) -> dict[str, Any]:
    id_ = told["order_id"]
    return {**told, "commands": {"show": commands.of_order(id_), "cancel": commands.cancel(id_)}}
