"""The MarketDataProvider port over a folder of price files."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from cachetools import LRUCache

from tacore.errors import NotFound, Unavailable
from tacore.market.daily_file import quote_of
from tacore.market.files.folder import LISTING, files_in, instruments_in, revision_of
from tacore.market.files.series import Series, read_series
from tacore.market.hours import HOURS
from tacore.market.symbols import canonical
from tacore.market.timeframes import refuse_timeframe
from tacore.model import Bar, Instrument, Quote
from tacore.model.history import History

_MOST_IN_MEMORY = 20_000
_Stamp = tuple[int, int]


class FileHistory:
    """Daily history of one market's folder, looked at again when a file changes.

    A file that is wrong is Unavailable, with line, column and value; it is never used in part.
    """

    name = "files"
    simulated = False
    timeframes: tuple[str, ...] = ("1d", "1w")

    def __init__(self, market: str, folder: Path) -> None:
        self._market = market
        self._folder = folder
        self._hours = HOURS[market]
        self._series: LRUCache[Path, tuple[_Stamp, Series]] = LRUCache(_MOST_IN_MEMORY)
        self._seen: tuple[tuple[_Stamp, _Stamp], dict[str, Path], dict[str, Instrument]] | None = None

    def instruments(self, market: str) -> Sequence[Instrument]:
        """List what has a file, ordered by symbol."""
        return list(self._look()[1].values())

    def resolve(self, symbol: str, market: str) -> Instrument:
        """Find an instrument by any of its spellings; NotFound says why there is none."""
        files, instruments = self._look()
        found = instruments.get(canonical(symbol, market))
        if found is None:
            raise NotFound(f"{symbol} is none of the {len(files)} symbols in the price files of {market}")
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
        """Give the bars that had ended; a week has ended with its last regular session."""
        refuse_timeframe(timeframe, self.name, self.timeframes)
        series = self._of(instrument)
        count = series.weeks_ended_by if timeframe == "1w" else series.ended_by
        beyond = count(min(now, end) if end else now)
        first = count(start) if start else 0
        first = first if limit is None else max(first, beyond - limit)
        return (series.weekly if timeframe == "1w" else series.daily)(first, beyond, adjusted=adjusted)

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        """Give the last session's values; NotFound where the file has none by then."""
        found = self._quote(instrument, now)
        if found is None:
            sessions = self._of(instrument).sessions
            why = f"its history begins on {sessions[0]}" if sessions else "its file has no rows"
            raise NotFound(f"{instrument.symbol} has no price yet: {why}")
        return found

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        """Give many quotes at once, in order; None where an instrument has no price or a file is wrong."""
        found: list[Quote | None] = []
        for each in instruments:
            try:
                found.append(self._quote(each, now))
            except Unavailable:
                if len(instruments) == 1:
                    raise
                found.append(None)
        return found

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> History:
        """Give the newest daily sessions that had ended by ``now``, as arrays; a wrong file has no values."""
        series = [self._usable(each) for each in instruments]
        ends = [each.ended_by(now) if each else 0 for each in series]
        parts = [each.days[:end] for each, end in zip(series, ends, strict=True) if each]
        days = np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype="datetime64[D]")
        days = days[-sessions:] if sessions else days[:0]
        values = np.full((6, len(instruments), len(days)), np.nan)
        for row, (each, end) in enumerate(zip(series, ends, strict=True)):
            if each is not None and len(days):
                first = int(np.searchsorted(each.days[:end], days[0]))
                values[:, row, np.searchsorted(days, each.days[first:end])] = each.values[:, first:end]
        count = len(instruments)
        symbols = tuple(each.symbol for each in instruments)
        return History(symbols, (self.name,) * count, (False,) * count, days, *values)

    def revision(self, market: str) -> str:
        """Name the state of the folder: another one when a file was added, removed or written anew."""
        return revision_of(self._folder)

    def _quote(self, instrument: Instrument, now: datetime) -> Quote | None:
        series = self._of(instrument)
        beyond = series.ended_by(now)
        last = series.daily(max(0, beyond - 2), beyond, adjusted=False)
        return quote_of(last, self.name) if last else None

    def _usable(self, instrument: Instrument) -> Series | None:
        try:
            return self._of(instrument)
        except (NotFound, Unavailable):
            return None

    def _of(self, instrument: Instrument) -> Series:
        path = self._look()[0].get(instrument.symbol)
        stamp = _stamp(path) if path else None
        if path is None or stamp is None:
            raise NotFound(f"{instrument.symbol} has no price file any more")
        kept = self._series.get(path)
        if kept is None or kept[0] != stamp:
            kept = self._series[path] = stamp, read_series(path, self._hours, self.name)
        return kept[1]

    def _look(self) -> tuple[dict[str, Path], dict[str, Instrument]]:
        """List the folder, again when something was added, removed or listed anew."""
        stamps = _stamp(self._folder) or (0, 0), _stamp(self._folder / LISTING) or (0, 0)
        if self._seen is None or self._seen[0] != stamps:
            files = files_in(self._folder, self._market)
            self._seen = stamps, files, instruments_in(self._folder, self._market, files)
        return self._seen[1], self._seen[2]


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size
