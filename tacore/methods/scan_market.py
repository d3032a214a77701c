"""scan.market: which instruments of a market meet some criteria, best first."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tacore.errors import bad_param
from tacore.market.asking import find, merge_symbols, provenance
from tacore.market.scan import (
    FEATURES,
    SCAN_TYPES,
    SORTS,
    Band,
    Look,
    band,
    meets,
    name_criteria,
    sort_looks,
)
from tacore.model import Instrument
from tacore.ports import Context, Method

_MOST_SYMBOLS = 20_000
_MOST_SHOWN = 1000
_DEFAULT_SHOWN = 50


class Range(msgspec.Struct, forbid_unknown_fields=True):
    """Both sides of a criterion; a side left out is open."""

    min: float | None = None
    max: float | None = None


Pair = tuple[float | None, float | None]


class Criteria(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an instrument must meet, bounds included; X_range is [low, high] or {min, max}."""

    min_price: float | None = None
    max_price: float | None = None
    price_range: Range | Pair | None = None
    min_change_pct: float | None = None
    max_change_pct: float | None = None
    change_pct_range: Range | Pair | None = None
    min_volume: float | None = None
    max_volume: float | None = None
    volume_range: Range | Pair | None = None


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
    criteria: Criteria = msgspec.field(default_factory=Criteria)
    sort_by: Annotated[
        Literal["score", "price", "change_pct", "volume", "symbol"] | None,
        Meta(description="Left out: by scan_type, else by score"),
    ] = None
    descending: Annotated[
        bool | None, Meta(description="Largest first; left out: yes, but for symbols and top_losers")
    ] = None
    limit: Annotated[int, Meta(ge=1, le=_MOST_SHOWN, description="How many to show")] = _DEFAULT_SHOWN
    scan_type: Annotated[str | None, Meta(description=f"An order by its name: {', '.join(SCAN_TYPES)}")] = (
        None
    )
    max_symbols: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Look at the first so many instruments only, by symbol"),
    ] = None


class Opportunity(msgspec.Struct, kw_only=True):
    """One instrument that meets the criteria; the score is 0 to 100."""

    symbol: str
    name: str
    price: Decimal
    change_pct: Decimal | None
    volume: Decimal
    score: float
    signals: list[str]
    as_of: datetime


class Result(msgspec.Struct, kw_only=True):
    """What the scan found; ``scanned`` had a price, ``matched`` met the criteria, the best are shown."""

    market: str
    source: str
    simulated: bool
    replay: bool
    as_of: datetime | None
    age_s: Decimal | None
    market_time: datetime
    scanned: int
    matched: int
    sorted_by: str
    opportunities: list[Opportunity]
    missing: dict[str, str] = {}
    warnings: list[str] = []


def normalise(params: dict[str, Any]) -> dict[str, Any]:
    """Accept symbol or symbols, text or list, and other spellings of criteria and sort_by."""
    merged = merge_symbols(params)
    if isinstance(merged.get("criteria"), dict):
        merged["criteria"] = name_criteria(merged["criteria"])
    elif "criteria" in merged and merged["criteria"] is None:
        del merged["criteria"]
    sort_by = merged.get("sort_by")
    if isinstance(sort_by, str):
        merged["sort_by"] = {"change": "change_pct"}.get(sort_by.lower(), sort_by.lower())
        if merged["sort_by"] not in SORTS:
            raise bad_param("sort_by", "nothing to sort by", value=sort_by, allowed=SORTS, near=sort_by)
    return merged


def scan_market(params: Params, context: Context) -> Result:
    """Look at a market's quotes and answer with what meets the criteria, best first."""
    data = context.ports.market
    bands = _bands(params.criteria)
    sort_by, descending, warnings = _order(params)
    market = data.market(params.market or data.infer_market(params.symbols or []))
    provider, now = data.provider(market), data.now(market)
    instruments, missing = _instruments(params, context, market)
    looks: list[Look] = []
    for instrument, quote in zip(instruments, provider.quotes(instruments, now=now), strict=True):
        if quote is None:
            missing[instrument.symbol] = f"no price yet at {now.isoformat()}"
        else:
            looks.append(Look(instrument, quote))
    context.check()
    matched = [look for look in looks if meets(look, bands)]
    shown = sort_looks(matched, sort_by, descending=descending)[: params.limit]
    return Result(
        **provenance(
            data,
            market,
            now,
            [look.quote.as_of for look in looks],
            {look.quote.source for look in looks},
        ),
        scanned=len(looks),
        matched=len(matched),
        sorted_by=f"{sort_by} {'descending' if descending else 'ascending'}",
        opportunities=[_opportunity(look) for look in shown],
        missing=missing,
        warnings=warnings,
    )


def _instruments(params: Params, context: Context, market: str) -> tuple[list[Instrument], dict[str, str]]:
    provider = context.ports.market.provider(market)
    if not params.symbols:
        return list(provider.instruments(market))[: params.max_symbols], {}
    asked, missing = find(params.symbols, market, provider)
    chosen = {each.instrument.symbol: each.instrument for each in asked}
    return [chosen[symbol] for symbol in sorted(chosen)][: params.max_symbols], missing


def _order(params: Params) -> tuple[str, bool, list[str]]:
    """Give what to sort by, whether the largest come first, and what to warn of."""
    wanted = (params.scan_type or "default").strip().lower()
    warnings = []
    if wanted not in SCAN_TYPES:
        known = ", ".join(SCAN_TYPES)
        warnings.append(f"scan_type {params.scan_type} is not known and changes nothing; known: {known}")
    sort_by, descending = SCAN_TYPES.get(wanted, SCAN_TYPES["default"])
    if params.sort_by:
        sort_by, descending = params.sort_by, params.sort_by != "symbol"
    return sort_by, descending if params.descending is None else params.descending, warnings


def _bands(criteria: Criteria) -> dict[str, Band]:
    found = {feature: _band(criteria, feature) for feature in FEATURES}
    return {feature: each for feature, each in found.items() if each}


def _band(criteria: Criteria, feature: str) -> Band | None:
    low, high = getattr(criteria, f"min_{feature}"), getattr(criteria, f"max_{feature}")
    both = getattr(criteria, f"{feature}_range")
    pair = (both.min, both.max) if isinstance(both, Range) else both or (None, None)
    return band(feature, [low, pair[0]], [high, pair[1]])


def _opportunity(look: Look) -> Opportunity:
    quote = look.quote
    return Opportunity(
        symbol=look.instrument.symbol,
        name=look.instrument.name,
        price=quote.price,
        change_pct=quote.change_pct,
        volume=quote.volume,
        score=look.score,
        signals=look.signals,
        as_of=quote.as_of,
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
        {"market": "US", "criteria": {"min_volume": 1000000}},
        {"market": "CRYPTO", "criteria": {"price_range": {"min": 1, "max": 100}}, "sort_by": "change_pct"},
        {"market": "SIM", "scan_type": "top_gainers", "limit": 10},
    ),
)
