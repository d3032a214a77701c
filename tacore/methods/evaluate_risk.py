"""evaluate.risk: what a portfolio may lose, where that comes from, and what a proposed trade would change."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from tacore.errors import bad_param
from tacore.market.asking import age_s, listed
from tacore.market.portfolio import read_portfolio, read_trade
from tacore.market.portfolio_key import Stated, portfolio_key
from tacore.model.cached import CachedAnswer, CacheKey
from tacore.model.portfolio import Trade
from tacore.ports import CacheRule, Context, Method
from tacore.risk import report
from tacore.risk.asked import Params
from tacore.risk.report import Measures, Options
from tacore.steps import step

if TYPE_CHECKING:
    from tacore.model.risk import RiskSettings
    from tacore.model.snapshot import Snapshot

_KIND = "risk"
_MOST_NUMBERS = 50_000_000
_MAIN = ("value", "var", "cvar", "var_pct", "cvar_pct", "volatility", "beta", "max_drawdown")


def prepare() -> None:
    """Import numpy and what measures."""
    import tacore.market.snapshots  # noqa: PLC0415 - numpy: the broker describes methods without it
    import tacore.risk.assess  # noqa: F401, PLC0415


class Source(msgspec.Struct, kw_only=True):
    """Where the data of one market comes from; ages are in that market's time."""

    market: str
    source: str
    simulated: bool
    replay: bool
    as_of: datetime
    age_s: Decimal | None
    market_time: datetime


class BenchmarkView(msgspec.Struct, kw_only=True):
    """What beta is against: the mean return of these."""

    symbols: list[str]
    market: str


class Fx(msgspec.Struct, kw_only=True):
    """The rates used: constants from the configuration, so that currencies do not move in the measures."""

    source: str
    as_of: str
    rates: Annotated[dict[str, float], Meta(description="Of one unit in the base currency")]


class TradeView(msgspec.Struct, kw_only=True):
    """The proposed trade as it was taken, and the limits that the portfolio after it exceeds."""

    symbol: str
    side: str
    quantity: float
    price: float
    value: Annotated[float, Meta(description="Quantity times price, in the base currency")]
    paid_from: Annotated[str, Meta(description="cash, or outside where the portfolio states none")]
    exceeds: list[report.Exceeded]


class Result(CachedAnswer, msgspec.Struct, kw_only=True):
    """The assessment; money is in the base currency, losses are positive."""

    risk_score: float
    risk_level: str
    base_currency: str
    value: float
    var: float | None
    cvar: float | None
    var_pct: float | None
    cvar_pct: float | None
    method: str
    confidence: float
    horizon_days: int
    horizon_scaling: Annotated[str, Meta(description="none, overlapping or sqrt_time")]
    volatility: float | None
    beta: float | None
    benchmark: BenchmarkView | None
    max_drawdown: float | None
    relative_to: Annotated[str, Meta(description="What fractions are of: value, or gross exposure")]
    score_parts: dict[str, float]
    concentration: report.Concentration
    exposure: report.Exposure
    liquidity: report.Liquidity
    contributions: list[report.Contribution]
    stress: list[report.Scenario]
    window: report.Window
    positions: int
    measured: int
    excluded: list[report.Exclusion]
    proposed_trade: TradeView | None = None
    before: Measures | None = None
    after: Measures | None = None
    difference: dict[str, float | None] | None = None
    fx: Fx | None = None
    source: str
    simulated: bool
    replay: bool
    as_of: datetime | None
    age_s: Decimal | None
    sources: list[Source]
    warnings: list[str] = []


def evaluate_risk(params: Params, context: Context) -> Result:
    """Take a snapshot of the market, and measure the portfolio on it."""
    from tacore.market.snapshots import Wanted, take_snapshot  # noqa: PLC0415 - numpy, not for the broker

    settings = context.ports.risk
    stated = _read(params, settings)
    wanted = Wanted(stated.base_currency, params.lookback_days, stated.benchmark)
    with step("snapshot"):
        snapshot = take_snapshot(
            stated.portfolio, stated.trade, wanted, context.ports.market, settings, context.check
        )
    context.check()
    with step("measures"):
        return answer(params, stated.trade, snapshot, settings)


