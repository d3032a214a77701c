"""What a market shows at a moment: the session so far, at the boundaries of the running minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from tacore.market.hours import Hours
from tacore.market.synthetic.noise import Reals
from tacore.market.synthetic.paths import Paths, Rows

_ROWS_AT_ONCE = 64  # more sessions by the minute would fall out of the processor's cache
_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment on a market's own scale: session, whole minutes traded, and the part of the next one."""

    session: int
    minute: int
    part: float


def moment_at(hours: Hours, now: datetime) -> tuple[Moment, datetime]:
    """Give the last moment of trading by ``now``, to the second, and when that was (UTC)."""
    session, traded = hours.elapsed(now.replace(microsecond=0))
    when = hours.ended(hours.session(session), traded)
    return Moment(session, int(traded), traded - int(traded)), when


def day_before(hours: Hours, when: datetime) -> Moment:
    """Give the last moment of trading by 24 hours before."""
    return moment_at(hours, when - _DAY)[0]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """By row, logarithms of prices: of the whole minutes, then both ends of the minute that runs.

    ``lots`` is the volume of the whole minutes, ``next_lots`` that of the running one.
    """

    before: Reals
    open: Reals
    high: Reals
    low: Reals
    left: Reals
    right: Reals
    day_left: Reals
    day_right: Reals
    lots: NDArray[np.int64]
    next_lots: NDArray[np.int64]

    def take(self, places: Rows) -> "Snapshot":
        """Give some of the rows."""
        return Snapshot(*(getattr(self, name)[places] for name in self.__slots__))


def snapshot(paths: Paths, rows: Rows, at: Moment, day: Moment) -> Snapshot:
    """Look at rows at a moment and the day before; the parts of minutes do not matter here."""
    parts = np.array_split(rows, -(-len(rows) // _ROWS_AT_ONCE)) if len(rows) else [rows]
    looks = [_look(paths, part, at, day) for part in parts]
    columns = (np.concatenate([getattr(look, name) for look in looks]) for name in Snapshot.__slots__)
    return Snapshot(*columns)


def _look(paths: Paths, rows: Rows, at: Moment, day: Moment) -> Snapshot:
    minutes = paths.minutes(rows, np.array([at.session]))
    path, minute = minutes.path[:, 0], at.minute
    next_one = min(minute, minutes.lots.shape[-1] - 1)
    day_path = path if day.session == at.session else paths.path(rows, np.array([day.session]))[:, 0]
    here, there = path[:, minute], day_path[:, day.minute]
    return Snapshot(
        before=paths.closes(rows, np.array([at.session - 1]))[:, 0],
        open=path[:, 0],
        high=minutes.high[:, 0, :minute].max(axis=1, initial=-np.inf),
        low=minutes.low[:, 0, :minute].min(axis=1, initial=np.inf),
        left=here,
        right=path[:, min(minute + 1, path.shape[-1] - 1)],
        day_left=there,
        day_right=day_path[:, min(day.minute + 1, path.shape[-1] - 1)],
        lots=minutes.lots[:, 0, :minute].sum(axis=1),
        next_lots=minutes.lots[:, 0, next_one],
    )
