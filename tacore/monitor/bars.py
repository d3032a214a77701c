"""A symbol's bars with indicators along them, for a chart."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from tacore.errors import InvalidParams, NotFound, TacoreError
from tacore.monitor.shown import Given, PassedOn, Shown, exact
from tacore.monitor.site import Here, Site

router = APIRouter(tags=["charts"])
PATIENCE_S = 15.0
AGE_S = 2.0
MOST_BARS = 2000
NAMES = ("time", "open", "high", "low", "close", "volume")
_N = "([2-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|250)"
_NAME = f"((sma|ema|rsi|bollinger){_N}|bollinger|macd)"
_NAMES: dict[str, Any] = {"pattern": f"^({_NAME}(,{_NAME}){{0,11}})?$"}
Timeframe = Literal["1m", "5m", "15m", "1h", "1d", "1w"]


class BarNow(PassedOn):
    """A bar; `time` is when it ended."""

    time: str
    open: float
    high: float
    low: float
    close: float
    volume: float


class Bars(Shown):
    """Bars, oldest first, and indicators along them."""

    symbol: str
    market: str
    source: str
    simulated: bool
    as_of: str | None
    timeframe: str
    adjusted: bool
    """Whether later splits and dividends are taken out of bars and indicators."""
    bars: list[BarNow]
    indicators: dict[str, list[float | None]]
    """Each a value a bar, null where it is not defined; bollinger and macd have three lines each."""
    signal: str | None
    """buy, hold or sell, where asked for; as `analyze.stock` says it."""
    levels: dict[str, Any] | None
    """Support and resistance, where asked for, in the prices of the bars."""
    warnings: list[str]


@router.get("/api/bars", response_model=Bars)
async def bars(
    site: Here,
    symbol: Annotated[str, Query(min_length=1, description="A symbol of any market.")],
    market: Annotated[str | None, Given, Query(description="Its market; left out: by the symbol.")] = None,
    timeframe: Annotated[Timeframe, Query(description="A bar's width.")] = "1d",
    limit: Annotated[int, Query(ge=1, le=MOST_BARS, description="So many of the newest bars.")] = 250,
    indicators: Annotated[
        str, Query(description="sma20,ema12,rsi14,bollinger,macd", json_schema_extra=_NAMES)
    ] = "",
    adjusted: Annotated[bool, Query(description="Take later splits and dividends out.")] = True,
    analysis: Annotated[bool, Query(description="With signal and levels of analyze.stock.")] = False,
) -> Response:
    """Show bars with indicators along them, computed of the bars' closes."""
    names = [each.strip() for each in indicators.split(",") if each.strip()]
    before = await asyncio.to_thread(_needed, names)
    asked = {"symbols": [symbol], "market": market, "timeframe": timeframe, "adjusted": adjusted}
    told = await _ask(site, "get.market_data", asked | {"limit": limit + before})
    if not told["symbols"]:
        raise NotFound(f"no bars of {symbol}: {told['missing'].get(symbol, 'unknown')}")
    (view,) = told["symbols"].values()
    all_bars = view["bars"]
    lines = await asyncio.to_thread(_lines, names, [float(each["close"]) for each in all_bars])
    signal, levels, why = await _analysis(site, symbol, market, timeframe) if analysis else (None, None, [])
    return exact(
        {
            "symbol": view["symbol"],
            "market": told["market"],
            "source": view.get("bars_source", view["source"]),
            "simulated": view["simulated"],
            "as_of": told["as_of"],
            "timeframe": timeframe,
            "adjusted": adjusted,
            "bars": [{name: each[name] for name in NAMES} for each in all_bars[-limit:]],
            "indicators": {name: line[-limit:] for name, line in lines.items()},
            "signal": signal,
            "levels": _scaled(levels, all_bars) if adjusted and levels and all_bars else levels,
            "warnings": [*told.get("warnings", []), *why],
        }
    )


async def _ask(site: Site, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: each for name, each in params.items() if each is not None}
    try:
        told: dict[str, Any] = await site.watch.ask(method, given, max_age_s=AGE_S, timeout_s=PATIENCE_S)
    except InvalidParams as error:
        if {"symbols", "symbol", "market"} & set(error.details):  # here they name what is looked at
            raise NotFound(error.message, details=error.details) from error
        raise
    return told


async def _analysis(
    site: Site, symbol: str, market: str | None, timeframe: str
) -> tuple[str | None, dict[str, Any] | None, list[str]]:
    """Ask for a signal and levels; a chart is shown without them, and says why."""
    asked = {"symbol": symbol, "market": market, "timeframe": timeframe, "analysis_type": "technical"}
    try:
        told = await _ask(site, "analyze.stock", asked)
    except TacoreError as error:
        return None, None, [f"no analysis: {error.message}"]
    return told.get("signal"), told.get("levels"), []


def _scaled(levels: Mapping[str, Any], all_bars: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Bring levels, which are in prices as traded at their end, to those of adjusted bars."""
    factor = float(all_bars[-1]["close"]) / float(levels["price"])
    sides = {
        side: [{**each, "price": each["price"] * factor} for each in levels[side]]
        for side in ("support", "resistance")
    }
    prices = {name: levels[name] * factor for name in ("price", "tolerance")}
    return {**levels, **prices, **sides, "shown": "in the prices of the adjusted bars"}


def _needed(names: Sequence[str]) -> int:
    if not names:
        return 0
    from tacore.analysis.lines import needed  # noqa: PLC0415 - numpy and TA-Lib, which only a chart needs

    return needed(names)


def _lines(names: Sequence[str], closes: Sequence[float]) -> dict[str, list[float | None]]:
    if not names:
        return {}
    from tacore.analysis.lines import lines  # noqa: PLC0415 - as above

    return lines(names, closes)
