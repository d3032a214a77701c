"""Bars made of what vendors send: checked, stamped with their end, merged into wider ones, and chosen."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from itertools import groupby

import msgspec

from tacore.market.daily_file import week_of
from tacore.market.hours import Hours
from tacore.model import Bar

_MINUTE = timedelta(minutes=1)
_ADJUSTED_PLACES = Decimal("0.0001")


class Prices(msgspec.Struct, frozen=True):
    """One row of a vendor, as numbers."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    adjusted_close: Decimal


def number(value: object, places: Decimal | None = None) -> Decimal:
    """Read a vendor's number by its text; ``places`` rounds it, as to Decimal("0.01").

    A float's text is the shortest that means it, which is the vendor's own where that had up to 15 digits.
    Raises ValueError where it is no finite number.
    """
    try:
        read = Decimal(str(value))
        if not read.is_finite():
            raise ValueError(f"{value!r} is no finite number")
        # Without an exponent: 3E+4 would say that the last four digits are not known.
        return read.quantize(places) if places is not None else read + 0
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no number") from error


def prices(row: Sequence[object], adjusted: object = None, places: Decimal | None = None) -> Prices:
    """Check a row of open, high, low, close and volume; without ``adjusted`` the close is its own.

    High and low take in open and close: some vendors round each by itself, or print an opening auction
    outside of them. Raises ValueError for prices that cannot be.
    """
    opened, high, low, close = (number(value, places) for value in row[:4])
    volume = number(row[4])
    taken = close if adjusted is None else number(adjusted)
    if min(opened, high, low, close, taken) <= 0 or volume < 0 or low > high:
        raise ValueError(f"these prices cannot be: {row!r}")
    return Prices(opened, max(high, opened, close), min(low, opened, close), close, volume, taken)


def daily_bar(session: date, row: Prices, hours: Hours) -> Bar:
    """Stamp a session's row with its close."""
    return _bar(hours.close(session), session.isoformat(), row)


def intraday_bar(opened: datetime, minutes: int, row: Prices, hours: Hours) -> Bar | None:
    """Stamp a row with its end, at the latest that of the span it lies in; None outside of the hours."""
    here = opened.astimezone(hours.tz)
    minute = (here.replace(tzinfo=None) - datetime.combine(here.date(), time())) // _MINUTE
    for start, end in hours.spans:
        if start <= minute < end:
            ended = hours.local(here.date(), min(minute + minutes, end))
            return _bar(ended, here.date().isoformat(), row)
    return None


def adjust(bar: Bar) -> Bar:
    """Take later splits and dividends out of open, high, low and close; volume stays raw."""
    factor = bar.adjusted_close / bar.close

    def scale(price: Decimal) -> Decimal:
        return bar.adjusted_close if price == bar.close else (price * factor).quantize(_ADJUSTED_PLACES)

    low, high = min(scale(bar.low), bar.adjusted_close), max(scale(bar.high), bar.adjusted_close)
    return msgspec.structs.replace(
        bar, open=min(max(scale(bar.open), low), high), high=high, low=low, close=bar.adjusted_close
    )


def merge(bars: Sequence[Bar]) -> Bar:
    """Make one bar of several in a row."""
    return msgspec.structs.replace(
        bars[-1],
        open=bars[0].open,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        volume=sum((bar.volume for bar in bars), Decimal(0)),
    )


def regroup(bars: Iterable[Bar], key: Callable[[Bar], object]) -> list[Bar]:
    """Merge neighbours that share a key."""
    return [merge(list(group)) for _, group in groupby(bars, key)]


def weekly(bars: Iterable[Bar], hours: Hours, now: datetime) -> list[Bar]:
    """Merge daily bars into weeks; a week that still has sessions to come at ``now`` is not shown."""
    weeks = regroup(bars, lambda bar: week_of(bar.session))
    if weeks and now < hours.close(_week_end(date.fromisoformat(weeks[-1].session), hours)):
        weeks.pop()
    return weeks


def choose(
    bars: Sequence[Bar], *, now: datetime, start: datetime | None, end: datetime | None, limit: int | None
) -> list[Bar]:
    """Keep what had ended by ``now``, within ``start`` and ``end``, and of that the newest."""
    until = min(now, end) if end else now
    kept = [bar for bar in bars if bar.time <= until and (start is None or bar.time > start)]
    return kept if limit is None else kept[max(0, len(kept) - limit) :]


def utc(seconds: float) -> datetime:
    """Give the moment of a count of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def _week_end(day: date, hours: Hours) -> date:
    return hours.session(hours.number(day + timedelta(days=6 - day.weekday())))


def _bar(ended: datetime, session: str, row: Prices) -> Bar:
    return Bar(time=ended, session=session, **msgspec.structs.asdict(row))
