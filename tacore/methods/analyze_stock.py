"""analyze.stock: what one instrument's prices, figures and risk say, as a signal with its evidence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tacore.analysis.answer import Answer, Reading
from tacore.analysis.asked import SPELLINGS, TYPES, Params
from tacore.analysis.comprehensive import Combined, combine, parts
from tacore.analysis.fundamental import figures_of, fundamental
from tacore.analysis.weighing import Weighed
from tacore.errors import Internal, NotFound, Unavailable, bad_param
from tacore.market.annual import bars_per_year, sessions_per_year
from tacore.market.as_of import close_of
from tacore.market.asking import find, provenance
from tacore.market.hours import HOURS, Hours
from tacore.market.shelf_life import shelf_life
from tacore.market.spelling import own_spelling
from tacore.market.timeframes import MINUTES, refuse_timeframe, timeframe
from tacore.model import Fundamentals, Instrument
from tacore.model.cached import CacheKey, digest, readable
from tacore.ports import CacheRule, Context, FundamentalsProvider, MarketDataProvider, Method
from tacore.steps import step

if TYPE_CHECKING:
    from tacore.analysis.benchmark import Benchmark
    from tacore.analysis.series import Series
    from tacore.model.history import History

_KIND = "analysis"
_SESSIONS_A_WEEK = 7
_LARGE, _OF_LARGE = 500, 100  # instruments: of a large market the first by symbol stand for it
_FIRST, _AT_ONCE = 5, 25  # instruments read: the first tell how long the others take


def normalise(params: dict[str, Any]) -> dict[str, Any]:
    """Accept other spellings of the analysis and of the timeframe."""
    given = dict(params)
    if isinstance(given.get("timeframe"), str):
        given["timeframe"] = timeframe(given["timeframe"])
    wanted = given.get("analysis_type")
    if isinstance(wanted, str):
        word = wanted.strip().lower()
        given["analysis_type"] = SPELLINGS.get(word, word)
        if given["analysis_type"] not in TYPES:
            raise bad_param(
                "analysis_type", "there is no such analysis", value=wanted, allowed=TYPES, near=word
            )
    return given


def analyze_stock(params: Params, context: Context) -> Answer:
    """Analyse one instrument as of the market's time, or as of a day's close."""
    if params.analysis_type == "agents":
        raise Internal("analysis_type agents belongs to analyze.agents: the broker sends it there")
    with step("symbol"):
        case = _open(params, context)
    wanted = [params.analysis_type] if params.analysis_type != "comprehensive" else list(_PARTS)
    for name in wanted:
        context.check()
        try:
            with step(name):
                case.weighed[name] = _PARTS[name](case)
        except Unavailable as error:
            if wanted == [name]:
                raise
            case.missing[name] = error.message
            case.passing |= error.retryable
    if not case.weighed:
        raise Unavailable("; ".join(f"{name}: {reason}" for name, reason in case.missing.items()))
    answer = case.answer(combine(case.weighed) if len(wanted) > 1 else None)
    if case.passing or params.out_of_place():
        answer.cached = False
    return answer


def cache_key(params: Params, context: Context) -> CacheKey | None:
    """Name what an answer depends on; no agent's decision is ever kept."""
    if params.analysis_type == "agents":
        return None
    data = context.ports.market
    market, symbol = own_spelling(params.symbol, data, params.market)
    clock, ttl_s = shelf_life(data, market, context.ports.cache.policy(_KIND))
    asked = [params.analysis_type, params.date, params.timeframe, params.lookback, params.benchmark]
    whole = digest([market, symbol, *asked])
    return CacheKey(readable(market, symbol, params.analysis_type, params.timeframe, clock, whole), ttl_s)


def prepare() -> None:
    """Import numpy and TA-Lib."""
    import tacore.analysis.own_risk  # noqa: PLC0415 - numpy: the broker describes methods without it
    import tacore.analysis.technical  # noqa: F401, PLC0415 - TA-Lib


@dataclass(frozen=True, slots=True)
class _Bars:
    """A series, and what an answer says of it."""

    series: "Series"
    session: str
    as_of: datetime


