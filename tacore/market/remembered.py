"""A remote provider whose quotes and bars are kept for the next who asks, in whatever process."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
from cachetools import TTLCache

from tacore.clock import DEADLINE, Clock
from tacore.market import kept
from tacore.market.history import history_of
from tacore.market.resilient import (
    Resilient,
    ResilientWithFigures,
    ResilientWithFiguresAndNews,
    ResilientWithNews,
)
from tacore.market.shelf_life import life, standing_life
from tacore.model import Bar, Fundamentals, Instrument, NewsItem, Quote
from tacore.model.cached import CacheKey, digest, readable
from tacore.ports import Cache

if TYPE_CHECKING:
    from tacore.model.history import History

T = TypeVar("T")
V = TypeVar("V")
_SKEW = timedelta(minutes=1)  # so much later than its ``now`` a request may come to ask
_MANY = 200  # quotes: one question for more is cheaper than as many look-ups
_KNOWN_MOST, _KNOWN_S = 50_000, 3600.0
_NONE_S = 60.0
_LEAST = {"1d": 600}
_LEAST_OTHERS = 60


class Remembered:
    """The MarketDataProvider port around a guarded provider of one market.

    Daily bars are kept by symbol and depth, so that histories and bars of any length come out of one answer
    of the vendor. Errors are not kept; that an instrument has no daily bars, by this process for a minute.
    """

    def __init__(self, provider: Resilient, market: str, cache: Cache, clock: Clock, *, live: bool) -> None:
        self.name = provider.name
        self.simulated = provider.simulated
        self.timeframes = provider.timeframes
        self._provider = provider
        self._market = market
        self._cache = cache
        self._clock = clock
        self._live = live
        self._known: TTLCache[str, Instrument] = TTLCache(_KNOWN_MOST, _KNOWN_S, clock.monotonic)
        self._none: TTLCache[str, bool] = TTLCache(_KNOWN_MOST, _NONE_S, clock.monotonic)

    def instruments(self, market: str) -> Sequence[Instrument]:
        """List what the market trades, ordered by symbol."""
        return self._provider.instruments(market)

    def resolve(self, symbol: str, market: str) -> Instrument:
        """Find an instrument by any of its spellings; NotFound says why there is none."""
        found = self._known.get(symbol)
        if found is None:
            found = self._known[symbol] = self._provider.resolve(symbol, market)
        return found

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
        ask = partial(self._provider.bars, instrument, timeframe, now=now, adjusted=adjusted)
        if not self._keeps("bars", now):
            return ask(start=start, end=end, limit=limit)
        if not limit or start is not None or end is not None:
            window = digest([start, end, limit])
            key = self._bars_key(instrument, timeframe, window, now, adjusted=adjusted)
            return self._bars(key, lambda: ask(start=start, end=end, limit=limit), now)
        depth = depth_of(timeframe, limit)
        key = self._bars_key(instrument, timeframe, str(depth), now, adjusted=adjusted)
        return self._bars(key, lambda: ask(limit=depth), now)[-limit:]

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        """Give the last known price as of ``now``."""
        (found,) = self.quotes([instrument], now=now)
        # Only the question for it alone tells why there is none.
        return found or self._provider.quote(instrument, now=now)

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        """Give many quotes at once, in order; None where an instrument had no price yet."""
        if len(instruments) > _MANY or not self._keeps("quote", now):
            return self._provider.quotes(instruments, now=now)
        moment = self._life("quote", now)
        clock = () if self._live and self._is_present(now) else (moment.text,)
        rest = _Rest(
            instruments, lambda some: self._provider.quotes(some, now=now), self._clock, moment.ttl_s
        )
        found = []
        for place, each in enumerate(instruments):
            key = self._key(each, *clock, ttl_s=moment.ttl_s)
            quote = self._get("quote", key, partial(rest.take, place), kept.write_quote, kept.read_quote)
            found.append(quote and msgspec.structs.replace(quote, as_of=min(quote.as_of, now)))
        return found

    def revision(self, market: str) -> str:
        """Name the state of the history that the provider keeps itself."""
        return self._provider.revision(market)

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> "History":
        """Give the newest daily sessions that had ended by ``now``, as arrays."""
        if not self._keeps("bars", now):
            return self._provider.history(instruments, now=now, sessions=sessions, closes_only=closes_only)
        depth = depth_of("1d", sessions)
        rest = _Rest(
            instruments,
            lambda some: self._provider.daily(some, now, depth),
            self._clock,
            self._life("bars", now).ttl_s,
        )
        rows = [
            self._daily(each, partial(rest.take, place), depth, now) for place, each in enumerate(instruments)
        ]
        symbols = [each.symbol for each in instruments]
        return history_of(symbols, rows, source=self.name, simulated=self.simulated, sessions=sessions)

    def _daily(
        self, instrument: Instrument, take: Callable[[], Sequence[Bar]], depth: int, now: datetime
    ) -> Sequence[Bar]:
        key = self._bars_key(instrument, "1d", str(depth), now)
        if key.text in self._none:
            return []

        def some() -> Sequence[Bar]:
            if bars := take():
                return bars
            raise _NoBars

        try:
            return self._bars(key, some, now)
        except _NoBars:
            self._none[key.text] = True
            return []

    def _bars(self, key: CacheKey, ask: Callable[[], Sequence[Bar]], now: datetime) -> Sequence[Bar]:
        bars = self._get("bars", key, ask, kept.write_bars, kept.read_bars)
        return [each for each in bars if each.time <= now]

    def _bars_key(
        self, instrument: Instrument, timeframe: str, which: str, now: datetime, *, adjusted: bool = False
    ) -> CacheKey:
        moment = self._life("bars", now)
        width = f"{timeframe}-adjusted" if adjusted else timeframe
        return self._key(instrument, width, which, moment.text, ttl_s=moment.ttl_s)

    def _key(self, instrument: Instrument, *more: str, ttl_s: float) -> CacheKey:
        symbol = instrument.symbol
        shown = readable(symbol)
        named = (symbol,) if shown == symbol else (shown, digest(symbol))
        return CacheKey(readable(self._market, self.name, *named, *more), ttl_s)

    def _keeps(self, kind: str, now: datetime) -> bool:
        return self._life(kind, now).ttl_s > 0

    def _life(self, kind: str, now: datetime) -> CacheKey:
        policy = self._cache.policy(kind)
        if self._live and self._is_present(now):
            return life(now, self._market, policy)
        return standing_life(now, policy)

    def _is_present(self, now: datetime) -> bool:
        wall = datetime.fromtimestamp(self._clock.wall_us() / 1_000_000, UTC)
        return abs(wall - now) <= _SKEW

    def _get(
        self,
        kind: str,
        key: CacheKey,
        ask: Callable[[], V],
        write: Callable[[V], bytes],
        read: Callable[[bytes], V],
    ) -> V:
        """Give what is kept under a key, else what the provider tells; nonsense in the cache is a miss."""
        found = self._cache.get(kind, key.text, key.ttl_s, lambda: write(ask()), deadline=DEADLINE.get())
        try:
            return read(found.value)
        except msgspec.MsgspecError:
            return ask()


class RememberedWithFigures(Remembered):
    """A provider that knows companies' figures too; these are asked for anew each time."""

    def __init__(
        self, provider: ResilientWithFigures, market: str, cache: Cache, clock: Clock, *, live: bool
    ) -> None:
        super().__init__(provider, market, cache, clock, live=live)
        self._figures = provider

    def fundamentals(self, instrument: Instrument, *, now: datetime) -> Fundamentals:
        """Give what had been published by ``now``; NotFound where there is nothing."""
        return self._figures.fundamentals(instrument, now=now)