def cache_key(params: Params, context: Context) -> CacheKey:
    """Name what an answer depends on: the portfolio, how to measure, and the times of its markets."""
    policy = context.ports.cache.policy(_KIND)
    stated = _read(params, context.ports.risk)
    measured = (params.confidence, params.horizon_days, params.lookback_days, params.seed, params.simulations)
    return portfolio_key(stated, (params.method, *measured), context.ports.market, policy)


def _read(params: Params, settings: "RiskSettings") -> Stated:
    base = _base_currency(params.base_currency, settings)
    portfolio = read_portfolio(params.portfolio, base, settings.fx.to_usd)
    return Stated(base, portfolio, read_trade(params.proposed_trade), _benchmark(params.benchmark))


def answer(params: Params, trade: Trade | None, snapshot: "Snapshot", settings: "RiskSettings") -> Result:
    """Answer from a snapshot: a pure function, the same for the same request on the same market."""
    from tacore.risk.assess import assess  # noqa: PLC0415 - numpy, not for the broker

    _refuse_too_many(params, len(snapshot.assets))
    options = Options(
        confidence=params.confidence,
        horizon_days=params.horizon_days,
        method=params.method,
        lookback_days=params.lookback_days,
        seed=params.seed,
        simulations=params.simulations,
    )
    taken = None if trade is None else _take(trade, snapshot)
    changes = None if taken is None else _changes(taken, snapshot)
    made = assess(options, snapshot, settings, changes)
    if taken is not None:
        taken.exceeds = made.exceeds
    main = {name: getattr(made.measures, name) for name in (*_MAIN, "risk_score", "risk_level")}
    found = snapshot.benchmark
    return Result(
        **main,
        **_provenance(snapshot),
        base_currency=snapshot.base_currency,
        method=params.method,
        confidence=params.confidence,
        horizon_days=params.horizon_days,
        horizon_scaling=made.horizon_scaling,
        benchmark=None if found is None else BenchmarkView(symbols=list(found.symbols), market=found.market),
        relative_to=made.relative_to,
        score_parts=made.score_parts,
        concentration=made.concentration,
        exposure=made.exposure,
        liquidity=made.liquidity,
        contributions=made.contributions,
        stress=made.stress,
        window=made.window,
        positions=made.measured + len(made.excluded),
        measured=made.measured,
        excluded=made.excluded,
        proposed_trade=taken,
        before=None if made.after is None else made.measures,
        after=made.after,
        difference=None if made.after is None else _difference(made.measures, made.after),
        fx=_fx(snapshot, settings),
        warnings=[*made.warnings, *_warnings(trade, taken, snapshot, settings)],
    )


def _base_currency(asked: str, settings: "RiskSettings") -> str:
    name = asked.strip().upper()
    if name not in settings.fx.to_usd:
        allowed = list(settings.fx.to_usd)
        raise bad_param(
            "base_currency", "there is no rate to it in risk.fx", value=asked, allowed=allowed, near=name
        )
    return name


def _benchmark(asked: str | list[str] | None) -> tuple[str, ...] | None:
    symbols = listed(asked)
    return tuple(symbols) if isinstance(symbols, list) and symbols else None


def _refuse_too_many(params: Params, positions: int) -> None:
    if params.method != "monte_carlo":
        return
    most = _MOST_NUMBERS // max(1, min(positions, params.lookback_days))
    if params.simulations > most:
        allowed = f"1000 to {most} with {positions} positions"
        raise bad_param("simulations", "too many for one answer", value=params.simulations, allowed=allowed)


def _take(trade: Trade, snapshot: "Snapshot") -> TradeView | None:
    if snapshot.trade_row is None:
        return None
    asset = snapshot.assets[snapshot.trade_row]
    price = trade.price or asset.price
    if trade.price is None and trade.value is not None and trade.quantity is not None:
        price = trade.value / trade.quantity / asset.rate
    quantity = trade.quantity or (trade.value or 0.0) / (price * asset.rate)
    return TradeView(
        symbol=asset.symbol,
        side=trade.side,
        quantity=quantity,
        price=price,
        value=quantity * price * asset.rate,
        paid_from="cash" if snapshot.cash else "outside",
        exceeds=[],
    )


