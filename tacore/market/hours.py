"""When each market trades: its zone, its session's spans, and how bars and moments lie in them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

_EPOCH = date(2000, 1, 3).toordinal()  # a Monday, so that whole weeks are blocks of sessions
_WORKDAYS = 5
_WEEK = 7


@dataclass(frozen=True)
class Hours:
    """A market's regular week.

    ``spans`` are minutes after local midnight. Sessions are numbered from 2000-01-03. Weekday markets have
    one on each weekday; holidays are not known here.
    """

    zone: str
    spans: tuple[tuple[int, int], ...]
    every_day: bool = False

    @cached_property
    def tz(self) -> ZoneInfo:
        """The zone that the spans are local to."""
        return ZoneInfo(self.zone)

    @cached_property
    def minutes(self) -> int:
        """How many minutes a session trades."""
        return sum(end - start for start, end in self.spans)

    @property
    def sessions_per_week(self) -> int:
        """How many sessions lie between two Mondays."""
        return _WEEK if self.every_day else _WORKDAYS

    def session(self, number: int) -> date:
        """Give the date of a session by its number."""
        weeks, day = divmod(number, self.sessions_per_week)
        return date.fromordinal(_EPOCH + weeks * _WEEK + day)

    def number(self, session: date) -> int:
        """Give the number of the last session at or before a date."""
        weeks, day = divmod(session.toordinal() - _EPOCH, _WEEK)
        return weeks * self.sessions_per_week + min(day, self.sessions_per_week - 1)

    def local(self, session: date, minute: float) -> datetime:
        """Give the UTC moment of a local minute of the day."""
        midnight = datetime.combine(session, time(), self.tz)
        return (
            (midnight.replace(tzinfo=None) + timedelta(minutes=minute))
            .replace(tzinfo=self.tz)
            .astimezone(UTC)
        )

    def close(self, session: date) -> datetime:
        """Give the end of a session (UTC)."""
        return self.local(session, self.spans[-1][1])

    def ended(self, session: date, traded: float) -> datetime:
        """Give the moment (UTC) at which that many minutes of a session had been traded."""
        for start, end in self.spans:
            if traded <= end - start:
                return self.local(session, start + traded)
            traded -= end - start
        return self.close(session)

    def elapsed(self, now: datetime) -> tuple[int, float]:
        """Give the last session that had opened by ``now``, and how many of its minutes had been traded."""
        here = now.astimezone(self.tz)
        number = self.number(here.date())
        session = self.session(number)
        if session < here.date():
            return number, float(self.minutes)
        midnight = datetime.combine(session, time())
        minute = (here.replace(tzinfo=None) - midnight) / timedelta(minutes=1)
        if minute < self.spans[0][0]:
            return number - 1, float(self.minutes)
        return number, sum(min(max(minute - start, 0.0), end - start) for start, end in self.spans)

    def trades(self, now: datetime) -> bool:
        """Tell whether ``now`` lies within a session's spans; an end is outside, a start inside."""
        here = now.astimezone(self.tz)
        if not self.every_day and here.weekday() >= _WORKDAYS:
            return False
        minute = here.hour * 60 + here.minute
        return any(start <= minute < end for start, end in self.spans)

    def edges(self, width: int) -> list[int]:
        """Give where bars of a width start, in traded minutes; a bar never spans a break."""
        starts: list[int] = []
        before = 0
        for start, end in self.spans:
            starts += range(before, before + end - start, width)
            before += end - start
        return starts


HOURS = {
    "US": Hours("America/New_York", ((570, 960),)),
    "CN": Hours("Asia/Shanghai", ((570, 690), (780, 900))),
    "HK": Hours("Asia/Hong_Kong", ((570, 720), (780, 960))),
    "CRYPTO": Hours("UTC", ((0, 1440),), every_day=True),
    "SIM": Hours("UTC", ((0, 1440),), every_day=True),
}
CURRENCY = {"US": "USD", "CN": "CNY", "HK": "HKD", "CRYPTO": "USDT", "SIM": "USD"}
