"""get.market_data: quotes and bars of some symbols of one market."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tacore.errors import InvalidParams, NotFound, Unavailable, bad_param
from tacore.market.asking import (
    Asked,
    age_s,
    find,
    listed,
    merge_symbols,
    moment,
    provenance,
    why_no_price,
)
from tacore.market.hours import HOURS
from tacore.market.shelf_life import shelf_life
from tacore.market.timeframes import timeframe
from tacore.model import Bar, Quote
from tacore.model.cached import CachedAnswer, CacheKey, digest, readable
from tacore.ports import CacheRule, Context, MarketData, MarketDataProvider, Method
from tacore.steps import step

_DEFAULT_BARS = 30
_MOST_BARS = 5000
_MOST_SYMBOLS = 500
_MOST_IN_ALL = 20_000
_KIND = "market_data"


class Params(msgspec.Struct, kw_only=True):
    """What to show of which symbols."""

    symbols: Annotated[
        list[str],
        Meta(max_length=_MOST_SYMBOLS, description="One or more symbols of one market; needed"),
    ] = []
    symbol: Annotated[str | None, Meta(description="Instead of symbols")] = None
    market: Annotated[str | None, Meta(description="US, CN, HK, CRYPTO or SIM; left out: by the symbols")] = (
        None
    )
    timeframe: Annotated[Literal["1m", "5m", "15m", "1h", "1d", "1w"], Meta(description="A bar's width")] = (
        "1d"
    )
    start: Annotated[str | None, Meta(description="Bars that ended after it: a date or moment")] = None
    end: Annotated[str | None, Meta(description="Bars that ended by it: a date (whole) or moment")] = None
    limit: Annotated[
        Annotated[int, Meta(ge=0, le=_MOST_BARS)] | None,
        Meta(description=f"How many of the newest bars; {_DEFAULT_BARS} without start, else all"),
    ] = None
    adjusted: Annotated[bool, Meta(description="Take later splits and dividends out of the bars")] = False
    fields: Annotated[
        list[str] | None, Meta(description="Only these of quote and bars; quote or bars means all of it")
    ] = None


class QuoteView(msgspec.Struct, kw_only=True):
    """A quote, or the chosen fields of one; prices are raw, changes of adjusted prices."""

    price: Decimal | UnsetType = UNSET
    change_pct: Decimal | UnsetType | None = UNSET
    change_24h: Decimal | UnsetType | None = UNSET
    open: Decimal | UnsetType = UNSET
    high: Decimal | UnsetType = UNSET
    low: Decimal | UnsetType = UNSET
    volume: Decimal | UnsetType = UNSET
    as_of: datetime | UnsetType = UNSET
    age_s: Decimal | UnsetType | None = UNSET
    stale: bool | UnsetType = UNSET


class BarView(msgspec.Struct, kw_only=True):
    """A bar, or the chosen fields of one; ``time`` is when it ended."""

    time: datetime
    session: str | UnsetType = UNSET
    open: Decimal | UnsetType = UNSET
    high: Decimal | UnsetType = UNSET
    low: Decimal | UnsetType = UNSET
    close: Decimal | UnsetType = UNSET
    volume: Decimal | UnsetType = UNSET
    adjusted_close: Decimal | UnsetType = UNSET


class SymbolView(msgspec.Struct, kw_only=True):
    """One symbol: ``symbol`` is the provider's, ``asked`` the client's spelling where it differs.

    ``source`` gave the quote, and the bars too unless ``bars_source`` says otherwise.
    """

    symbol: str
    name: str
    currency: str
    source: str
    simulated: bool
    bars_source: str | UnsetType = UNSET
    quote: QuoteView | UnsetType = UNSET
    bars: list[BarView] | UnsetType = UNSET
    asked: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


class Result(CachedAnswer, msgspec.Struct, kw_only=True):
    """Quotes and bars by symbol, and where they come from; ``stale`` where any of the quotes is."""

    market: str
    timeframe: str
    adjusted: bool
    bars_shown: str
    source: str
    simulated: bool
    replay: bool
    as_of: datetime | None
    age_s: Decimal | None
    market_time: datetime
    market_open: bool
    stale: bool
    symbols: dict[str, SymbolView]
    missing: dict[str, str] = {}
    warnings: list[str] = []


_QUOTE = QuoteView.__struct_fields__
_BAR = BarView.__struct_fields__
_FIELDS = ("quote", "bars", *dict.fromkeys((*_QUOTE, *_BAR)))


def normalise(params: dict[str, Any]) -> dict[str, Any]:
    """Accept symbol or symbols, text or list, and other spellings of the timeframe."""
    merged = merge_symbols(params)
    if not merged.get("symbols"):
        allowed = "a list of symbols, comma-separated text, or symbol for one"
        raise bad_param("symbols", "at least one symbol is needed", allowed=allowed)
    if isinstance(merged.get("timeframe"), str):
        merged["timeframe"] = timeframe(merged["timeframe"])
    if "fields" in merged:
        merged["fields"] = listed(merged["fields"])
    return merged


def get_market_data(params: Params, context: Context) -> Result:
    """Answer with each symbol's last price and bars; what is not there is listed in ``missing``."""
    data = context.ports.market
    market = data.market(params.market or data.infer_market(params.symbols))
    provider, now = data.provider(market), data.now(market)
    wanted = _Wanted(params, market, data)
    with step("symbols"):
        asked, missing = find(params.symbols, market, provider, wanted.unasked)
    with step("quotes"):
        found = provider.quotes([each.instrument for each in asked], now=now)
    views: dict[str, SymbolView] = {}
    quotes: list[Quote] = []
    for each, quote in zip(asked, found, strict=True):
        context.check()
        if quote is None:
            missing[each.sent] = why_no_price(each, provider, now)
            continue
        views[each.symbol] = wanted.view(each, quote, provider, now)
        quotes.append(quote)
    result = Result(
        **provenance(data, market, now, [each.as_of for each in quotes], wanted.sources),
        market_open=data.is_open(market),
        stale=any(wanted.is_stale(each.as_of) for each in quotes),
        timeframe=params.timeframe,
        adjusted=params.adjusted,
        bars_shown=_bars_shown(params),
        symbols=views,
        missing=missing,
        warnings=wanted.warnings,
    )
    if wanted.unasked:
        result.cached = False
    return result


