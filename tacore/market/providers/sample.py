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
    quote_of,
    read_daily,
    session_of,
    week_of,
)
from tacore.market.hours import HOURS
from tacore.market.registry import ProviderKind
from tacore.market.symbols import canonical
from tacore.market.timeframes import refuse_timeframe
from tacore.model import Bar, Instrument, Quote
from tacore.model.providers import Setup

if TYPE_CHECKING:
    from tacore.market.daily_grid import DailyGrid
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
        rows = (series.row(number, adjusted=adjusted) for number in range(first, beyond))
        return [as_bar(row, self._hours, self.name) for row in rows]

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        """Give the last session's values; changes are of adjusted closes, so splits do not show in them."""
        last = self.bars(instrument, "1d", now=now, limit=2)
        if not last:
            first = session_of(self._lines[instrument.symbol][0])
            raise NotFound(f"{instrument.symbol} has no price yet: its history begins on {first}")
        return quote_of(last, self.name)

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        """Give many quotes at once, in order; None where an instrument had no price yet."""
        return [self._quote_or_none(each, now) for each in instruments]

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> "History":
        """Give the newest daily sessions that had ended by ``now``, as arrays."""
        symbols = [each.symbol for each in instruments]
        return self._grid.history(symbols, now=now, hours=self._hours, sessions=sessions, source=self.name)

    def revision(self, market: str) -> str:
        """Name nothing: the history comes with the release."""
        return ""

    def _quote_or_none(self, instrument: Instrument, now: datetime) -> Quote | None:
        try:
            return self.quote(instrument, now=now)
        except NotFound:
            return None

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        return read_daily(resources.files("tacore.market") / "data" / "sample_daily.csv.gz")

    @cached_property
    def _grid(self) -> "DailyGrid":
        from tacore.market.daily_grid import daily_grid  # noqa: PLC0415 - keeps numpy out of the broker

        return daily_grid(self._lines)

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


def _build(_setup: Setup) -> SampleHistory:
    return SampleHistory()


PROVIDER = ProviderKind(markets=("US",), build=_build, last_session=LAST_SESSION)
