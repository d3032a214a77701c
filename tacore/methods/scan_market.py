"""scan.market: which instruments of a market meet some criteria, best first."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from tacore.errors import Unavailable, bad_param
from tacore.market.asking import find, listed, merge_symbols, provenance
from tacore.market.features.catalogue import DEFAULT_SHOWN, FEATURES, named
from tacore.market.scan.asked import (
    DEFAULT_LIMIT,
    Asked,
    choose_preset,
    refuse_unserved,
    shown_features,
    whether_history,
)
from tacore.market.scan.criteria import Group, read_criteria
from tacore.market.scan.presets import MOST_SHOWN, SORTS
from tacore.market.scan.schema import criteria_schema
from tacore.model import Instrument
from tacore.ports import Context, Method
from tacore.steps import step

if TYPE_CHECKING:
    from tacore.model.history import History
    from tacore.model.table import Table

_MOST_SYMBOLS = 20_000
_AT_ONCE = 50
"""So many instruments or fewer are computed on the spot, where no table is there."""


class Params(msgspec.Struct, kw_only=True):
    """Where to look, what to look for, and how to show it."""

    market: Annotated[
        str | None, Meta(description="US, CN, HK, CRYPTO or SIM; left out: by the symbols, else US")
    ] = None
    symbols: Annotated[
        Annotated[list[str], Meta(max_length=_MOST_SYMBOLS)] | None,
        Meta(description="Only these; left out or empty: the whole market"),
    ] = None
    symbol: Annotated[str | None, Meta(description="Instead of symbols")] = None
    criteria: Annotated[
        dict[str, Any],
        Meta(
            description="min_X, max_X, X_range, or X with operators, for every feature X; all and any nest",
            extra_json_schema=criteria_schema("#/$defs/Params/properties/criteria"),
        ),
    ] = {}
    preset: Annotated[str | None, Meta(description="A scan by its name")] = None
    sort_by: Annotated[
        str | None,
        Meta(
            description="Left out: by the preset, else by score",
            extra_json_schema={"examples": list(SORTS)},
        ),
    ] = None
    descending: Annotated[
        bool | None, Meta(description="Largest first; left out: by the preset, else yes but for symbols")
    ] = None
    limit: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_SHOWN)] | None,
        Meta(description=f"How many to show; left out: by the preset, else {DEFAULT_LIMIT}"),
    ] = None
    features: Annotated[
        list[str] | None,
        Meta(
            description=f"Which features to show; all means all; left out: {', '.join(DEFAULT_SHOWN)}",
            extra_json_schema={"examples": list(FEATURES)},
        ),
    ] = None
    scan_type: Annotated[str | None, Meta(description="A preset; another word is only a warning")] = None
    max_symbols: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Look at the first so many instruments only, by symbol"),
    ] = None


_OPPORTUNITY = {
    "properties": {
        "symbol": {"type": "string"},
        "name": {"type": "string"},
        "price": {"type": "number"},
        "change_pct": {"type": ["number", "null"]},
        "volume": {"type": "number"},
        "score": {"type": "number", "description": FEATURES["score"].meaning},
        "signals": {"type": "array", "items": {"type": "string"}},
        "as_of": {"type": "string", "format": "date-time"},
    },
    "additionalProperties": {"type": ["number", "null"], "description": "the features asked for"},
}


class Snapshot(msgspec.Struct, kw_only=True):
    """The feature table that was scanned; ``age_s`` is in wall time."""

    generation: int
    built_at: datetime
    age_s: float


class Result(msgspec.Struct, kw_only=True):
    """What the scan found; ``scanned`` had a price, ``matched`` met the criteria, the best are shown.

    ``snapshot`` is null where features were computed for this very request.
    """

    market: str
    source: str
    simulated: bool
    replay: bool
    as_of: datetime | None
    age_s: Decimal | None
    market_time: datetime
    snapshot: Snapshot | None
    preset: str | None
    scanned: int
    matched: int
    sorted_by: str
    opportunities: list[Annotated[dict[str, Any], Meta(extra_json_schema=_OPPORTUNITY)]]
    missing: dict[str, str] = {}
    warnings: list[str] = []


def normalise(params: dict[str, Any]) -> dict[str, Any]:
    """Accept symbol or symbols, text or list, and other spellings of features and sort_by."""
    merged = merge_symbols(params)
    if "features" in merged:
        merged["features"] = listed(merged["features"])
    if "criteria" in merged and merged["criteria"] is None:
        del merged["criteria"]
    sort_by = merged.get("sort_by")
    if isinstance(sort_by, str):
        merged["sort_by"] = named(sort_by)
        if merged["sort_by"] not in SORTS:
            raise bad_param("sort_by", "nothing to sort by", value=sort_by, allowed=SORTS, near=sort_by)
    return merged


def scan_market(params: Params, context: Context) -> Result:
    """Match a market's feature table with the criteria, best first."""
    from tacore.market.scan.shown import found_in  # noqa: PLC0415 - numpy, which the broker does without

    data, tables = context.ports.market, context.ports.tables
    warnings: list[str] = []
    preset = choose_preset(params.preset, params.scan_type, tables.presets if tables else {}, warnings)
    asked = _asked(params, preset)
    market = data.market(params.market or _market_of(params, preset, context))
    if preset is not None and preset.markets and market not in preset.markets:
        raise bad_param(
            "preset", f"{preset.name} is not of {market}", value=preset.name, allowed=preset.markets
        )
    asked = replace(asked, shown=refuse_unserved(asked, params.features, market))
    with step("table") as got:
        table, chosen, missing = _table(params, asked, market, context)
        got.say("kept" if table.facts.generation else "made for this request")
    if not table.facts.full:
        warnings.append(f"features that need daily history are not ready for {market} yet, and null")
    context.check()
    with step("query"):
        found = found_in(table, chosen, asked, tables.presets.values() if tables else ())
    now = data.now(market)
    facts = table.facts
    return Result(
        **{
            **provenance(data, market, now, found.oldest),
            "source": facts.source,
            "simulated": facts.simulated,
        },
        snapshot=_snapshot(table, context) if facts.generation else None,
        preset=asked.preset,
        scanned=found.scanned,
        matched=found.matched,
        sorted_by=asked.order,
        opportunities=found.opportunities,
        missing=missing,
        warnings=warnings,
    )


