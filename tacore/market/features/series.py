"""A market's sessions as features see them: on one price basis, without gaps, the running session last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from tacore.market.features.indicators import Reals
from tacore.market.hours import Hours
from tacore.model import Quote
from tacore.model.history import Days, History

_SPLIT = 1.25  # a smaller step between raw and adjusted closes is a dividend, which moves no volume


@dataclass(frozen=True, slots=True)
class Series:
    """Sessions of N instruments, each shaped (T, N), the newest last, NaN before an instrument's first.

    Prices are adjusted to the present: the newest close is the raw one, earlier ones have later splits and
    dividends taken out. Volume has splits taken out.
    """

    open: Reals
    high: Reals
    low: Reals
    close: Reals
    volume: Reals


def series_of(history: History, quotes: Sequence[Quote], hours: Hours) -> Series:
    """Lay out a history; a quote of a later session is the newest value of its row."""
    raw, adjusted = history.close, history.adjusted_close
    ratio, present = adjusted / raw, _newest(raw / adjusted)
    scale = ratio * present[:, None]
    parts = [each * scale for each in (history.open, history.high, history.low)]
    parts += [adjusted * present[:, None], history.volume / _splits(scale)]
    days = _session_days([each.as_of for each in quotes], hours)
    running = days > history.sessions[-1] if len(history.sessions) else np.ones(len(quotes), dtype=bool)
    if running.any():
        now = np.array(
            [(each.open, each.high, each.low, each.price, each.volume) for each in quotes], dtype=float
        )
        now[~running] = np.nan
        parts = [np.column_stack((part, now[:, place])) for place, part in enumerate(parts)]
    return Series(*(np.ascontiguousarray(part.T) for part in _packed(parts)))


def _newest(values: Reals) -> Reals:
    """Give each row's last known value; NaN where it has none."""
    known = ~np.isnan(values)
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    place = values.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    newest: Reals = values[np.arange(len(values)), place]
    return newest


def _splits(scale: Reals) -> Reals:
    """Give what splits alone did to prices, of what splits and dividends did."""
    if scale.shape[1] < 2 or not (np.abs(scale[:, :-1] - scale[:, 1:]) > 0.1 * scale[:, 1:]).any():  # noqa: PLR2004
        return np.ones(scale.shape)
    steps = np.ones(scale.shape)
    steps[:, :-1] = scale[:, :-1] / scale[:, 1:]
    steps[~((steps >= _SPLIT) | (steps <= 1 / _SPLIT))] = 1.0
    splits: Reals = np.multiply.accumulate(steps[:, ::-1], axis=1)[:, ::-1]
    return splits


def _packed(parts: list[Reals]) -> list[Reals]:
    """Move the sessions that a row has to its end, in order."""
    known = ~np.isnan(parts[3])
    if not (known[:, :-1] & ~known[:, 1:]).any():
        return parts
    order = np.argsort(known, axis=1, kind="stable")
    return [np.take_along_axis(part, order, axis=1) for part in parts]


def _session_days(moments: Sequence[datetime], hours: Hours) -> Days:
    """Give the session that each moment ended or fell in: midnight belongs to the day before."""
    tick = timedelta(microseconds=1)
    found = {moment: (moment - tick).astimezone(hours.tz).date() for moment in set(moments)}
    days: NDArray[np.datetime64] = np.array([found[moment] for moment in moments], dtype="datetime64[D]")
    return days
