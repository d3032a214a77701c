"""Indicators of many instruments at once, each as of the last session and the one before.

Prices come as (T, N) arrays, a row per session so that recursions run along memory, the newest last; columns
begin with NaN where an instrument has fewer. A result is (N,), or twice that, NaN where there is too little.
Seeds are those of TA-Lib (github.com/TA-Lib, ta_func): a mean of the first values, and the two means of MACD
begin together.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Places = NDArray[np.intp]


class Pair(NamedTuple):
    """One value per instrument, of the last session and of the one before; each shaped (N,)."""

    last: Reals
    before: Reals


def first_places(values: Reals) -> Places:
    """Give the session at which each instrument begins."""
    places: Places = np.isnan(values).sum(axis=0)
    return places


def sma(closes: Reals, length: int) -> Pair:
    """Give means of the last closes."""
    return Pair(_mean(closes, length, 0), _mean(closes, length, 1))


def bollinger(closes: Reals, length: int = 20, deviations: float = 2.0) -> tuple[Pair, Pair]:
    """Give the place between the bands (0 lower, 1 upper) and their distance in percent of the middle."""
    found = [_bollinger(closes, length, deviations, back) for back in (0, 1)]
    position, width = zip(*found, strict=True)
    return Pair(*position), Pair(*width)


def ema(closes: Reals, starts: Places, length: int) -> Pair:
    """Give exponential means, seeded by the mean of the first closes."""
    return _ends(_smoothed(closes, starts + length - 1, length, 2 / (length + 1)))


def macd(closes: Reals, starts: Places) -> tuple[Pair, Pair, Pair]:
    """Give the MACD line (12, 26), its signal (9) and their difference."""
    together = starts + 25
    line = _smoothed(closes, together, 12, 2 / 13) - _smoothed(closes, together, 26, 2 / 27)
    signal = _smoothed(line, together + 8, 9, 2 / 10)
    return _ends(line), _ends(signal), _ends(line - signal)


def rsi(closes: Reals, starts: Places, length: int = 14) -> Pair:
    """Give Wilder's relative strength index; NaN where no close ever moved."""
    moves = np.diff(closes, axis=0, prepend=np.nan)
    seeded = starts + length
    gains = _ends(_smoothed(np.maximum(moves, 0), seeded, length, 1 / length))
    losses = _ends(_smoothed(np.maximum(-moves, 0), seeded, length, 1 / length))
    with np.errstate(invalid="ignore"):
        return Pair(*(100 * gain / (gain + loss) for gain, loss in zip(gains, losses, strict=True)))


def atr(high: Reals, low: Reals, closes: Reals, starts: Places, length: int = 14) -> Pair:
    """Give Wilder's average true range."""
    last = np.full_like(closes, np.nan)
    last[1:] = closes[:-1]
    true_range = np.maximum(high, last) - np.minimum(low, last)
    return _ends(_smoothed(true_range, starts + length, length, 1 / length))


def volatility(closes: Reals, sessions_per_year: float, length: int = 60) -> Reals:
    """Give the deviation of the last log returns, annualised, in percent."""
    if len(closes) <= length:
        return np.full(closes.shape[1], np.nan)
    returns = np.diff(np.log(closes[-length - 1 :]), axis=0)
    spread: Reals = returns.std(axis=0, ddof=1) * np.sqrt(sessions_per_year) * 100
    return spread


def change(closes: Reals, sessions: int) -> Reals:
    """Give the change over some sessions in percent."""
    if len(closes) <= sessions:
        return np.full(closes.shape[1], np.nan)
    moved: Reals = (closes[-1] / closes[-1 - sessions] - 1) * 100
    return moved


def _mean(values: Reals, length: int, back: int) -> Reals:
    stop = len(values) - back
    if stop < length:
        return np.full(values.shape[1], np.nan)
    mean: Reals = values[stop - length : stop].mean(axis=0)
    return mean


def _bollinger(closes: Reals, length: int, deviations: float, back: int) -> tuple[Reals, Reals]:
    middle, stop = _mean(closes, length, back), len(closes) - back
    if stop < length:
        return middle, middle
    half = deviations * closes[stop - length : stop].std(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        position = (closes[stop - 1] - middle + half) / (2 * half)
    position[half <= middle * 1e-12] = np.nan  # closes that never moved have no band to stand in
    return position, 2 * half / middle * 100


def _smoothed(values: Reals, seeded: Places, length: int, weight: float) -> Reals:
    """Smooth from the session at which each instrument is seeded by the mean of ``length`` values."""
    sessions, count = values.shape
    smooth = np.full((sessions, count), np.nan)
    able = np.flatnonzero(seeded < sessions)
    at = seeded[able] - np.arange(length)[:, None]
    smooth[seeded[able], able] = values[at, able].mean(axis=0)
    begins = set(seeded[able].tolist())
    current, scratch = np.full(count, np.nan), np.empty(count)
    for row in range(min(begins, default=sessions), sessions):
        np.subtract(values[row], current, out=scratch)
        scratch *= weight
        current += scratch
        if row in begins:
            new = able[seeded[able] == row]
            current[new] = smooth[row, new]
        smooth[row] = current
    return smooth


def _ends(values: Reals) -> Pair:
    nothing = np.full(values.shape[1], np.nan)
    return Pair(values[-1] if len(values) else nothing, values[-2] if len(values) > 1 else nothing)
