"""The MarketDataProvider port over a vendor: what is the same whoever the vendor is."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from cachetools import TTLCache

from tacore.errors import NotFound, Unavailable
from tacore.market.history import history_of
from tacore.market.hours import HOURS
from tacore.market.returns import change_pct
from tacore.market.symbols import canonical, market_of
from tacore.market.timeframes import MINUTES, refuse_timeframe
from tacore.market.vendors.bars import adjust, choose, weekly
from tacore.market.vendors.faults import fault
from tacore.market.vendors.options import VendorOptions
from tacore.model import Bar, Instrument, Quote

if TYPE_CHECKING:
    from tacore.model.history import History

log = logging.getLogger("tacore.market")
_DAY_S = 86_400
_DAY = timedelta(days=1)
SKEW = timedelta(minutes=1)
"""How far a vendor's clock may be ahead of ours."""
_SILENT = timedelta(days=20)  # longer than any market's holidays
FIRST_DAY = datetime(1970, 1, 5, tzinfo=UTC)  # not 1970-01-01: 0 seconds mean nothing to some


class Vendor(ABC):
    """A vendor's market.

    A subclass says how instruments are found, bars fetched and quotes read; here is which bars to ask for,
    how much of them may be shown at which time, and what is remembered: instruments for a day, prices never.
    ``reach`` is how far back bars of a timeframe are asked for when nothing says how far.
    """

    name: str
    simulated = False
    timeframes: tuple[str, ...]
    reach: Mapping[str, timedelta]

    def __init__(self, market: str, options: VendorOptions) -> None:
        self.market = market
        self.hours = HOURS[market]
        self._universe = tuple(canonical(each, market) for each in options.universe if _of(each, market))
        self._known: TTLCache[str, Instrument] = TTLCache(50_000, _DAY_S)
        self._listed: TTLCache[str, tuple[Instrument, ...]] = TTLCache(1, _DAY_S)

    @abstractmethod
    def look_up(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Ask for instruments by their market's spelling; those that do not exist are left out."""

    @abstractmethod
    def fetch(self, instrument: Instrument, timeframe: str, since: datetime, until: datetime) -> list[Bar]:
        """Ask for daily or intraday bars from before ``since`` on, oldest first, unfinished ones included."""

    @abstractmethod
    def live_quotes(self, instruments: Sequence[Instrument], now: datetime) -> Sequence[Quote | None]:
        """Ask for the newest prices, in order."""

    def listing(self) -> Sequence[Instrument]:
        """Ask for everything that the vendor has; Unavailable where it gives no such list."""
        raise Unavailable(
            f"{self.name} has no list of {self.market}: name its symbols in providers.{self.name}.universe",
            details={"vendor": self.name, "reason": "no_universe"},
            retryable=False,
        )

    def instruments(self, market: str) -> Sequence[Instrument]:
        """List the configured universe, else the vendor's own list, ordered by symbol."""
        if self.market not in self._listed:
            if self._universe:
                missing = [each for each in self._universe if each not in self._known]
                self._known.update(self.look_up(missing) if missing else {})
                found = [self._known[each] for each in self._universe if each in self._known]
                if len(found) < len(self._universe):
                    unknown = sorted(set(self._universe) - {each.symbol for each in found})
                    log.warning(
                        "universe_has_unknown_symbols", extra={"provider": self.name, "symbols": unknown}
                    )
            else:
                found = list(self.listing())
                self._known.update({each.symbol: each for each in found})
            unique = {each.symbol: each for each in found}
            self._listed[self.market] = tuple(unique[symbol] for symbol in sorted(unique))
        return self._listed[self.market]

    def resolve(self, symbol: str, market: str) -> Instrument:
        """Find an instrument by any of its spellings; NotFound says why there is none."""
        own = canonical(symbol, self.market)
        found = self._known.get(own)
        if found is None:
            self._known.update(self.look_up([own]))
            found = self._known.get(own)
        if found is None:
            raise NotFound(f"{self.name} has no {own} in {self.market}")
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
        """Give bars that ended at or before ``now``; those still to end are not shown.

        Where a first, narrow question gives fewer than ``limit`` (holidays, a suspension), a second one asks
        for all there is.
        """
        refuse_timeframe(timeframe, self.name, self.timeframes)
        if limit == 0:
            return []
        until = min(now, end) if end else now
        floor = max(start or FIRST_DAY, now - self.reach[timeframe], FIRST_DAY)
        since = floor if limit is None else max(floor, until - self._span(timeframe, limit))
        made = self._made(instrument, timeframe, since, until, now)
        found = choose(made, now=now, start=start, end=end, limit=limit)
        if limit is not None and len(found) < limit and since > floor:
            made = self._made(instrument, timeframe, floor, until, now)
            found = choose(made, now=now, start=start, end=end, limit=limit)
        if not made and timeframe not in MINUTES and until == now and until - floor > _SILENT:
            raise fault(self.name, "empty", f"{timeframe} bars of {instrument.symbol}")
        signed = [msgspec.structs.replace(bar, source=self.name) for bar in found]
        return [adjust(bar) for bar in signed] if adjusted else signed

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        """Give the last known price as of ``now``; NotFound where the instrument had none yet."""
        (found,) = self.quotes([instrument], now=now)
        if found is None:
            raise NotFound(f"{self.name} has no price of {instrument.symbol} yet")
        return found

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        """Give many quotes; in a replay, where the newest price is of later, those of the last bars."""
        if not instruments:
            return []
        live = self.live_quotes(instruments, now)
        return [self._by(now, each, quote) for each, quote in zip(instruments, live, strict=True)]

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> "History":
        """Give daily sessions as arrays; an instrument that the vendor has no bars of is a row of NaN."""
        bars = self.daily(instruments, now, sessions)
        symbols = [each.symbol for each in instruments]
        return history_of(symbols, bars, source=self.name, simulated=False, sessions=sessions)

    def revision(self, market: str) -> str:
        """Name nothing: no history is kept here."""
        return ""

    def daily(self, instruments: Sequence[Instrument], now: datetime, sessions: int) -> list[Sequence[Bar]]:
        """Give the newest daily bars of many instruments, one question each."""
        return [self._daily(each, now, sessions) for each in instruments]

    def since(self, now: datetime, timeframe: str, limit: int) -> datetime:
        """Tell from where on that many bars surely lie, unless trading paused for long."""
        return max(now - self._span(timeframe, limit), now - self.reach[timeframe], FIRST_DAY)

    def _daily(self, instrument: Instrument, now: datetime, sessions: int) -> Sequence[Bar]:
        try:
            return self.bars(instrument, "1d", now=now, limit=sessions)
        except NotFound:
            return []
        except Unavailable as error:
            if error.details.get("reason") == "empty":
                return []
            raise

    def _made(
        self, instrument: Instrument, timeframe: str, since: datetime, until: datetime, now: datetime
    ) -> list[Bar]:
        if timeframe != "1w":
            return self.fetch(instrument, timeframe, since, until)
        monday = since - timedelta(days=since.astimezone(self.hours.tz).weekday() + 1)
        return weekly(self.fetch(instrument, "1d", max(monday, FIRST_DAY), until), self.hours, now)

    def _span(self, timeframe: str, limit: int) -> timedelta:
        """Tell how many calendar days that many bars take, with room for holidays."""
        if timeframe == "1w":
            return limit * timedelta(days=7) + timedelta(days=14)
        sessions = limit if timeframe == "1d" else -(-limit * MINUTES[timeframe] // self.hours.minutes)
        days = sessions * 7 / self.hours.sessions_per_week
        return (min(days * 1.05, 100_000) + 7) * _DAY

    def _by(self, now: datetime, instrument: Instrument, quote: Quote | None) -> Quote | None:
        if quote is None:
            return None
        if quote.as_of <= now + SKEW:
            return msgspec.structs.replace(quote, as_of=min(quote.as_of, now), source=self.name)
        then = quote_of(self._daily(instrument, now, 2))
        return then and msgspec.structs.replace(then, source=self.name)


def quote_of(bars: Sequence[Bar], as_of: datetime | None = None) -> Quote | None:
    """Make a quote of the last of daily bars, changes of adjusted closes; None without any bar."""
    if not bars:
        return None
    last, before = bars[-1], bars[-2] if len(bars) > 1 else None
    return Quote(
        price=last.close,
        change_pct=change_pct(last.adjusted_close, before.adjusted_close if before else None),
        open=last.open,
        high=last.high,
        low=last.low,
        volume=last.volume,
        as_of=as_of or last.time,
    )


def _of(symbol: str, market: str) -> bool:
    return (market_of(symbol) or "US") == market
