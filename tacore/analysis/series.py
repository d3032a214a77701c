"""Bars of one instrument as arrays, in the prices of the last bar."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tacore.model import Bar
from tacore.model.history import Days, History, Reals

# Adjusted closes are rounded, so that their ratio to the raw ones trembles: no distribution is that small.
_TREMBLE = 1e-4
_PLACES = 11  # of a step, so that what a later split does to the last digits does not show
# A dividend leaves the number of shares alone, a split does not: MSFT once paid 10 %, 5 for 4 is 20 %.
_SPLIT = 0.15
_MONDAY = 3  # 1970-01-01, day 0 of numpy, was a Thursday


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Bars of one instrument, oldest first; all arrays are shaped (T,) and contiguous.

    ``bars`` names each bar: its session, or within a day the moment it ended. Prices have the splits and
    dividends up to the last bar taken out and none after it, so that they stand in the prices of the last
    bar, whose own are raw; volume counts the shares of the last bar.
    """

    bars: tuple[str, ...]
    open: Reals
    high: Reals
    low: Reals
    close: Reals
    volume: Reals

    def __len__(self) -> int:
        return len(self.bars)


def daily_series(
    sessions: Days, opened: Reals, high: Reals, low: Reals, close: Reals, volume: Reals, adjusted_close: Reals
) -> Series:
    """Make a series of raw sessions; those with a price missing (NaN) are left out."""
    names = np.datetime_as_string(sessions, unit="D").tolist() if len(sessions) else []
    return _series(names, np.stack([opened, high, low, close, volume, adjusted_close]))


def first_series(history: History, *, closes_only: bool = False) -> Series:
    """Make a series of a history's first row; with ``closes_only`` it may have NaN in all other places.

    Then each close stands for the session's other prices, and volumes are NaN.
    """
    names = ("open", "high", "low", "close", "volume", "adjusted_close")
    lines: list[Reals] = [getattr(history, name)[0] for name in names]
    if closes_only:
        lines[:5] = [lines[3]] * 4 + [np.full(len(history.sessions), np.nan)]
    return daily_series(history.sessions, *lines)


def series_of(bars: Sequence[Bar]) -> Series:
    """Make a series of raw bars within days, named by the moment each ended."""
    rows = [(bar.open, bar.high, bar.low, bar.close, bar.volume, bar.adjusted_close) for bar in bars]
    values = np.array(rows, dtype=np.float64).reshape(len(rows), 6).T
    return _series([bar.time.strftime("%Y-%m-%dT%H:%M:%SZ") for bar in bars], values)


def weekly_series(daily: Series) -> Series:
    """Join sessions to calendar weeks, each named by its last session.

    Whether the newest week is over is for the market to say: give sessions up to the end of a whole one.
    """
    if not len(daily):
        return daily
    weeks = (np.array(daily.bars, dtype="datetime64[D]").astype(np.int64) + _MONDAY) // 7
    starts = np.flatnonzero(np.diff(weeks, prepend=weeks[0] - 1))
    ends = np.append(starts[1:], len(daily)) - 1
    return Series(
        tuple(daily.bars[end] for end in ends.tolist()),
        daily.open[starts],
        np.maximum.reduceat(daily.high, starts),
        np.minimum.reduceat(daily.low, starts),
        daily.close[ends],
        np.add.reduceat(daily.volume, starts),
    )


def newest(series: Series, count: int) -> Series:
    """Keep the newest bars."""
    columns = (series.open, series.high, series.low, series.close, series.volume)
    return Series(series.bars[-count:], *(np.ascontiguousarray(each[-count:]) for each in columns))


def factors(close: Reals, adjusted_close: Reals) -> Reals:
    """Give what turns each bar's raw prices into those of the last bar; 1 for the last.

    Only ratios of neighbours count, so that splits and dividends after the last bar change nothing.
    """
    of_all = adjusted_close / close
    steps = of_all[:-1] / of_all[1:]
    steps[np.abs(steps - 1) < _TREMBLE] = 1.0
    steps = np.round(steps, _PLACES)
    return _from_the_right(steps)


def split_factors(factor: Reals) -> Reals:
    """Give the part of the factors that comes of splits."""
    steps = factor[:-1] / factor[1:]
    steps[np.abs(steps - 1) < _SPLIT] = 1.0
    return _from_the_right(steps)


def _series(names: list[str], values: Reals) -> Series:
    whole = np.asarray(np.isfinite(values[[0, 1, 2, 3, 5]]).all(axis=0))
    opened, high, low, close, volume, adjusted_close = np.ascontiguousarray(values[:, whole])
    if not len(close):
        return Series((), opened, high, low, close, volume)
    factor = factors(close, adjusted_close)
    return Series(
        tuple(name for name, is_whole in zip(names, whole.tolist(), strict=True) if is_whole),
        opened * factor,
        high * factor,
        low * factor,
        close * factor,
        volume / split_factors(factor),
    )


def _from_the_right(steps: Reals) -> Reals:
    products: Reals = np.append(np.cumprod(steps[::-1])[::-1], 1.0)
    return products
