"""Read daily history from a compressed CSV file, and show it raw, adjusted or by the week."""

import gzip
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.resources.abc import Traversable
from itertools import groupby

from tacore.market.hours import Hours
from tacore.market.returns import change_pct
from tacore.model import Bar, Quote


@dataclass(frozen=True, slots=True)
class Row:
    """One session, or one week by its last session; prices as published."""

    session: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    adjusted_close: Decimal


def read_daily(file: Traversable) -> dict[str, list[str]]:
    """Give each symbol's lines, oldest first, still as text: most are never looked at."""
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()[1:]
    return {symbol: list(rows) for symbol, rows in groupby(lines, lambda line: line.partition(",")[0])}


def session_of(line: str) -> str:
    """Give the date of a line."""
    return line.split(",", 2)[1]


def parse(line: str) -> Row:
    """Give the line's values with the precision they were published in."""
    _, session, *numbers = line.split(",")
    return Row(session, *map(Decimal, numbers))


def adjust(row: Row) -> Row:
    """Take later splits and dividends out of open, high, low and close; volume stays raw."""
    places = row.adjusted_close

    def scale(price: Decimal) -> Decimal:
        return (price * row.adjusted_close / row.close).quantize(places)

    adjusted = row.adjusted_close
    return Row(row.session, scale(row.open), scale(row.high), scale(row.low), adjusted, row.volume, adjusted)


def merge(rows: Sequence[Row]) -> Row:
    """Make one row of several sessions in a row."""
    last = rows[-1]
    return Row(
        session=last.session,
        open=rows[0].open,
        high=max(row.high for row in rows),
        low=min(row.low for row in rows),
        close=last.close,
        volume=sum((row.volume for row in rows), Decimal(0)),
        adjusted_close=last.adjusted_close,
    )


def as_bar(row: Row, hours: Hours, source: str) -> Bar:
    """Give the row as a bar that ends at its session's close."""
    return Bar(
        time=hours.close(date.fromisoformat(row.session)),
        session=row.session,
        open=row.open,
        high=row.high,
        low=row.low,
        close=row.close,
        volume=row.volume,
        adjusted_close=row.adjusted_close,
        source=source,
    )


def quote_of(bars: Sequence[Bar], source: str) -> Quote:
    """Make a quote of the last session, given the last two; changes are of adjusted closes, without splits.

    Daily history knows one price a session: 24 hours before a close, the last one was the close before.
    """
    bar, before = bars[-1], bars[-2] if len(bars) > 1 else None
    change = change_pct(bar.adjusted_close, before.adjusted_close if before else None)
    return Quote(
        price=bar.close,
        change_pct=change,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        volume=bar.volume,
        as_of=bar.time,
        change_24h=change,
        source=source,
    )


def week_of(session: str) -> tuple[int, int]:
    """Give the ISO year and week that a session belongs to."""
    return date.fromisoformat(session).isocalendar()[:2]


def ended_by(sessions: Sequence[str], moment: datetime, hours: Hours) -> int:
    """Count the sessions, given oldest first, that had closed by a moment."""
    today = moment.astimezone(hours.tz).date()
    cut = bisect_right if moment >= hours.close(today) else bisect_left
    return cut(sessions, today.isoformat())
