"""execute.order: place an order once, however often it is asked for."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tacore.execution import asking
from tacore.execution.views import OrderView, view_story
from tacore.market.symbols import canonical, market_of
from tacore.model.orders import OrderRequest
from tacore.ports import Context, Later, Method
from tacore.ports.orders import Story, Verdict


class Params(msgspec.Struct, kw_only=True):
    """What to buy or sell. Tags are kept with the order and change nothing."""

    symbol: Annotated[str, Meta(description="AAPL, 600519, 0700, BTC/USDT")]
    action: Annotated[Literal["buy", "sell"], Meta(description="Which side")]
    quantity: Annotated[Decimal, Meta(description="Units, a multiple of the market's lot")]
    order_type: Annotated[
        Literal["market", "limit", "stop", "stop_limit"] | None,
        Meta(description="Left out: by the prices that are there"),
    ] = None
    price: Annotated[Decimal | None, Meta(description="Limit of a limit or stop_limit order")] = None
    stop_price: Annotated[Decimal | None, Meta(description="Trigger of a stop or stop_limit order")] = None
    time_in_force: Annotated[
        Literal["DAY", "GTC", "IOC", "FOK"] | None,
        Meta(description="DAY unless said"),
    ] = None
    market: Annotated[str | None, Meta(description="US, CN, HK, CRYPTO or SIM; left out: by the symbol")] = (
        None
    )
    account: Annotated[str | None, Meta(description="trading.default_account unless said")] = None
    venue: Annotated[str | None, Meta(description="The account's venue, to make sure of it")] = None
    idempotency_key: Annotated[
        str | None, Meta(description="What makes a retry the same order; else the request_id, for 24 hours")
    ] = None
    live: Annotated[bool, Meta(description="Needed where the venue's money is real")] = False
    dry_run: Annotated[bool, Meta(description="Run the gate and change nothing")] = False
    strategyId: Annotated[Any, Meta(description="A tag")] = UNSET
    orderSource: Annotated[Any, Meta(description="A tag")] = UNSET
    metadata: Annotated[Any, Meta(description="A tag")] = UNSET


class DryRun(msgspec.Struct, kw_only=True):
    """What the gate says of an order that was only asked about."""

    passes: bool
    notional: Decimal
    currency: str
    paper: bool
    denials: list[dict[str, Any]] = []
    warnings: list[str] = []
    dry_run: bool = True


class Result(OrderView, kw_only=True):
    """The order as it is now."""

    dry_run: bool | UnsetType = UNSET


def execute_order(params: Params, context: Context) -> Later[Any]:
    """Place the order, or tell what became of the one with this key."""
    desk, asker = asking.desk_of(context), asking.asker_of(context)
    request = _request(params, context)
    if params.dry_run:
        return desk.examine(request, asker).map(_judged)
    return desk.execute(request, asking.key_of(params.idempotency_key, context), asker).map(placed)


def placed(story: Story) -> "Result | Replayed":
    """Show an order that was placed, now or before."""
    view = msgspec.structs.asdict(view_story(story, events=False))
    return (Replayed if story.replayed else Result)(**view)


class Replayed(Result):
    """The same, of an order that was there already: the envelope says so."""

    @property
    def replayed(self) -> bool:
        """Tell the envelope."""
        return True


def _request(params: Params, context: Context) -> OrderRequest:
    default, venues = asking.desk_of(context).defaults()
    account = params.account or default
    market = _market(params, context)
    request = OrderRequest(
        account=account,
        venue=params.venue or venues.get(account, ""),
        market=market,
        symbol=canonical(params.symbol, market),
        side=params.action,
        quantity=params.quantity,
        limit_price=params.price,
        stop_price=params.stop_price,
        time_in_force=params.time_in_force or "DAY",
        live=params.live,
        tags={name: value for name in asking.TAGS if (value := getattr(params, name)) is not UNSET},
    )
    return asking.checked(request, params.order_type)


def _market(params: Params, context: Context) -> str:
    """Give the market where it is said or the symbol's shape tells it; the desk finds out the rest."""
    if params.market is not None:
        return context.ports.market.market(params.market)
    return market_of(params.symbol) or ""


def _judged(verdict: Verdict) -> DryRun:
    return DryRun(
        passes=verdict.passes,
        notional=verdict.notional,
        currency=verdict.currency,
        paper=verdict.paper,
        denials=[dict(each) for each in verdict.denials],
        warnings=list(verdict.warnings),
    )


METHOD = Method(
    name="execute.order",
    handler=execute_order,
    params=Params,
    result=Result,
    summary="Place an order once; a retry with the same key finds it again",
    pool="orders",
    idempotent=False,
    writes=True,
    strict=True,
    renames=asking.RENAMES,
    normalise=asking.normalised,
    examples=(
        {"symbol": "AAPL", "action": "buy", "quantity": 10},
        {"symbol": "AAPL", "action": "buy", "quantity": 10, "price": 430, "time_in_force": "GTC"},
        {"symbol": "BTC/USDT", "action": "sell", "quantity": 0.1, "stop_price": 45000, "dry_run": True},
    ),
)
