"""An invented market whose every price is a function of (seed, symbol, time)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tacore.errors import NotFound
from tacore.market.hours import HOURS
from tacore.market.returns import change_pct
from tacore.market.symbols import CASH, canonical
from tacore.market.synthetic.bar_grid import BarGrid, bar_grid
from tacore.market.synthetic.noise import Reals
from tacore.market.synthetic.paths import Paths, Rows
from tacore.market.synthetic.snapshot import Moment, Snapshot, day_before, moment_at, snapshot
from tacore.market.synthetic.universe import Listing, listings
from tacore.market.timeframes import TIMEFRAMES, refuse_timeframe
from tacore.model import Bar, Instrument, Quote
from tacore.model.history import History
from tacore.model.markets import SyntheticSettings

_FEW = 32  # more quotes than these are taken from a picture of everyone, kept while its minute lasts
_SESSIONS_AT_ONCE = 32  # more would fall out of the processor's cache
_Look = tuple[Moment, Moment]


class SyntheticMarket:
    """One market; it has no memory but the picture of its last minute, which only saves time."""

    name = "synthetic"
    simulated = True
    timeframes: tuple[str, ...] = TIMEFRAMES

    def __init__(self, market: str, settings: SyntheticSettings) -> None:
        self._market = market
        self._settings = settings
        self._hours = HOURS[market]
        self._picture: tuple[tuple[int, ...], Snapshot] | None = None

    def instruments(self, market: str) -> Sequence[Instrument]:
        """List what trades, ordered by symbol."""
        return [each.instrument for each in self._listed]

    def resolve(self, symbol: str, market: str) -> Instrument:
        """Find an instrument by any of its spellings; NotFound says why there is none."""
        found = canonical(symbol, market)
        if found not in self._rows:
            why = (
                "is cash, not an instrument"
                if found in CASH
                else f"is none of the {len(self._listed)} instruments of the synthetic {market} market"
            )
            raise NotFound(f"{symbol} {why}")
        return self._listed[self._rows[found]].instrument

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
        """Give the bars that had ended; without splits or dividends, adjusted bars are the raw ones."""
        refuse_timeframe(timeframe, self.name, self.timeframes)
        grid = bar_grid(self._hours, timeframe)
        beyond = grid.ended_by(min(now, end) if end else now)
        first = max(0, grid.ended_by(start)) if start else 0
        first = first if limit is None else max(first, beyond - limit)
        return list(self._bars(self._rows[instrument.symbol], grid, first, beyond))

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        """Give the price at ``now``, or at the last moment of trading; NotFound before the market began."""
        found = self.quotes([instrument], now=now)[0]
        if found is None:
            raise NotFound(
                f"{instrument.symbol} has no price yet: the market begins on {self._hours.session(0)}"
            )
        return found

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        """Give many quotes at once, in order; None where an instrument had no price yet."""
        at, when = moment_at(self._hours, now)
        if at.session < 0 or not instruments:
            return [None] * len(instruments)
        rows = np.array([self._rows[each.symbol] for each in instruments], dtype=np.intp)
        look = at, day_before(self._hours, when)
        seen = self._seen(rows, look)
        return list(self._quotes(rows, seen, look, when))

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> History:
        """Give the newest daily sessions that had ended by ``now``, as arrays.

        All but closes takes every minute of them: with ``closes_only`` it is NaN.
        """
        beyond = bar_grid(self._hours, "1d").ended_by(now)
        numbers = np.arange(max(0, beyond - sessions), max(0, beyond), dtype=np.int64)
        rows = np.array([self._rows[each.symbol] for each in instruments], dtype=np.intp)
        opened, high, low, close, volume = (self._closes if closes_only else self._whole)(rows, numbers)
        return History(
            symbols=tuple(each.symbol for each in instruments),
            sources=(self.name,) * len(rows),
            simulated=(self.simulated,) * len(rows),
            sessions=np.array([self._hours.session(int(number)) for number in numbers], "datetime64[D]"),
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=volume,
            adjusted_close=close,
        )

    def revision(self, market: str) -> str:
        """Name nothing: another history has another seed, which is in the settings."""
        return ""

    def _closes(self, rows: Rows, numbers: NDArray[np.int64]) -> tuple[Reals, ...]:
        """Give what `_whole` does, NaN in all places but the closes'."""
        close = self._prices(rows, self._paths.closes(rows, numbers))
        none = np.full(close.shape, np.nan)
        return none, none, none, close, none

    def _whole(self, rows: Rows, numbers: NDArray[np.int64]) -> tuple[Reals, ...]:
        """Give open, high, low, close and volume of sessions, each shaped (rows, sessions)."""
        found = self._paths.daily(rows, numbers)
        logarithms = (found.open, found.high, found.low, found.close)
        lots = [self._listed[row].lot for row in rows]
        # A product or a quotient of whole numbers is the float nearest to it, as the bars' decimals make it.
        lot = np.array([max(1, int(each)) for each in lots], dtype=np.float64)[:, None]
        per_lot = np.array([max(1, int(1 / each)) for each in lots], dtype=np.float64)[:, None]
        return *(self._prices(rows, each) for each in logarithms), found.lots * lot / per_lot

    def _prices(self, rows: Rows, logarithms: Reals) -> Reals:
        """Give prices on their ticks, as the floats nearest to the bars' decimals."""
        per_unit = self._per_unit[rows][:, None]
        prices: Reals = np.maximum(1, np.rint(np.exp(logarithms) * per_unit)) / per_unit
        return prices

    def _seen(self, rows: Rows, look: _Look) -> Snapshot:
        if len(rows) <= _FEW:
            return snapshot(self._paths, rows, *look)
        which = tuple(part for each in look for part in (each.session, each.minute))
        picture = self._picture
        if picture is None or picture[0] != which:
            everyone = np.arange(len(self._listed), dtype=np.intp)
            picture = self._picture = which, snapshot(self._paths, everyone, *look)
        return picture[1].take(rows)

    def _quotes(self, rows: Rows, seen: Snapshot, look: _Look, when: datetime) -> Iterator[Quote]:
        at, day = look
        last = seen.left + (seen.right - seen.left) * at.part
        earlier = seen.day_left + (seen.day_right - seen.day_left) * day.part
        high = np.maximum(seen.high, np.maximum(last, np.maximum(seen.open, seen.left)))
        low = np.minimum(seen.low, np.minimum(last, np.minimum(seen.open, seen.left)))
        lots = (seen.lots + (seen.next_lots * at.part).astype(np.int64)).tolist()
        columns = (self._ticks(rows, each) for each in (last, seen.open, high, low, seen.before, earlier))
        for row, volume, *ticks in zip(rows.tolist(), lots, *columns, strict=True):
            listing = self._listed[row]
            price, opened, highest, lowest, before, day_price = (each * listing.tick for each in ticks)
            yield Quote(
                price=price,
                change_pct=change_pct(price, before),
                open=opened,
                high=highest,
                low=lowest,
                volume=volume * listing.lot,
                as_of=when,
                change_24h=change_pct(price, day_price),
                source=self.name,
                simulated=True,
            )

    def _bars(self, row: int, grid: BarGrid, first: int, beyond: int) -> Iterator[Bar]:
        each = len(grid.starts)
        step = max(1, _SESSIONS_AT_ONCE // grid.sessions)
        for group in range(first // each, -(-beyond // each), step):
            columns = self._columns(row, grid, group, min(step, -(-beyond // each) - group))
            for number, values in enumerate(zip(*columns, strict=True), start=group * each):
                if first <= number < beyond:
                    yield self._bar(self._listed[row], grid, number, values)

    def _columns(self, row: int, grid: BarGrid, group: int, groups: int) -> list[list[int]]:
        """Give open, high, low, close (in ticks) and volume (in lots) of every bar in some groups."""
        rows = np.array([row], dtype=np.intp)
        sessions = np.arange(group * grid.sessions, (group + groups) * grid.sessions, dtype=np.int64)
        minutes = self._paths.minutes(rows, sessions)
        shift = np.arange(groups)[:, None] * grid.stops[-1]
        starts = (shift + np.array(grid.starts)).ravel()
        prices = (
            minutes.path[..., :-1].ravel()[starts],
            np.maximum.reduceat(minutes.high.ravel(), starts),
            np.minimum.reduceat(minutes.low.ravel(), starts),
            minutes.path[..., 1:].ravel()[(shift + np.array(grid.stops)).ravel() - 1],
        )
        ticks = [self._ticks(np.broadcast_to(rows, each.shape), each) for each in prices]
        return [*ticks, np.add.reduceat(minutes.lots.ravel(), starts).tolist()]

    def _bar(self, listing: Listing, grid: BarGrid, number: int, values: tuple[int, ...]) -> Bar:
        time, session = grid.end(number)
        opened, high, low, close = (each * listing.tick for each in values[:4])
        return Bar(
            time=time,
            session=session,
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=values[4] * listing.lot,
            adjusted_close=close,
            source=self.name,
        )

    def _ticks(self, rows: NDArray[np.intp], logarithms: Reals) -> list[int]:
        ticks: list[int] = (
            np.maximum(1, np.rint(np.exp(logarithms) * self._per_unit[rows])).astype(np.int64).tolist()
        )
        return ticks

    @cached_property
    def _listed(self) -> list[Listing]:
        return listings(self._market, self._settings.seed, self._settings.size)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {each.instrument.symbol: row for row, each in enumerate(self._listed)}

    @cached_property
    def _paths(self) -> Paths:
        return Paths(self._market, self._settings.seed, self._hours, self._listed)

    @cached_property
    def _per_unit(self) -> Reals:
        return np.array([float(Decimal(1) / each.tick) for each in self._listed])
