"""A remote provider behind its guard, whose answers say where they come from."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tacore.errors import NotFound
from tacore.market.guard import Guard
from tacore.model import Bar, Fundamentals, Instrument, NewsItem, Quote
from tacore.ports import DailyBarsProvider, FundamentalsProvider, MarketDataProvider, NewsProvider

if TYPE_CHECKING:
    from tacore.model.history import History

T = TypeVar("T")


class Resilient:
    """The MarketDataProvider port around another one, each of whose calls goes through the guard."""

    def __init__(self, provider: MarketDataProvider, guard: Guard) -> None:
        self.name = provider.name
        self.simulated = provider.simulated
        self.timeframes = provider.timeframes
        self._provider = provider
        self._guard = guard

    def _call(self, what: str, call: Callable[[], T]) -> T:
        return self._guard.call(call, f"{self.name} {what}")

    def instruments(self, market: str) -> Sequence[Instrument]:
        """List what the market trades, ordered by symbol."""
        return self._call("instruments", lambda: self._provider.instruments(market))

    def resolve(self, symbol: str, market: str) -> Instrument:
        """Find an instrument by any of its spellings; NotFound says why there is none."""
        return self._call("resolve", lambda: self._provider.resolve(symbol, market))

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
        """Give bars that ended at or before ``now``, oldest first."""
        asked: dict[str, Any] = {"now": now, "start": start, "end": end, "limit": limit}
        asked["adjusted"] = adjusted
        return self._named(self._call("bars", lambda: self._provider.bars(instrument, timeframe, **asked)))

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        """Give the last known price as of ``now``."""
        return self._signed(self._call("quote", lambda: self._provider.quote(instrument, now=now)))

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        """Give many quotes at once, in order; None where an instrument had no price yet."""
        quotes = self._call("quotes", lambda: self._provider.quotes(instruments, now=now))
        return [each and self._signed(each) for each in quotes]

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> "History":
        """Give the newest daily sessions that had ended by ``now``, as arrays."""
        asked: dict[str, Any] = {"now": now, "sessions": sessions, "closes_only": closes_only}
        return self._call("history", lambda: self._provider.history(instruments, **asked))

    def revision(self, market: str) -> str:
        """Name the state of the history that the provider keeps itself."""
        return self._provider.revision(market)

    def daily(self, instruments: Sequence[Instrument], now: datetime, sessions: int) -> list[list[Bar]]:
        """Give the newest daily bars of many instruments; none where one has none."""
        provider = self._provider
        if not isinstance(provider, DailyBarsProvider):
            return [self._daily(each, now, sessions) for each in instruments]
        rows = self._call("daily", lambda: provider.daily(instruments, now, sessions))
        return [self._named(each) for each in rows]

    def _daily(self, instrument: Instrument, now: datetime, sessions: int) -> list[Bar]:
        try:
            return list(self.bars(instrument, "1d", now=now, limit=sessions))
        except NotFound:
            return []

    def _named(self, bars: Sequence[Bar]) -> list[Bar]:
        return [each if each.source else msgspec.structs.replace(each, source=self.name) for each in bars]

    def _signed(self, quote: Quote) -> Quote:
        if quote.source:
            return quote
        return msgspec.structs.replace(quote, source=self.name, simulated=self.simulated)


class ResilientWithFigures(Resilient):
    """A remote provider that knows companies' figures too."""

    def __init__(self, provider: FundamentalsProvider, guard: Guard) -> None:
        super().__init__(provider, guard)
        self._figures = provider

    def fundamentals(self, instrument: Instrument, *, now: datetime) -> Fundamentals:
        """Give what had been published by ``now``; NotFound where there is nothing."""
        found = self._call("fundamentals", lambda: self._figures.fundamentals(instrument, now=now))
        return found if found.source else msgspec.structs.replace(found, source=self.name)


class ResilientWithNews(Resilient):
    """A remote provider that has news too."""

    def __init__(self, provider: NewsProvider, guard: Guard) -> None:
        super().__init__(provider, guard)
        self._news = provider
        # A plan without news, or a search that refuses, must not cost the prices.
        self._news_guard = guard.apart(f"{provider.name} news")

    def news(self, instrument: Instrument, *, now: datetime, limit: int) -> Sequence[NewsItem]:
        """Give the newest articles that had been published by ``now``, newest first."""
        found = self._news_guard.call(lambda: self._news.news(instrument, now=now, limit=limit))
        return [each if each.source else msgspec.structs.replace(each, source=self.name) for each in found]


class ResilientWithFiguresAndNews(ResilientWithFigures, ResilientWithNews):
    """A remote provider that has both."""


def guarded(provider: MarketDataProvider, guard: Guard) -> Resilient:
    """Put a guard around a provider, which offers as much as before."""
    if isinstance(provider, FundamentalsProvider):
        if isinstance(provider, NewsProvider):
            return ResilientWithFiguresAndNews(provider, guard)
        return ResilientWithFigures(provider, guard)
    if isinstance(provider, NewsProvider):
        return ResilientWithNews(provider, guard)
    return Resilient(provider, guard)
