"""Daily history of a file's symbols as arrays, laid out once, so that histories are cut from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tacore.market.daily_file import ended_by, session_of
from tacore.market.hours import Hours
from tacore.model.history import Days, History, Reals

_COLUMNS = 6  # open, high, low, close, volume, adjusted close, as the file has them


@dataclass(frozen=True, slots=True, eq=False)
class DailyGrid:
    """All sessions of all symbols: ``values`` is shaped (6, symbols, sessions), NaN where one had none."""

    rows: Mapping[str, int]
    ends: Sequence[str]
    days: Days
    values: Reals

    def history(
        self, symbols: Sequence[str], *, now: datetime, hours: Hours, sessions: int, source: str
    ) -> History:
        """Give the newest sessions that had ended by ``now`` on which any of the symbols traded."""
        picked = [self.rows[each] for each in symbols]
        beyond = ended_by(self.ends, now, hours)
        traded = np.flatnonzero(np.isfinite(self.values[3, picked, :beyond]).any(axis=0))
        columns = traded[len(traded) - min(sessions, len(traded)) :]
        first, last = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, 0)
        values = self.values[:, picked, first:last]
        days = self.days[first:last]
        if len(columns) < last - first:
            values, days = values[:, :, columns - first], days[columns - first]
        return History(tuple(symbols), (source,) * len(symbols), (False,) * len(symbols), days, *values)


def daily_grid(lines: Mapping[str, Sequence[str]]) -> DailyGrid:
    """Lay out the lines of a daily file."""
    sessions = {symbol: [session_of(line) for line in each] for symbol, each in lines.items()}
    ends = sorted({day for each in sessions.values() for day in each})
    place = {day: column for column, day in enumerate(ends)}
    values = np.full((_COLUMNS, len(lines), len(ends)), np.nan)
    for row, (symbol, each) in enumerate(lines.items()):
        numbers = np.array([line.split(",")[2:] for line in each], dtype=np.float64)
        values[:, row, [place[day] for day in sessions[symbol]]] = numbers.T
    rows = {symbol: row for row, symbol in enumerate(lines)}
    return DailyGrid(rows, ends, np.array(ends, dtype="datetime64[D]"), values)
