"""The sample provider: real daily history of five US shares, 2000-03-01 to 2013-03-01, replayed.

Source, licence and how the file is made: tacore/market/data/README.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING

from tacore.errors import NotFound
from tacore.market.daily_file import (
    Row,
    adjust,
    as_bar,
    ended_by,
    merge,
    parse,
    read_daily,
    session_of,
    week_of,
)
from tacore.market.hours import HOURS
from tacore.market.registry import ProviderKind
from tacore.market.returns import change_pct
from tacore.market.symbols import canonical
from tacore.market.timeframes import refuse_timeframe
from tacore.model import Bar, Instrument, Quote
from tacore.model.markets import MarketSettings

if TYPE_CHECKING:
    from tacore.model.history import History

LAST_SESSION = date(2013, 3, 1)
_GOOG = (
    "What traded as GOOG until April 2014 is the class A share, today's GOOGL; "
    "the class C share that is GOOG today did not exist yet"
)
_INSTRUMENTS = tuple(
    Instrument(
        symbol=symbol, market="US", name=name, currency="USD", sector="technology", aliases=aliases, note=note
    )
    for symbol, name, aliases, note in (
        ("AAPL", "Apple Inc.", (), None),
        ("FB", "Facebook, Inc. Class A", (), None),
        ("GOOG", "Google Inc. Class A", ("GOOGL",), _GOOG),
        ("IBM", "International Business Machines Corporation", (), None),
        ("MSFT", "Microsoft Corporation", (), None),
    )
)


@dataclass(frozen=True, slots=True)
class _Series:
    """A symbol's bars of one timeframe: which lines each covers, and the session it ends with."""

    lines: list[str]
    spans: list[tuple[int, int]]
    ends: list[str]

    def row(self, number: int, *, adjusted: bool) -> Row:
        first, beyond = self.spans[number]
        rows = map(parse, self.lines[first:beyond])
        return merge([adjust(row) if adjusted else row for row in rows])


class SampleHistory:
    """Real daily history; what it shows is what had closed by ``now``, so nothing moves within a session."""

    name = "sample"
    simulated = False
    timeframes: tuple[str, ...] = ("1d", "1w")

    def __init__(self) -> None:
        self._hours = HOURS["US"]
        self._by_spelling = {name: each for each in _INSTRUMENTS for name in (each.symbol, *each.aliases)}

    def instruments(self, market: str) -> Sequence[Instrument]:
        """List the five shares, ordered by symbol."""
        return _INSTRUMENTS

    def resolve(self, symbol: str, market: str) -> Instrument:
        """Find an instrument by any of its spellings; NotFound says why there is none."""
        found = self._by_spelling.get(canonical(symbol, market))
        if found is None:
            held = ", ".join(each.symbol for each in _INSTRUMENTS)
            raise NotFound(f"{symbol} is not in the sample history, which holds {held}")
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
        """Give the bars that had ended; a week has ended with its last session."""
        refuse_timeframe(timeframe, self.name, self.timeframes)
        series = (self._weekly if timeframe == "1w" else self._daily)[instrument.symbol]
        beyond = ended_by(series.ends, min(now, end) if end else now, self._hours)
        first = ended_by(series.ends, start, self._hours) if start else 0
        first = first if limit is None else max(first, beyond - limit)
        return [as_bar(series.row(number, adjusted=adjusted), self._hours) for number in range(first, beyond)]

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        """Give the last session's values; changes are of adjusted closes, so splits do not show in them.

        Daily history knows one price a session: 24 hours before a close, the last one was the close before.
        """
        last = self.bars(instrument, "1d", now=now, limit=2)
        if not last:
            first = session_of(self._lines[instrument.symbol][0])
            raise NotFound(f"{instrument.symbol} has no price yet: its history begins on {first}")
        bar, before = last[-1], last[0] if len(last) > 1 else None
        change = change_pct(bar.adjusted_close, before.adjusted_close if before else None)
        return Quote(
            price=bar.close,
            change_pct=change,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            volume=bar.volume,
            as_of=bar.time,
            change_24h=change,
        )

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        """Give many quotes at once, in order; None where an instrument had no price yet."""
        return [self._quote_or_none(each, now) for each in instruments]

    def history(self, instruments: Sequence[Instrument], *, now: datetime, sessions: int) -> "History":
        """Give the newest daily sessions that had ended by ``now``, as arrays."""
        import numpy as np  # noqa: PLC0415 - keeps numpy out of the broker

        from tacore.model.history import History  # noqa: PLC0415 - numpy

        shown = [self._newest(each.symbol, now, sessions) for each in instruments]
        days = sorted({session_of(line) for lines in shown for line in lines})[-sessions:] if sessions else []
        place = {day: column for column, day in enumerate(days)}
        values = np.full((6, len(shown), len(days)), np.nan)
        for row, lines in enumerate(shown):
            kept = [line.split(",") for line in lines if session_of(line) in place]
            columns = [place[day] for _, day, *_ in kept]
            values[:, row, columns] = (
                np.array([numbers for _, _, *numbers in kept], dtype=float).reshape(-1, 6).T
            )
        symbols = tuple(each.symbol for each in instruments)
        calendar = np.array(days, dtype="datetime64[D]")
        return History(
            symbols, (self.name,) * len(symbols), (self.simulated,) * len(symbols), calendar, *values
        )

    def _newest(self, symbol: str, now: datetime, sessions: int) -> list[str]:
        series = self._daily[symbol]
        beyond = ended_by(series.ends, now, self._hours)
        return series.lines[max(0, beyond - sessions) : beyond]

    def _quote_or_none(self, instrument: Instrument, now: datetime) -> Quote | None:
        try:
            return self.quote(instrument, now=now)
        except NotFound:
            return None

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        return read_daily(resources.files("tacore.market") / "data" / "sample_daily.csv.gz")

    @cached_property
    def _daily(self) -> dict[str, _Series]:
        return {
            symbol: _Series(
                lines, [(i, i + 1) for i in range(len(lines))], [session_of(line) for line in lines]
            )
            for symbol, lines in self._lines.items()
        }

    @cached_property
    def _weekly(self) -> dict[str, _Series]:
        return {symbol: _by_week(daily) for symbol, daily in self._daily.items()}


def _by_week(daily: _Series) -> _Series:
    weeks = [list(week) for _, week in groupby(range(len(daily.ends)), lambda i: week_of(daily.ends[i]))]
    spans = [(week[0], week[-1] + 1) for week in weeks]
    return _Series(daily.lines, spans, [daily.ends[week[-1]] for week in weeks])


def _build(_market: str, _settings: MarketSettings) -> SampleHistory:
    return SampleHistory()


PROVIDER = ProviderKind(markets=("US",), build=_build, last_session=LAST_SESSION)