def _asked(params: Params, preset: Any) -> Asked:  # noqa: ANN401 - a Preset, or None
    condition = read_criteria(params.criteria)
    if preset is not None:
        condition = Group((preset.condition, condition))
    sort_by, descending = (preset.sort_by, preset.descending) if preset is not None else ("score", True)
    if params.sort_by:
        sort_by, descending = params.sort_by, params.sort_by != "symbol"
    shown = shown_features(params.features)
    return Asked(
        condition=condition,
        sort_by=sort_by,
        descending=descending if params.descending is None else params.descending,
        limit=params.limit or (preset is not None and preset.limit) or DEFAULT_LIMIT,
        shown=shown,
        needs_history=whether_history(condition, sort_by, shown, chosen=params.features is not None),
        preset=preset.name if preset is not None else None,
    )


def _market_of(params: Params, preset: Any, context: Context) -> str:  # noqa: ANN401 - a Preset, or None
    """Tell which market is meant: by the symbols, else by a preset of one market, else US."""
    if not params.symbols and preset is not None and len(preset.markets) == 1:
        return str(preset.markets[0])
    return context.ports.market.infer_market(params.symbols or [])


def _table(
    params: Params, asked: Asked, market: str, context: Context
) -> tuple["Table", list[int] | None, dict[str, str]]:
    """Give the table to look at, the rows of it (None: all), and what of the symbols is missing."""
    instruments, missing = _instruments(params, context, market) if params.symbols else (None, {})
    table, why = _kept(market, context)
    few = instruments is not None and len(instruments) <= _AT_ONCE
    if table is not None and (table.facts.full or not (asked.needs_history or few)):
        return _rows(table, instruments, params.max_symbols, missing)
    if instruments is None:
        everything = context.ports.market.provider(market).instruments(market)
        instruments = list(everything[: params.max_symbols])
    few = len(instruments) <= _AT_ONCE
    if not few and asked.needs_history:
        raise why or Unavailable(f"the daily history of {market} is not all there yet; try again shortly")
    from tacore.market.scan.tables import made_on_the_spot  # noqa: PLC0415 - numpy

    history = [_history(market, instruments, context)] if few else None
    with step("features"):
        made = made_on_the_spot(context.ports.market, market, instruments, history, context.clock.wall_us())
    return made, None, missing | made.facts.missing


def _history(market: str, instruments: list[Instrument], context: Context) -> "History":
    from tacore.market.features.table import SESSIONS  # noqa: PLC0415 - numpy

    data, tables = context.ports.market, context.ports.tables
    with step("history"):
        if tables is not None:
            return tables.history(market, instruments)
        return data.provider(market).history(instruments, now=data.now(market), sessions=SESSIONS)


def _kept(market: str, context: Context) -> tuple["Table | None", Unavailable | None]:
    """Give the table that the refresher keeps, or why there is none."""
    if context.ports.tables is None:
        return None, Unavailable(f"no feature table of {market} is kept here")
    try:
        return context.ports.tables.table(market), None
    except Unavailable as error:
        return None, error


def _rows(
    table: "Table", instruments: list[Instrument] | None, most: int | None, missing: dict[str, str]
) -> tuple["Table", list[int] | None, dict[str, str]]:
    if instruments is None:
        return table, None if most is None else list(range(min(most, len(table)))), table.facts.missing
    found: list[int] = []
    for each in instruments:
        row = table.row(each.symbol)
        if row is None:
            missing[each.symbol] = table.facts.missing.get(each.symbol, "not in the feature table yet")
        else:
            found.append(row)
    return table, found, missing


def _instruments(params: Params, context: Context, market: str) -> tuple[list[Instrument], dict[str, str]]:
    with step("symbols"):
        asked, missing = find(params.symbols or [], market, context.ports.market.provider(market))
    chosen = {each.instrument.symbol: each.instrument for each in asked}
    return [chosen[symbol] for symbol in sorted(chosen)][: params.max_symbols], missing


def _snapshot(table: "Table", context: Context) -> Snapshot:
    from tacore.model.table import datetime_of  # noqa: PLC0415 - numpy

    built_us = table.facts.built_us
    return Snapshot(
        generation=table.facts.generation,
        built_at=datetime_of(built_us),
        age_s=round((context.clock.wall_us() - built_us) / 1e6, 3),
    )


METHOD = Method(
    name="scan.market",
    handler=scan_market,
    params=Params,
    result=Result,
    summary="Find the instruments of a market that meet criteria, best first",
    renames={"market_type": "market", "filters": "criteria", "scan_criteria": "criteria"},
    normalise=normalise,
    examples=(
        {"market": "US", "criteria": {"min_volume": 1000000, "price_range": [10, 500]}},
        {"symbols": ["BTC", "ETH"], "criteria": {"rsi_14": {"gt": 20}, "price": {"gt": "sma_200"}}},
        {"market": "SIM", "preset": "top_gainers", "limit": 10},
        {
            "market": "CN",
            "criteria": {"any": [{"max_rsi_14": 30}, {"sma_50": {"crosses_above": "sma_200"}}]},
            "features": ["rsi_14", "sma_50", "sma_200"],
            "symbols": ["600519", "000001"],
        },
    ),
)
