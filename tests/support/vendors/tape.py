"""Prices that loopback vendors send: cents, a function of symbol and time, up to a standing present."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zlib import crc32

from tacore.market.hours import HOURS
from tests.support.markets import WALL

PRESENT = WALL
FIRST = date(2019, 1, 1)
EX_DIVIDEND = date(2024, 3, 4)  # closes before it are adjusted by PAID
PAID = 99  # percent


@dataclass(frozen=True)
class Row:
    """One bar: when it began (UTC), its session, whole cents and whole shares."""

    began: datetime
    session: date
    open: int
    high: int
    low: int
    close: int
    volume: int

    @property
    def adjusted(self) -> float:
        """The close without the dividend."""
        return self.close * (PAID if self.session < EX_DIVIDEND else 100) / 100


def row(symbol: str, began: datetime, session: date, width: int) -> Row:
    """Give the one bar of a width that begins then."""
    step = int(began.timestamp()) // 60 // width
    base = 10_000 + crc32(symbol.encode()) % 5_000 + step * 37 % 400
    close = base + step * 17 % 41 - 20
    return Row(began, session, base, max(base, close) + 5, min(base, close) - 5, close, 1_000 + step % 977)


def daily(symbol: str, market: str, since: date = FIRST, now: datetime = PRESENT) -> list[Row]:
    """Give the sessions that had begun by a moment, the last perhaps unfinished."""
    hours = HOURS[market]
    first, last = hours.number(since - timedelta(days=1)) + 1, hours.elapsed(now)[0]
    sessions = [hours.session(number) for number in range(first, last + 1)]
    return [row(symbol, hours.local(each, hours.spans[0][0]), each, 1440) for each in sessions]


def intraday(symbol: str, market: str, width: int, since: datetime, now: datetime = PRESENT) -> list[Row]:
    """Give the bars of a width that had begun by a moment."""
    return [each for each in _intraday(symbol, market, width, since) if since <= each.began < now]


def _intraday(symbol: str, market: str, width: int, since: datetime) -> Iterator[Row]:
    hours = HOURS[market]
    for day in daily(symbol, market, max(since.astimezone(hours.tz).date(), FIRST)):
        for start, end in hours.spans:
            for minute in range(start, end, width):
                yield row(symbol, hours.local(day.session, minute), day.session, width)
