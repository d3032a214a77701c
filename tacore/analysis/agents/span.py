"""The days that an agent asks for: read leniently, for a model wrote them, and never past the ask's date."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

SHOWN = 30
MOST_SHOWN = 60
_LONGEST = 36_500


@dataclass(slots=True)
class Span:
    """From ``start`` (None: the newest SHOWN sessions) to ``end``; ``notes`` say what was not as asked."""

    start: date | None
    end: date
    notes: list[str] = field(default_factory=list)


def span_of(arguments: Mapping[str, Any], last: date) -> Span:
    """Read start, end and lookback_days; what lies after ``last`` or makes no sense is left out, and said."""
    span = Span(None, last)
    end = _day("end", arguments, span)
    if end is not None and end > last:
        span.notes.append(f"end {end} lies after {last}: nothing later than its close is shown.")
    elif end is not None:
        span.end = end
    start = _day("start", arguments, span)
    days = count_of(arguments, "lookback_days", _LONGEST, span)
    if start is None and days is not None:
        try:
            start = span.end - timedelta(days=days)
        except OverflowError:
            span.notes.append(
                f"{days} days before {span.end} there is no date, and lookback_days is left out."
            )
    if start is not None and start > span.end:
        span.notes.append(f"start {start} lies after {span.end}, and is left out.")
    else:
        span.start = start
    return span


def _day(name: str, arguments: Mapping[str, Any], span: Span) -> date | None:
    asked = arguments.get(name)
    if asked in (None, ""):
        return None
    try:
        return datetime.fromisoformat(str(asked).strip()).date()
    except ValueError:
        span.notes.append(f"{name} {str(asked)[:40]!r} is no date (YYYY-MM-DD), and is left out.")
        return None


def count_of(
    arguments: Mapping[str, Any], name: str, most: int, span: Span, *, more: bool = False
) -> int | None:
    """Read how many days are asked for; what is no number from 1 to ``most`` is left out, and noted.

    ``more`` lets larger ones be.
    """
    asked = arguments.get(name)
    if asked in (None, ""):
        return None
    try:
        days = int(str(asked))
    except ValueError:
        days = 0
    if days >= 1 and (more or days <= most):
        return days
    span.notes.append(f"{name} {str(asked)[:40]!r} is no number from 1 to {most}, and is left out.")
    return None