def _changes(taken: TradeView, snapshot: "Snapshot") -> tuple[float, float]:
    """Give what a trade changes of the quantity held and of the cash."""
    sign = 1.0 if taken.side == "buy" else -1.0
    return sign * taken.quantity, -sign * taken.value if taken.paid_from == "cash" else 0.0


def _difference(before: Measures, after: Measures) -> dict[str, float | None]:
    was, will = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    return {
        name: None if was[name] is None or will[name] is None else will[name] - was[name]
        for name in was
        if name != "risk_level"
    }


def _fx(snapshot: "Snapshot", settings: "RiskSettings") -> Fx | None:
    if not snapshot.rates:
        return None
    return Fx(source="configuration", as_of=settings.fx.as_of.isoformat(), rates=dict(snapshot.rates))


def _provenance(snapshot: "Snapshot") -> dict[str, Any]:
    """Give what every answer says of its data; ``as_of`` is that of the oldest price in it."""
    sources = [
        Source(
            market=part.market,
            source=",".join(dict.fromkeys(part.history.sources)) or part.source,
            simulated=part.simulated or any(part.history.simulated),
            replay=part.replay,
            as_of=(oldest := min(asset.as_of for asset in part.assets)),
            age_s=age_s(oldest, part.market_time),
            market_time=part.market_time,
        )
        for part in snapshot.parts
    ]
    behind = snapshot.benchmark.history if snapshot.benchmark else None
    names = [*(each.source for each in sources), *(behind.sources if behind else ())]
    return {
        "source": ",".join(dict.fromkeys(names)) or "none",
        "simulated": any(each.simulated for each in sources) or bool(behind and any(behind.simulated)),
        "replay": any(each.replay for each in sources),
        "as_of": min((each.as_of for each in sources), default=None),
        "age_s": max((each.age_s for each in sources if each.age_s is not None), default=None),
        "sources": sources,
    }


def _warnings(
    trade: Trade | None, taken: TradeView | None, snapshot: "Snapshot", settings: "RiskSettings"
) -> Sequence[str]:
    said = list(trade.warnings) if trade else []
    if snapshot.rates:
        named = ", ".join(snapshot.rates)
        said.append(
            f"{named} at constant rates of {settings.fx.as_of} from the configuration: "
            "moves of currencies are not in the measures"
        )
    if taken is not None and snapshot.trade_row is not None:
        held = float(snapshot.quantities[snapshot.trade_row])
        if taken.side == "sell" and taken.quantity > max(0.0, held):
            said.append(
                f"the trade sells {taken.quantity:g} {taken.symbol} where {held:g} are held: a short results"
            )
        last = snapshot.assets[snapshot.trade_row].price
        if abs(taken.price - last) > settings.value_tolerance_pct / 100 * last:
            said.append(
                f"the trade's price is {taken.price:g}, the last one {last:g}: the value after it has the gap"
            )
        if taken.paid_from == "outside":
            said.append("the portfolio states no cash: the trade is taken as paid from outside")
    return said


METHOD = Method(
    name="evaluate.risk",
    handler=evaluate_risk,
    prepare=prepare,
    params=Params,
    result=Result,
    cache=CacheRule(_KIND, cache_key),
    summary="Measure what a portfolio may lose, and what a proposed trade would change",
    renames={
        "proposedTrade": "proposed_trade",
        "confidence_level": "confidence",
        "baseCurrency": "base_currency",
    },
    examples=(
        {"portfolio": {"AAPL": 100}},
        {"portfolio": {"BTC": 0.5, "USDT": 10000}, "confidence": 0.99, "horizon_days": 10},
        {
            "portfolio": {"AAPL": 50, "MSFT": -200, "USD": 20000},
            "proposed_trade": {"symbol": "IBM", "action": "buy", "quantity": 40},
            "method": "parametric",
        },
    ),
)