@dataclass(slots=True)
class _Case:
    """One request under way: what was asked, and what has been found so far."""

    params: Params
    context: Context
    market: str
    provider: MarketDataProvider
    instrument: Instrument
    now: datetime
    moment: datetime
    said: dict[str, Any] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    bars: list[_Bars] = field(default_factory=list)
    weighed: dict[str, Weighed] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    passing: bool = False  # what is missing may be there when asked again
    warnings: list[str] = field(default_factory=list)

    @property
    def hours(self) -> Hours:
        return HOURS[self.market]

    def answer(self, combined: Combined | None) -> Answer:
        only = next(iter(self.weighed.values()))
        whole = combined or only
        figures: Fundamentals | None = self.said.get("fundamentals")
        as_of = [each.as_of for each in self.bars] or [figures.as_of if figures else self.moment]
        return Answer(
            **provenance(self.context.ports.market, self.market, self.now, as_of, self.sources),
            symbol=self.instrument.symbol,
            name=self.instrument.name,
            currency=self.instrument.currency,
            analysis_type=self.params.analysis_type,
            timeframe=self.params.timeframe,
            date=self.bars[0].session if self.bars else as_of[0].astimezone(self.hours.tz).date().isoformat(),
            bars_used=len(self.bars[0].series) if self.bars else 0,
            price=float(self.bars[0].series.close[-1]) if self.bars else None,
            signal=whole.signal,
            recommendation=whole.signal,
            confidence=whole.confidence,
            score=whole.score,
            reasons=[
                f"{name}: {reason}" if combined else reason
                for name, each in self.weighed.items()
                for reason in each.reasons()
            ],
            parts=parts(self.weighed, self.missing),
            disagreements=combined.disagreements if combined else [],
            evidence=[each for weighed in self.weighed.values() for each in weighed.evidence],
            note=self.instrument.note,
            warnings=self.warnings,
            **self.said,
        )

    def show(self, readings: Mapping[str, Reading]) -> None:
        """Add to the numbers shown."""
        self.said.setdefault("indicators", {}).update(readings)


def _open(params: Params, context: Context) -> _Case:
    data = context.ports.market
    market = data.market(params.market or data.infer_market([params.symbol]))
    provider, now = data.provider(market), data.now(market)
    found, missing = find([params.symbol], market, provider)
    if missing:
        raise NotFound(missing[params.symbol])
    refuse_timeframe(params.timeframe, provider.name, provider.timeframes)
    moment = close_of("date", params.date, HOURS[market], now)
    case = _Case(params, context, market, provider, found[0].instrument, now, moment)
    case.warnings += params.out_of_place()
    return case


def _technical(case: _Case) -> Weighed:
    from tacore.analysis.technical import technical  # noqa: PLC0415 - TA-Lib

    bars = _within_days(case) if case.params.timeframe in MINUTES else _days_or_weeks(case)
    case.bars.append(bars)
    with step("indicators"):
        found = technical(bars.series, bars_per_year(case.hours, case.params.timeframe))
    case.show(found.readings)
    case.said |= {"judgements": found.judgements, "levels": found.levels, "patterns": found.patterns}
    return found.weighed


def _fundamental(case: _Case) -> Weighed:
    name = case.provider.name
    if not isinstance(case.provider, FundamentalsProvider):
        raise Unavailable(f"{name} has no company figures", retryable=False)
    try:
        with step("figures"):
            figures = case.provider.fundamentals(case.instrument, now=case.moment)
    except NotFound as error:
        raise Unavailable(error.message, retryable=False) from error
    bar = figures.as_of.date().isoformat()
    weighed = fundamental(figures, bar)
    if weighed is None:
        raise Unavailable(f"{name} has no figures of {case.instrument.symbol} to judge by", retryable=False)
    case.sources |= {figures.source} - {""}
    case.show(
        {
            key: Reading(value=value, bar=bar)
            for key, value in figures_of(figures).items()
            if value is not None
        }
    )
    case.said["fundamentals"] = figures
    return weighed


def _risk(case: _Case) -> Weighed:
    from tacore.analysis.own_risk import LEAST, own_risk  # noqa: PLC0415 - numpy

    days = _days(case, case.moment, case.params.lookback, closes_only=True)
    with step("benchmark"):
        benchmark = _benchmark(case)
    found = own_risk(days.series, sessions_per_year(case.hours), benchmark)
    if found is None:
        have = max(0, len(days.series) - 1)
        raise Unavailable(f"it takes {LEAST} daily returns, there are {have}", retryable=False)
    case.bars.append(days)
    measures = found.measures
    names = ("volatility_pct", "downside_deviation_pct", "var_95_pct", "cvar_95_pct", "beta")
    case.show({name: Reading(value=getattr(measures, name), bar=measures.end) for name in names})
    case.said["risk"] = measures
    return found.weighed


_PARTS = {"technical": _technical, "fundamental": _fundamental, "risk": _risk}