class RememberedWithNews(Remembered):
    """A provider that has news too; it is asked for anew each time."""

    def __init__(
        self, provider: ResilientWithNews, market: str, cache: Cache, clock: Clock, *, live: bool
    ) -> None:
        super().__init__(provider, market, cache, clock, live=live)
        self._news = provider

    def news(self, instrument: Instrument, *, now: datetime, limit: int) -> Sequence[NewsItem]:
        """Give the newest articles that had been published by ``now``, newest first."""
        return self._news.news(instrument, now=now, limit=limit)


class RememberedWithFiguresAndNews(RememberedWithFigures, RememberedWithNews):
    """A provider that has both."""


def remembered(provider: Resilient, market: str, cache: Cache, clock: Clock, *, live: bool) -> Remembered:
    """Put the cache around a guarded provider, which offers as much as before."""
    if isinstance(provider, ResilientWithFiguresAndNews):
        return RememberedWithFiguresAndNews(provider, market, cache, clock, live=live)
    if isinstance(provider, ResilientWithNews):
        return RememberedWithNews(provider, market, cache, clock, live=live)
    if isinstance(provider, ResilientWithFigures):
        return RememberedWithFigures(provider, market, cache, clock, live=live)
    return Remembered(provider, market, cache, clock, live=live)


def depth_of(timeframe: str, limit: int) -> int:
    """Tell how many bars to ask for, so that requests of about the same length share one answer."""
    depth = _LEAST.get(timeframe, _LEAST_OTHERS)
    while depth < limit:
        depth *= 2
    return depth


class _NoBars(Exception):
    """Passes the cache, which keeps nothing of a computation that raises."""


class _Rest(Generic[T]):
    """Asks for all that is left of a list, when the first of it turns out to be missing.

    What it was told is not handed out as new for longer than a quarter of ``ttl_s``.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        ask: Callable[[Sequence[Instrument]], Sequence[T]],
        clock: Clock,
        ttl_s: float,
    ) -> None:
        self._instruments = instruments
        self._ask = ask
        self._clock = clock
        self._fresh_s = ttl_s / 4
        self._found: dict[int, T] = {}
        self._old_from = float("-inf")

    def take(self, place: int) -> T:
        """Give what belongs to a place of the list."""
        if place not in self._found or self._clock.monotonic() > self._old_from:
            told = self._ask(self._instruments[place:])
            self._old_from = self._clock.monotonic() + self._fresh_s
            self._found = dict(zip(range(place, len(self._instruments)), told, strict=True))
        return self._found[place]
