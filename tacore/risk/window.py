"""Lay the histories of several markets on common sessions, and decide which positions have enough of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from tacore.model.history import Days, History, Reals

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """Adjusted closes on common sessions.

    ``prices`` is shaped (n, T + 1), without gaps; ``kept`` has the row that each had among all assets, and
    ``short`` the number of returns of those that had too few. ``carried`` counts prices carried forward.
    """

    prices: Reals
    sessions: Days
    kept: Rows
    short: dict[int, int]
    carried: dict[int, int]
    limited_by: int | None

    @property
    def returns(self) -> Reals:
        """Simple returns from session to session, shaped (n, T)."""
        made: Reals = self.prices[:, 1:] / self.prices[:, :-1] - 1.0
        return made


def common_sessions(histories: Sequence[History]) -> Days:
    """Give the sessions that every calendar has, so that a return spans the same days everywhere."""
    days: list[Days] = [each.sessions for each in histories]
    return reduce(lambda one, other: np.intersect1d(one, other, assume_unique=True), days)


def closes_on(history: History, sessions: Days) -> Reals:
    """Give adjusted closes on some of a history's sessions, shaped (rows, sessions)."""
    if len(history.sessions) == len(sessions):
        return history.adjusted_close
    return history.adjusted_close[:, np.searchsorted(history.sessions, sessions)]


def align(histories: Sequence[History], others: Sequence[History], lookback: int, least: int) -> Aligned:
    """Lay histories on the newest ``lookback`` + 1 sessions that all of them, and the others, have.

    A row with fewer than ``least`` returns is left out. The rest start together, where the youngest of them
    does: every figure is then of the same days. A gap inside keeps the price before it.
    """
    sessions = common_sessions([*histories, *others])[-(lookback + 1) :]
    prices = np.vstack([closes_on(each, sessions) for each in histories])
    known = np.isfinite(prices)
    carried: dict[int, int] = {}
    first = known.argmax(axis=1) if len(sessions) else 0
    starts = np.where(known.any(axis=1), first, len(sessions))
    if not known.all():
        carried = {row: int((~known[row, starts[row] :]).sum()) for row in range(len(prices))}
        prices = _carry_forward(prices, known)
    lengths = len(sessions) - 1 - starts
    enough = lengths >= least
    kept = np.flatnonzero(enough)
    start = int(starts[kept].max(initial=0))
    youngest = int(kept[starts[kept].argmax()]) if start else None
    return Aligned(
        prices=prices[kept, start:],
        sessions=sessions[start:],
        kept=kept,
        short={int(row): max(0, int(lengths[row])) for row in np.flatnonzero(~enough)},
        carried={row: count for row, count in carried.items() if count and enough[row]},
        limited_by=youngest,
    )


def _carry_forward(prices: Reals, known: NDArray[np.bool_]) -> Reals:
    last = np.maximum.accumulate(np.where(known, np.arange(prices.shape[1]), 0), axis=1)
    carried: Reals = np.take_along_axis(prices, last, axis=1)
    return carried
