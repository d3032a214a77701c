"""When markets trade: by their exchange's calendar, holidays and half days included, or by a regular week."""

import logging
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from filelock import FileLock

from tacore.errors import Unavailable
from tacore.market.hours import HOURS, Hours

if TYPE_CHECKING:
    from tacore.market.exchange_sessions import Rows

log = logging.getLogger("tacore.market")

EXCHANGES = {"US": "XNYS", "CN": "XSHG", "HK": "XHKG"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_PER_S = 1_000_000
_DAY = timedelta(days=1)


class Sessions(Protocol):
    """When a market trades."""

    def is_open(self, moment: datetime) -> bool:
        """Tell whether it trades at a moment."""
        ...

    def traded_s(self, start: datetime, end: datetime) -> float:
        """Give the seconds that it traded between two moments."""
        ...

    def days(self, first: date, last: date) -> list[date]:
        """List the dates of the sessions from one to another, both included."""
        ...

    def session(self, moment: datetime) -> date:
        """Give the date of the session that trades at a moment, breaks and its close included, or the next."""
        ...


class RegularWeek:
    """Sessions without holidays: those of an invented market, and of one that never closes."""

    def __init__(self, hours: Hours) -> None:
        self._hours = hours

    def is_open(self, moment: datetime) -> bool:
        """Tell whether it trades at a moment."""
        here = moment.astimezone(self._hours.tz)
        if self._hours.session(self._hours.number(here.date())) != here.date():
            return False
        minute = here.hour * 60 + here.minute
        return any(start <= minute < end for start, end in self._hours.spans)

    def traded_s(self, start: datetime, end: datetime) -> float:
        """Give the seconds that it traded between two moments."""
        return self._elapsed_s(end) - self._elapsed_s(start)

    def days(self, first: date, last: date) -> list[date]:
        """List the dates of the sessions from one to another, both included."""
        hours = self._hours
        found = map(hours.session, range(hours.number(first), hours.number(last) + 1))
        return [each for each in found if first <= each <= last]

    def session(self, moment: datetime) -> date:
        """Give the date of the session that trades at a moment, breaks and its close included, or the next."""
        number = self._hours.number(moment.astimezone(self._hours.tz).date()) - 1
        while self._hours.close(self._hours.session(number)) < moment:
            number += 1
        return self._hours.session(number)

    def _elapsed_s(self, moment: datetime) -> float:
        number, minutes = self._hours.elapsed(moment)
        return (number * self._hours.minutes + minutes) * 60


class ListedSessions:
    """Sessions as an exchange holds them; before and after what is known of it, the regular week."""

    def __init__(self, rows: "Rows", beyond: RegularWeek) -> None:
        self._rows = rows
        self._beyond = beyond
        lengths = (
            close - opened - (back - left)
            for opened, left, back, close in zip(
                rows.opens, rows.break_starts, rows.break_ends, rows.closes, strict=True
            )
        )
        self._before = [0, *accumulate(lengths)]

    def is_open(self, moment: datetime) -> bool:
        """Tell whether it trades at a moment."""
        if not self._knows(moment):
            return self._beyond.is_open(moment)
        at = (moment - _EPOCH) // _US
        row = bisect_right(self._rows.opens, at) - 1
        return at < self._rows.closes[row] and not (
            self._rows.break_starts[row] <= at < self._rows.break_ends[row]
        )

    def traded_s(self, start: datetime, end: datetime) -> float:
        """Give the seconds that it traded between two moments."""
        if not (self._knows(start) and self._knows(end)):
            return self._beyond.traded_s(start, end)
        return (self._elapsed((end - _EPOCH) // _US) - self._elapsed((start - _EPOCH) // _US)) / _PER_S

    def days(self, first: date, last: date) -> list[date]:
        """List the dates of the sessions from one to another, both included."""
        known = [_date(each) for each in self._rows.opens]
        if not known:
            return self._beyond.days(first, last)
        inside = [each for each in known if first <= each <= last]
        before = self._beyond.days(first, min(last, known[0] - _DAY)) if first < known[0] else []
        after = self._beyond.days(max(first, known[-1] + _DAY), last) if last > known[-1] else []
        return [*before, *inside, *after]

    def session(self, moment: datetime) -> date:
        """Give the date of the session that trades at a moment, breaks and its close included, or the next."""
        if not self._knows(moment):
            return self._beyond.session(moment)
        return _date(self._rows.opens[bisect_left(self._rows.closes, (moment - _EPOCH) // _US)])

    def _knows(self, moment: datetime) -> bool:
        at = (moment - _EPOCH) // _US
        return bool(self._rows.opens) and self._rows.opens[0] <= at <= self._rows.closes[-1]

    def _elapsed(self, at: int) -> int:
        row = bisect_right(self._rows.opens, at) - 1
        rows = self._rows
        rest = min(at, rows.break_ends[row]) - min(at, rows.break_starts[row])
        return self._before[row] + min(at, rows.closes[row]) - rows.opens[row] - rest


def _date(opens: int) -> date:
    """Give a session's date: it opens on the same one in UTC as at home, everywhere that is listed here."""
    return (_EPOCH + opens * _US).date()


class Calendars:
    """The sessions of each market, read at the first question, or before it by ``warm``.

    ``folder`` keeps what was computed; without one every process computes its own. ``make`` writes an
    exchange's file, in another process where this one should stay small. What can't be kept is computed here.
    """

    def __init__(
        self,
        folder: Path | None = None,
        make: Callable[[str, Path], None] | None = None,
        today: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._make = make
        self._today = today
        self._known: dict[str, Sessions] = {}
        self._lock = threading.Lock()

    def sessions(self, market: str, *, simulated: bool) -> Sessions:
        """Give a market's sessions; an invented one has a regular week, whatever its namesake does."""
        if simulated or market not in EXCHANGES:
            return RegularWeek(HOURS[market])
        with self._lock:
            if market not in self._known:
                self._known[market] = ListedSessions(
                    self._rows(EXCHANGES[market]), RegularWeek(HOURS[market])
                )
            return self._known[market]

    def _rows(self, exchange: str) -> "Rows":
        if self._folder is None:
            return _computed(exchange)
        try:
            return self._kept(self._folder, exchange)
        except (OSError, Unavailable) as error:
            log.warning("calendar_not_kept", extra={"exchange": exchange, "reason": str(error)})
            return _computed(exchange)

    def _kept(self, folder: Path, exchange: str) -> "Rows":
        from tacore.market.exchange_sessions import file_name, read, write  # noqa: PLC0415 - numpy

        path = folder / file_name(exchange, self._today().date())
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / f"{exchange}.lock"):
                if not path.exists():
                    (self._make or write)(exchange, path)
        return read(path)


@cache
def _computed(exchange: str) -> "Rows":
    from tacore.market.exchange_sessions import as_rows, compute  # noqa: PLC0415 - numpy

    return as_rows(compute(exchange))
