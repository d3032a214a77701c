"""Dates of sessions, in the forms that files have them in."""

import polars as pl

_DAY_S = 86_400
_SECONDS, _MILLISECONDS, _MICROSECONDS = 10, 13, 16
# How a date is written, and the part of the text that it is; the one that reads the most is taken.
_FORMS = (
    ("%Y-%m-%d", r"^(\d{4}-\d{1,2}-\d{1,2})"),
    ("%m/%d/%Y", r"^(\d{1,2}/\d{1,2}/\d{4})"),
    ("%Y/%m/%d", r"^(\d{4}/\d{1,2}/\d{1,2})"),
    ("%Y%m%d", r"^(\d{8})$"),
    ("%d.%m.%Y", r"^(\d{1,2}\.\d{1,2}\.\d{4})"),
    ("%b %d, %Y", r"^([A-Z][a-z]{2} \d{1,2}, \d{4})"),
)


def session_dates(raw: pl.Series, zone: str, form: str | None = None) -> pl.Series:
    """Read dates, moments or Unix times as the exchange's dates; null where one is none.

    A moment's own date counts, whatever its offset: files write the session's. Unix times and typed moments
    are dated in the zone, but in UTC where all are midnights there.
    """
    if raw.dtype == pl.Date:
        return raw
    if isinstance(raw.dtype, pl.Datetime):
        return _dated(raw, zone) if raw.dtype.time_zone else raw.dt.date()
    text = raw.cast(pl.String).str.strip_chars()
    if form:
        return text.str.to_date(form, strict=False)
    per_second = _unix(text)
    if per_second:
        moments = (text.cast(pl.Int64, strict=False) * (1_000_000 // per_second)).cast(
            pl.Datetime("us", "UTC")
        )
        return _dated(moments, zone)
    read = [text.str.extract(part).str.to_date(each, strict=False) for each, part in _FORMS]
    return min(read, key=lambda each: each.null_count())


def _unix(text: pl.Series) -> int:
    """Tell how many units of a Unix time make a second; 0 where the texts are none."""
    if not text.drop_nulls().str.contains(r"^\d{10,16}$").all() or text.null_count() == len(text):
        return 0
    width = longest(text)
    return {_SECONDS: 1, _MILLISECONDS: 1000, _MICROSECONDS: 1_000_000}.get(width, 0)


def longest(text: pl.Series) -> int:
    """Give the length of the longest text, 0 without any."""
    found = text.str.len_chars().max()
    return found if isinstance(found, int) else 0


def _dated(moments: pl.Series, zone: str) -> pl.Series:
    utc = moments.dt.convert_time_zone("UTC")
    midnights = (utc.dt.epoch("s") % _DAY_S == 0).all()
    return utc.dt.date() if midnights else utc.dt.convert_time_zone(zone).dt.date()