def cache_key(params: Params, context: Context) -> CacheKey:
    """Name what an answer depends on: the whole request, and the time of its market."""
    data = context.ports.market
    market = data.market(params.market or data.infer_market(params.symbols))
    clock, ttl_s = shelf_life(data, market, context.ports.cache.policy(_KIND))
    symbols = ",".join(params.symbols)
    return CacheKey(readable(market, symbols, params.timeframe, clock, digest(params)), ttl_s)


class _Wanted:
    """What a request wants to see of each symbol."""

    def __init__(self, params: Params, market: str, data: MarketData) -> None:
        hours = HOURS[market]
        self._params = params
        self.is_stale = cache(partial(data.is_stale, market))  # quotes of one moment are judged once
        self._start = moment("start", params.start, hours)
        self._end = moment("end", params.end, hours, ends=True)
        if self._start and self._end and self._start >= self._end:
            raise InvalidParams(
                "start lies after end",
                details={"start": {"problem": "lies after end", "value": [params.start, params.end]}},
            )
        most = min(_MOST_BARS, _MOST_IN_ALL // max(1, len(params.symbols)))
        if params.limit is not None and params.limit > most:
            allowed = f"0 to {most} bars of {len(params.symbols)} symbols"
            raise bad_param("limit", "too many bars for one answer", value=params.limit, allowed=allowed)
        self._limit = params.limit if params.limit is not None else _DEFAULT_BARS
        self._most = most if self._start and params.limit is None else None
        self._quote = _chosen(params.fields, "quote", _QUOTE)
        self._bar = _chosen(params.fields, "bars", _BAR)
        self.warnings: list[str] = []
        self.sources: set[str] = set()
        self.unasked: set[str] = set()  # a provider could not be asked for them or their bars

    def view(self, asked: Asked, quote: Quote, provider: MarketDataProvider, now: datetime) -> SymbolView:
        """Show one symbol."""
        instrument = asked.instrument
        view = SymbolView(
            symbol=instrument.symbol,
            name=instrument.name,
            currency=instrument.currency,
            source=quote.source,
            simulated=quote.simulated,
        )
        self.sources.add(quote.source)
        if asked.sent != asked.symbol:
            view.asked = asked.sent
        if instrument.note:
            view.note = instrument.note
        if self._quote:
            values = msgspec.structs.asdict(quote)
            values |= {"age_s": age_s(quote.as_of, now), "stale": self.is_stale(quote.as_of)}
            view.quote = QuoteView(**{name: values[name] for name in self._quote})
        if self._bar:
            bars = self._bars(asked, provider, now)
            view.bars = [self._bar_view(each) for each in bars]
            self.sources |= {each.source for each in bars}
            if bars and bars[0].source != quote.source:
                view.bars_source = bars[0].source
        return view

    def _bars(self, asked: Asked, provider: MarketDataProvider, now: datetime) -> Sequence[Bar]:
        try:
            with step(f"bars {asked.symbol}"):
                bars = provider.bars(
                    asked.instrument,
                    self._params.timeframe,
                    now=now,
                    start=self._start,
                    end=self._end,
                    limit=self._most or self._limit,
                    adjusted=self._params.adjusted,
                )
        except (NotFound, Unavailable) as error:
            self.warnings.append(f"{asked.symbol}: no bars: {error.message}")
            if isinstance(error, Unavailable) and error.retryable:
                self.unasked.add(asked.sent)
            return ()
        if len(bars) == self._most:
            self.warnings.append(f"{asked.symbol}: only the newest {self._most} bars are shown")
        return bars

    def _bar_view(self, bar: Bar) -> BarView:
        return BarView(time=bar.time, **{name: getattr(bar, name) for name in self._bar if name != "time"})


def _chosen(fields: Sequence[str] | None, section: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the names of a section that were asked for; none asked for means all."""
    for field in fields or ():
        if field not in _FIELDS:
            raise bad_param("fields", "there is no such field", value=field, allowed=_FIELDS, near=field)
    if fields is None or section in fields:
        return names
    return tuple(name for name in names if name in fields)


def _bars_shown(params: Params) -> str:
    if params.adjusted:
        return "adjusted: later splits and dividends are taken out of the prices; volume is raw"
    return (
        "raw: prices as traded, so that splits show; adjusted_close has later splits and dividends taken out"
    )


METHOD = Method(
    name="get.market_data",
    handler=get_market_data,
    params=Params,
    result=Result,
    summary="Show quotes and bars of one or more symbols",
    renames={"market_type": "market", "interval": "timeframe"},
    normalise=normalise,
    cache=CacheRule(_KIND, cache_key),
    examples=(
        {"symbols": ["AAPL", "MSFT"]},
        {"symbol": "BTC/USDT", "timeframe": "1h", "limit": 24},
        {"symbols": "GOOG", "start": "2013-02-01", "adjusted": True, "fields": ["price", "close"]},
    ),
)
