"""Support and resistance: prices at which swings turned more than once."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tacore.analysis.answer import Level, Levels
from tacore.analysis.series import Series
from tacore.model.history import Reals

REACH = 5  # bars on each side that a swing's turn stands out from
WINDOW = 252  # bars looked at
MOST = 3  # levels shown on each side
_TOUCHES = 2
_ATR_SHARE = 0.5
_PRICE_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Pivot:
    """A swing's turn: the high or low of 2 * REACH + 1 bars, and which bar it is."""

    price: float
    bar: int


def pivots(series: Series) -> list[Pivot]:
    """Find the swing highs and lows of the newest WINDOW bars, by price; of equal ones the first counts."""
    first = max(0, len(series) - WINDOW)
    high, low = series.high[first:], series.low[first:]
    if len(high) <= 2 * REACH:
        return []
    turns = [(high, bar) for bar in _peaks(high)] + [(low, bar) for bar in _peaks(-low)]
    return sorted((Pivot(float(line[bar]), first + bar) for line, bar in turns), key=lambda each: each.price)


def cluster(found: list[Pivot], tolerance: float) -> list[list[Pivot]]:
    """Group pivots, given by price, that lie within the tolerance of their group's mean."""
    groups: list[list[Pivot]] = []
    for each in found:
        if groups and each.price - mean(groups[-1]) <= tolerance:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def mean(group: list[Pivot]) -> float:
    """Give the price of a group."""
    return sum(each.price for each in group) / len(group)


def levels(series: Series, atr: float | None) -> Levels:
    """Give the nearest levels that at least two swings touched.

    Two turns are one level within half an average true range, or 1 % of the price where that is not known.
    """
    price = float(series.close[-1])
    tolerance = atr * _ATR_SHARE if atr else price * _PRICE_SHARE
    groups = [each for each in cluster(pivots(series), tolerance) if len(each) >= _TOUCHES]
    shown = [_level(series, each, price) for each in groups]
    below = sorted((each for each in shown if each.price <= price), key=lambda each: -each.price)
    above = sorted((each for each in shown if each.price > price), key=lambda each: each.price)
    return Levels(
        price=price,
        tolerance=tolerance,
        support=below[:MOST],
        resistance=above[:MOST],
        shown=(
            f"raw, in prices as traded on {series.bars[-1]}: bars before it have the splits and dividends "
            "up to that day taken out"
        ),
    )


def _level(series: Series, group: list[Pivot], price: float) -> Level:
    at = mean(group)
    touched = [each.bar for each in group]
    return Level(
        price=at,
        touches=len(group),
        first=series.bars[min(touched)],
        last=series.bars[max(touched)],
        distance_pct=(at / price - 1) * 100,
    )


def _peaks(line: Reals) -> list[int]:
    """Give the bars that no bar within REACH tops, nor one before equals."""
    around = sliding_window_view(line, 2 * REACH + 1)
    middle = around[:, REACH]
    peaks = (middle > around[:, :REACH].max(axis=1)) & (middle >= around[:, REACH + 1 :].max(axis=1))
    found: list[int] = (np.flatnonzero(peaks) + REACH).tolist()
    return found
