"""Price paths as functions of time: a Lévy construction whose every random number belongs to a point in time.

The logarithm of a price moves as three Brownian motions: the market's, the sector's and its own. Each is
built by midpoint refinement (P. Lévy, Processus stochastiques et mouvement brownien, 1948): a block of 64
sessions between two drawn ends, down to sessions, down to parts of a session. The ends of blocks do not add
up, so levels stay plausible for ever, and any session is had without walking there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tacore.market.hours import Hours
from tacore.market.synthetic.noise import Reals, Words, key, normals, uniform, uniform_thirds, words
from tacore.market.synthetic.universe import Listing

Rows = NDArray[np.intp]
_BLOCK_LEVELS = 6
_BLOCK = 1 << _BLOCK_LEVELS
_BLOCK_END_DEVIATION = np.sqrt(_BLOCK) / 2  # a little less than Brownian, which keeps levels closer
_COUNTER_BITS = 12  # a session is 4,096 counters long
_OVERNIGHT = 4  # a quarter of a session's variance falls before its open, where a market closes at all
_SECTOR_WEIGHT = 0.4
_WICK = 0.6
_CELLS_AT_ONCE = 1 << 15  # more minutes would fall out of the processor's cache
_THIRD_BITS = 21
_THIRD = np.uint64((1 << _THIRD_BITS) - 1)
_Shared = tuple[Reals, Reals]


@dataclass(frozen=True, slots=True)
class Minutes:
    """Sessions by the minute: logarithms of prices, and volume in lots.

    ``path`` is shaped (rows, sessions, minutes + 1), the price at each minute's boundary; the others (rows,
    sessions, minutes).
    """

    path: Reals
    high: Reals
    low: Reals
    lots: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Daily:
    """Sessions as wholes: logarithms of prices, and volume in lots; each shaped (rows, sessions)."""

    open: Reals
    high: Reals
    low: Reals
    close: Reals
    lots: NDArray[np.int64]


class Paths:
    """The paths of a list of instruments; a row is an index into that list."""

    def __init__(self, market: str, seed: int, hours: Hours, listed: Sequence[Listing]) -> None:
        symbols = [each.instrument.symbol for each in listed]
        sectors = sorted({str(each.instrument.sector) for each in listed})
        own = np.array([0.45 + 0.3 * uniform(seed, market, symbol, "beta") for symbol in symbols])
        self._hours = hours
        self._level = np.log([each.level for each in listed])
        self._volatility = np.array([each.volatility for each in listed])
        self._lots = np.array([each.lots_per_session for each in listed]) / hours.minutes
        self._weights = own, np.sqrt(1 - own**2 - _SECTOR_WEIGHT**2)
        self._market_key = _keys([key(seed, market)])
        self._sector_keys = _keys([key(seed, market, "sector", each) for each in sectors])
        self._sector = np.array([sectors.index(str(each.instrument.sector)) for each in listed])
        self._keys = _keys([key(seed, market, symbol) for symbol in symbols])
        self._minute_keys = _keys([key(seed, market, symbol, "minute") for symbol in symbols])
        self._levels = 11 if hours.every_day else 9
        self._open = 0 if hours.every_day else (1 << self._levels) // _OVERNIGHT
        self._shape = _volume_shape(hours)
        nodes = 1 << self._levels
        at = self._open + np.arange(hours.minutes + 1) * ((nodes - self._open) / hours.minutes)
        left = np.minimum(at.astype(np.intp), nodes - 1)
        self._minutes_at = left, at - left
        self._rows_at_once = max(1, _CELLS_AT_ONCE // nodes)

    def closes(self, rows: Rows, sessions: NDArray[np.int64]) -> Reals:
        """Give the logarithms of closing prices, shaped (rows, sessions)."""
        return self._scale(rows, self._session_ends(rows, sessions)[1])

    def path(self, rows: Rows, sessions: NDArray[np.int64]) -> Reals:
        """Give the logarithms of prices at the minutes' boundaries, shaped (rows, sessions, minutes + 1)."""
        before, after = self._session_ends(rows, sessions)
        return self._path(rows, before, after, self._draw(rows, self._nodes_of(sessions)))

    def daily(self, rows: Rows, sessions: NDArray[np.int64]) -> Daily:
        """Give sessions as wholes, to the last bit those of `minutes`, in a third of its time.

        Volume is a sum over minutes, so every minute is drawn. What is spared is memory, the motion that all
        rows share, and the wicks of minutes that can't be the session's high or low.
        """
        parts = [
            rows[first : first + self._rows_at_once] for first in range(0, len(rows), self._rows_at_once)
        ]
        ends = [self._session_ends(part, sessions) for part in parts]
        shape = len(rows), len(sessions)
        opened, high, low, close = (np.empty(shape) for _ in range(4))
        found = Daily(opened, high, low, close, np.empty(shape, dtype=np.int64))
        for column, session in enumerate(sessions[:, None]):
            nodes = self._nodes_of(session)
            shared = self._shared(nodes)
            for number, (part, (before, after)) in enumerate(zip(parts, ends, strict=True)):
                here = slice(number * self._rows_at_once, (number + 1) * self._rows_at_once), column
                drawn = self._draw(part, nodes, shared)
                path = self._path(part, before[:, [column]], after[:, [column]], drawn)[:, 0]
                found.open[here], found.close[here] = path[:, 0], path[:, -1]
                found.high[here], found.low[here], found.lots[here] = self._whole(part, session, path)
        return found

    def _whole(
        self, rows: Rows, session: NDArray[np.int64], path: Reals
    ) -> tuple[Reals, Reals, NDArray[np.int64]]:
        """Give high, low and lots of one session; each operation is that of `minutes`, in its order."""
        minute = np.arange(self._hours.minutes, dtype=np.int64)
        counters = ((session[:, None] << _COUNTER_BITS) + minute).astype(np.uint64)[0]
        word = words(self._minute_keys[rows][:, None], counters)
        pace = (self._volatility[rows] / np.sqrt(self._hours.minutes))[:, None]
        first, last = path[:, :-1], path[:, 1:]
        busy = np.exp(0.4 * normals(self._minute_keys[rows][:, None], _busy_counters(session)))
        lots = ((word >> np.uint64(2 * _THIRD_BITS)) & _THIRD).astype(np.float64)
        lots /= 1 << _THIRD_BITS
        lots *= 1.2
        lots += 0.4
        lots *= self._lots[rows][:, None] * busy * self._shape
        moved = last - first
        np.abs(moved, out=moved)
        moved /= pace
        moved *= 0.8
        moved += 0.4
        lots *= moved
        np.rint(lots, out=lots)
        tops, bottoms, wick = np.maximum(first, last), np.minimum(first, last), _WICK * pace
        high, low = np.empty(len(rows)), np.empty(len(rows))
        for row in range(len(rows)):
            able = np.flatnonzero(tops[row] >= tops[row].max() - wick[row])
            up = (word[row, able] & _THIRD).astype(np.float64) / (1 << _THIRD_BITS)
            high[row] = (tops[row, able] + up * up * wick[row]).max()
            able = np.flatnonzero(bottoms[row] <= bottoms[row].min() + wick[row])
            shifted = (word[row, able] >> np.uint64(_THIRD_BITS)) & _THIRD
            down = shifted.astype(np.float64) / (1 << _THIRD_BITS)
            low[row] = (bottoms[row, able] - down * down * wick[row]).min()
        return high, low, lots.sum(axis=1).astype(np.int64)

    def _nodes_of(self, sessions: NDArray[np.int64]) -> NDArray[np.int64]:
        step = np.arange(1 << self._levels, dtype=np.int64) << (_COUNTER_BITS - self._levels)
        return (sessions[:, None] << _COUNTER_BITS) + step

    def _path(self, rows: Rows, before: Reals, after: Reals, drawn: Reals) -> Reals:
        grid = _bridge(before, after, drawn, 1.0)
        left, part = self._minutes_at
        return self._scale(rows, grid[..., left] * (1 - part) + grid[..., left + 1] * part)

    def minutes(self, rows: Rows, sessions: NDArray[np.int64]) -> Minutes:
        """Give sessions by the minute."""
        path = self.path(rows, sessions)
        minute = np.arange(self._hours.minutes, dtype=np.int64)
        counters = ((sessions[:, None] << _COUNTER_BITS) + minute).astype(np.uint64)
        up, down, activity = uniform_thirds(self._minute_keys[rows][:, None, None], counters)
        pace = self._volatility[rows][:, None, None] / np.sqrt(self._hours.minutes)
        first, last = path[..., :-1], path[..., 1:]
        busy = np.exp(0.4 * normals(self._minute_keys[rows][:, None], _busy_counters(sessions)))[..., None]
        moved = np.abs(last - first) / pace
        lots = (
            self._lots[rows][:, None, None]
            * busy
            * self._shape
            * (0.4 + 1.2 * activity)
            * (0.4 + 0.8 * moved)
        )
        return Minutes(
            path=path,
            high=np.maximum(first, last) + up * up * (_WICK * pace),
            low=np.minimum(first, last) - down * down * (_WICK * pace),
            lots=np.rint(lots).astype(np.int64),
        )

    def _scale(self, rows: Rows, moves: Reals) -> Reals:
        shape = (-1,) + (1,) * (moves.ndim - 1)
        scaled: Reals = moves * self._volatility[rows].reshape(shape) + self._level[rows].reshape(shape)
        return scaled

    def _session_ends(self, rows: Rows, sessions: NDArray[np.int64]) -> tuple[Reals, Reals]:
        """Give the motion at the beginning and at the end of sessions, shaped (rows, sessions)."""
        blocks, place = np.unique(sessions >> _BLOCK_LEVELS, return_inverse=True)
        at = (blocks[:, None] << _BLOCK_LEVELS) + np.arange(_BLOCK + 1, dtype=np.int64)
        drawn = self._draw(rows, at << _COUNTER_BITS)
        ends = drawn[..., [0, -1]] * _BLOCK_END_DEVIATION
        grid = _bridge(ends[..., 0], ends[..., 1], drawn[..., :-1], float(_BLOCK))
        inside = sessions & (_BLOCK - 1)
        return grid[:, place, inside], grid[:, place, inside + 1]

    def _draw(self, rows: Rows, at: NDArray[np.int64], shared: _Shared | None = None) -> Reals:
        """Give each row's random number of points in time: its share of market, sector and its own."""
        market, sectors = shared or self._shared(at, np.unique(self._sector[rows]))
        beta, own = (weight[rows][:, None, None] for weight in self._weights)
        drawn = normals(self._keys[rows][:, None, None], at.astype(np.uint64))
        drawn *= own
        drawn += beta * market
        drawn += sectors[self._sector[rows]]
        return drawn

    def _shared(self, at: NDArray[np.int64], needed: Rows | None = None) -> _Shared:
        """Give the market's and the sectors' random numbers, those of ``needed`` sectors or of all."""
        counters = at.astype(np.uint64)
        some = np.arange(len(self._sector_keys)) if needed is None else needed
        sectors = np.empty((len(self._sector_keys), *at.shape))
        sectors[some] = _SECTOR_WEIGHT * normals(self._sector_keys[some][:, None, None], counters)
        return normals(self._market_key[:, None, None], counters), sectors


