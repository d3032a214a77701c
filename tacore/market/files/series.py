"""One symbol's daily history in memory: exact prices for bars, floats for arrays."""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tacore.errors import Unavailable
from tacore.market.daily_file import Row, adjust, as_bar, ended_by, merge, week_of
from tacore.market.files.checks import check, sessions_of
from tacore.market.files.columns import ADJUSTED, NUMBERS, SESSION
from tacore.market.files.problems import UnreadableFile
from tacore.market.files.table import read_table
from tacore.market.hours import Hours
from tacore.model import Bar
from tacore.model.history import Days, Reals

_VALUES = (*NUMBERS, ADJUSTED)


class Series:
    """The sessions of a file, oldest first; without an adjusted close, closes stand for it."""

    def __init__(self, frame: pl.DataFrame, hours: Hours, source: str) -> None:
        self.adjusted = ADJUSTED in frame.columns
        frame = frame if self.adjusted else frame.with_columns(pl.col("close").alias(ADJUSTED))
        self._frame = frame.select(SESSION, *_VALUES).sort(SESSION)
        self._hours = hours
        self._source = source
        self.sessions = list(sessions_of(self._frame))

    def daily(self, first: int, beyond: int, *, adjusted: bool) -> list[Bar]:
        """Give the bars of some sessions."""
        return [self._bar(row) for row in self._rows(first, beyond, adjusted)]

    def weekly(self, first: int, beyond: int, *, adjusted: bool) -> list[Bar]:
        """Give the bars of some weeks."""
        return [
            self._bar(merge(self._rows(*self._weeks[number], adjusted))) for number in range(first, beyond)
        ]

    def ended_by(self, moment: datetime) -> int:
        """Count the sessions that had closed by a moment."""
        return ended_by(self.sessions, moment, self._hours)

    def weeks_ended_by(self, moment: datetime) -> int:
        """Count the weeks whose last session had closed by a moment; the newest may still run."""
        ended = bisect_right([beyond for _, beyond in self._weeks], self.ended_by(moment))
        if ended == len(self._weeks) and ended and self._runs(self.sessions[-1], moment):
            return ended - 1
        return ended

    @cached_property
    def days(self) -> Days:
        """The sessions' dates, shaped (T,)."""
        return np.array(self.sessions, dtype="datetime64[D]")

    @cached_property
    def values(self) -> Reals:
        """Open, high, low, close, volume and adjusted close as floats, shaped (6, T)."""
        columns = [self._frame[name].cast(pl.Float64).to_numpy() for name in _VALUES]
        made: NDArray[np.float64] = np.stack(columns)
        return made

    @cached_property
    def _weeks(self) -> list[tuple[int, int]]:
        weeks = [list(each) for _, each in groupby(range(len(self.sessions)), self._week)]
        return [(week[0], week[-1] + 1) for week in weeks]

    def _week(self, number: int) -> tuple[int, int]:
        return week_of(self.sessions[number])

    def _runs(self, session: str, moment: datetime) -> bool:
        """Tell whether the week of a session has a regular session that has not closed by a moment."""
        day = date.fromisoformat(session)
        last = day + timedelta(days=self._hours.sessions_per_week - 1 - day.weekday())
        return last > day and moment < self._hours.close(last)

    def _rows(self, first: int, beyond: int, adjusted: bool) -> list[Row]:
        rows = [
            Row(session.isoformat(), *map(_plain, values))
            for session, *values in self._frame[first:beyond].iter_rows()
        ]
        return [adjust(row) for row in rows] if adjusted else rows

    def _bar(self, row: Row) -> Bar:
        return as_bar(row, self._hours, self._source)


def read_series(path: Path, hours: Hours, source: str) -> Series:
    """Read a file; Unavailable names the first line, column and value that is wrong, for none is left out."""
    try:
        table = read_table(path, hours.zone)
    except UnreadableFile as error:
        raise _malformed(path, str(error)) from error
    problems = [*table.problems, *check(table.frame, path.name)]
    if problems:
        more = f" (and {len(problems) - 1} more: `tacore data import` lists them)" if problems[1:] else ""
        raise _malformed(path, f"{problems[0]}{more}")
    return Series(table.frame, hours, source)


def _malformed(path: Path, what: str) -> Unavailable:
    details = {"reason": "malformed", "file": str(path)}
    return Unavailable(f"the history can't be used: {what}", details=details, retryable=False)


def _plain(value: Decimal) -> Decimal:
    """Drop the zeros that a column's common scale added."""
    text = f"{value:f}"
    return Decimal(text.rstrip("0").rstrip(".")) if "." in text else value
