"""Moments to look back from: the close of a day that a request names."""

from datetime import date, datetime

from tacore.errors import bad_param
from tacore.market.hours import Hours

_YEARS = range(1900, 2201)


def close_of(field: str, wanted: str | None, hours: Hours, now: datetime) -> datetime:
    """Give the close of the day asked for, or ``now`` where that is still to come or no day was asked for.

    Raises InvalidParams for what is no date, and for one in the market's future.
    """
    if wanted is None:
        return now
    today = now.astimezone(hours.tz).date()
    allowed = f"a date up to {today}, such as 2013-02-28"
    try:
        day = date.fromisoformat(wanted)
    except ValueError as error:
        raise bad_param(field, "this is no date", value=wanted, allowed=allowed) from error
    if day > today:
        raise bad_param(field, "it lies in the market's future", value=wanted, allowed=allowed)
    if day.year not in _YEARS:
        raise bad_param(field, "it lies before any history", value=wanted, allowed=allowed)
    return min(now, hours.close(day))
