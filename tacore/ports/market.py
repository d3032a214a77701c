"""Where market data comes from, and what a scan reads."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from tacore.model import Bar, Fundamentals, Instrument, NewsItem, Quote

if TYPE_CHECKING:
    from tacore.model.history import History  # numpy, which the broker does without
    from tacore.model.table import Table  # numpy as well


class MarketDataProvider(Protocol):
    """Where instruments, quotes and bars of a market come from.

    Every time is the market's own (`now`, aware UTC): a provider never shows what lies after it. Quotes and
    bars name it in ``source``, quotes repeat ``simulated``. What serves a market may be several providers in
    one (``name`` "alpaca,files"): then ``source`` and a History's ``sources`` tell which of them it was.

    A call raises NotFound for what does not exist here, and Unavailable where the provider can't tell: with
    ``retryable`` and details ``reason`` (rate_limited, server_error, timeout, empty, malformed) and perhaps
    ``retry_after_ms``, or not retryable (unauthorized). It never makes up what it lacks.
    """

    name: str
    simulated: bool
    timeframes: tuple[str, ...]

    def instruments(self, market: str) -> Sequence[Instrument]:
        """List what the market trades, ordered by symbol."""
        ...

    def resolve(self, symbol: str, market: str) -> Instrument:
        """Find an instrument by any of its spellings; NotFound says why there is none."""
        ...

    def bars(
        self,
        instrument: Instrument,
        timeframe: str,
        *,
        now: datetime,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
        adjusted: bool = False,
    ) -> Sequence[Bar]:
        """Give bars that ended at or before ``now``, oldest first; ``limit`` keeps the newest.

        Bars ended after ``start`` and at or before ``end``. With ``adjusted``, open, high, low and close have
        later splits and dividends taken out; volume stays raw. A timeframe out of ``timeframes`` is
        InvalidParams.
        """
        ...

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        """Give the last known price as of ``now``; NotFound where the instrument had none yet."""
        ...

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        """Give many quotes at once, in order; None where an instrument had no price yet."""
        ...

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> "History":
        """Give the newest daily sessions that had ended by ``now`` of many instruments, as arrays.

        One row per instrument, in order; up to ``sessions`` columns, fewer where no history reaches that far.
        With ``closes_only``, open, high, low and volume may be NaN: the caller needs none of them, which
        spares a provider work where closes come cheaper.
        """
        ...

    def revision(self, market: str) -> str:
        """Name the state of the history that the provider keeps itself; cheap, asks nobody, never raises.

        Under another name sessions told earlier may be others now, so that what was kept of them is asked for
        anew. A constant where nothing is kept: what splits and dividends do to the past needs no name.
        """
        ...


@runtime_checkable
class FundamentalsProvider(MarketDataProvider, Protocol):
    """A market data provider that also knows companies' figures; most do not. It names itself in them."""

    def fundamentals(self, instrument: Instrument, *, now: datetime) -> Fundamentals:
        """Give what had been published by ``now``; NotFound where there is nothing, Unavailable for now."""
        ...


@runtime_checkable
class NewsProvider(MarketDataProvider, Protocol):
    """A market data provider that also has news; most have none. It names itself in each article."""

    def news(self, instrument: Instrument, *, now: datetime, limit: int) -> Sequence[NewsItem]:
        """Give the newest ``limit`` articles that had been published by ``now``, newest first.

        None at all is an answer. NotFound where the provider can't tell, for its news begins after ``now``;
        Unavailable where it can't be asked.
        """
        ...


@runtime_checkable
class DailyBarsProvider(Protocol):
    """A market data provider that can be asked for many instruments' daily bars at once."""

    def daily(
        self, instruments: Sequence[Instrument], now: datetime, sessions: int
    ) -> Sequence[Sequence[Bar]]:
        """Give each one's newest ``sessions`` bars that had ended by ``now``, raw; none where it has none."""
        ...


class MarketData(Protocol):
    """The configured markets: which provider serves each, and what time it is there."""

    def markets(self) -> Sequence[str]:
        """List the markets that have a provider."""
        ...

    def market(self, spelling: str) -> str:
        """Give the market that a spelling means (stock is US); InvalidParams names the markets there are."""
        ...

    def provider(self, market: str) -> MarketDataProvider:
        """Give what serves the market, one provider or several in one; InvalidParams names the markets."""
        ...

    def now(self, market: str, at_us: int | None = None) -> datetime:
        """Tell the market's own time (aware UTC), now or at a wall time (epoch microseconds)."""
        ...

    def is_open(self, market: str) -> bool:
        """Tell whether the market trades now, by its own time and its exchange's calendar."""
        ...

    def session(self, market: str, at: datetime) -> str:
        """Give the date (ISO 8601) of the session that trades at a market time, or of the next one.

        It is the exchange's date. A session has its breaks and the very moment of its close, where a standing
        replay stands; that of a market that never closes is the UTC date.
        """
        ...

    def close(self, market: str, day: date) -> datetime:
        """Give when a day's regular session ends (aware UTC), whether or not the day has one."""
        ...

    def sessions_per_year(self, market: str) -> float:
        """Give the sessions of a year, by which a daily figure becomes a yearly one."""
        ...

    def is_stale(self, market: str, as_of: datetime) -> bool:
        """Tell whether the market has traded since then for longer than its ``stale_after_s``."""
        ...

    def traded_s(self, market: str, since: datetime) -> float:
        """Count the seconds that the market has traded since then."""
        ...

    def is_replay(self, market: str) -> bool:
        """Tell whether the market's clock is a replay, standing or moving, and not wall time."""
        ...

    def stands_still(self, market: str) -> bool:
        """Tell whether the market's time never moves: a replay at speed 0."""
        ...

    def infer_market(self, symbols: Sequence[str]) -> str:
        """Tell which market the symbols belong to, US where nothing says otherwise."""
        ...


class FeatureTables(Protocol):
    """What scans read: each market's feature table as this host's refresher left it, and scans by name."""

    presets: Mapping[str, Any]

    def table(self, market: str) -> "Table":
        """Give a market's table; Unavailable names the cause where there is none to trust."""
        ...

    def history(self, market: str, instruments: Sequence[Instrument]) -> "History":
        """Give the daily history of a few instruments, for a table made on the spot."""
        ...