def _bridge(first: Reals, last: Reals, drawn: Reals, length: float) -> Reals:
    """Refine between two ends: each midpoint is the middle plus its random number * √(interval)/2.

    ``drawn`` holds 2^k numbers by place, of which the first is not used; the result holds 2^k + 1.
    """
    steps = drawn.shape[-1]
    grid = np.empty((*drawn.shape[:-1], steps + 1))
    grid[..., 0], grid[..., -1] = first, last
    step = steps
    while step > 1:
        half = step // 2
        middle = (grid[..., :-1:step] + grid[..., step::step]) * 0.5
        grid[..., half::step] = middle + drawn[..., half::step] * (0.5 * np.sqrt(length * step / steps))
        step = half
    return grid


def _busy_counters(sessions: NDArray[np.int64]) -> Words:
    """Give the last counter of each session, which no minute uses: how busy the whole session is."""
    last = (1 << _COUNTER_BITS) - 1
    return ((sessions << _COUNTER_BITS) + last).astype(np.uint64)


def _keys(values: Sequence[int]) -> Words:
    return np.array(values, dtype=np.uint64)


def _volume_shape(hours: Hours) -> Reals:
    """Give each minute's share of an average minute's volume: busy ends where a market closes, else flat."""
    if hours.every_day:
        return np.ones(hours.minutes)
    place = np.linspace(-1, 1, hours.minutes)
    shape: Reals = 0.6 + 1.2 * place**2
    return shape