def _within_days(case: _Case) -> _Bars:
    from tacore.analysis.series import series_of  # noqa: PLC0415 - numpy

    width = case.params.timeframe
    with step("bars"):
        bars = case.provider.bars(case.instrument, width, now=case.moment, limit=case.params.lookback)
    series = series_of(bars)
    if not len(series):
        raise _no_bars(case)
    case.sources.add(bars[-1].source or case.provider.name)
    return _Bars(series, bars[-1].session, bars[-1].time)


def _days_or_weeks(case: _Case) -> _Bars:
    if case.params.timeframe == "1d":
        return _days(case, case.moment, case.params.lookback)
    from tacore.analysis.series import newest, weekly_series  # noqa: PLC0415 - numpy

    # The market says which week is over; its sessions make the weeks, for they are quick and adjusted.
    over = case.provider.bars(case.instrument, "1w", now=case.moment, limit=1)
    if not over:
        raise _no_bars(case)
    days = _days(case, over[-1].time, (case.params.lookback + 1) * _SESSIONS_A_WEEK)
    return _Bars(newest(weekly_series(days.series), case.params.lookback), days.session, days.as_of)


def _days(case: _Case, now: datetime, sessions: int, *, closes_only: bool = False) -> _Bars:
    from tacore.analysis.series import first_series  # noqa: PLC0415 - numpy

    with step("history"):
        found = case.provider.history([case.instrument], now=now, sessions=sessions, closes_only=closes_only)
    series = first_series(found, closes_only=closes_only)
    if not len(series):
        raise _no_bars(case)
    case.sources.add(found.sources[0])
    last = series.bars[-1]
    return _Bars(series, last, case.hours.close(date.fromisoformat(last)))


def _no_bars(case: _Case) -> Exception:
    """Say that there is nothing as of then; of a date that was asked for, that it is wrong."""
    said = f"{case.instrument.symbol} has no {case.params.timeframe} bar by {case.moment.isoformat()}"
    try:
        case.provider.quote(case.instrument, now=case.moment)
    except NotFound as error:
        said = error.message
    if case.params.date is None:
        return NotFound(said)
    return bad_param("date", said, value=case.params.date, allowed="a date within its history")


def _benchmark(case: _Case) -> "Benchmark":
    from tacore.analysis.benchmark import Benchmark, benchmark_of  # noqa: PLC0415 - numpy

    if case.params.benchmark:
        one = _named_benchmark(case, case.params.benchmark)
        return benchmark_of(f"{one.symbol} ({one.name})", _histories(case, [one]))
    everyone = list(case.provider.instruments(case.market))
    chosen = everyone if len(everyone) < _LARGE else everyone[:_OF_LARGE]
    which = f"all {len(chosen)}" if chosen is everyone else f"the first {len(chosen)} by symbol"
    name = f"the mean daily return of {which} instruments of {case.market} ({case.provider.name})"
    try:
        return benchmark_of(name, _histories(case, chosen))
    except Unavailable as error:
        case.warnings.append(f"beta: {error.message}")
        case.passing |= error.retryable
        return Benchmark(name, {})


def _named_benchmark(case: _Case, symbol: str) -> Instrument:
    found, missing = find([symbol], case.market, case.provider)
    if missing:
        raise bad_param("benchmark", missing[symbol], value=symbol)
    return found[0].instrument


def _histories(case: _Case, instruments: list[Instrument]) -> "Iterator[History]":
    """Read some instruments at a time; give up as soon as all will take half of the request's patience."""
    patience, read = case.context.remaining_s(), 0
    while read < len(instruments):
        case.context.check()
        spent = patience - case.context.remaining_s()
        if read and spent / read * len(instruments) > patience / 2:
            many = f"to read {len(instruments)} instruments takes more than half of the request's time"
            raise Unavailable(f"{many}; name a benchmark, or send a longer timeout_ms")
        some = instruments[read : read + (_AT_ONCE if read else _FIRST)]
        yield case.provider.history(some, now=case.moment, sessions=case.params.lookback, closes_only=True)
        read += len(some)


METHOD = Method(
    name="analyze.stock",
    handler=analyze_stock,
    params=Params,
    result=Answer,
    summary="Judge one instrument: signal, evidence for and against, indicators, levels, risk",
    aliases=("analyze.symbol",),
    renames={"analysisType": "analysis_type", "market_type": "market", "interval": "timeframe"},
    normalise=normalise,
    prepare=prepare,
    cache=CacheRule(_KIND, cache_key),
    routes={"analysis_type": {"agents": "analyze.agents", "agent": "analyze.agents"}},
    examples=(
        {"symbol": "AAPL"},
        {"symbol": "AAPL", "analysis_type": "comprehensive", "date": "2012-09-19"},
        {"symbol": "BTC/USDT", "timeframe": "1h"},
    ),
)
