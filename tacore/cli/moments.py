"""Times as a command line takes them."""

from datetime import UTC, datetime, timedelta

from tacore.cli.exits import Usage
from tacore.errors import InvalidParams
from tacore.store import moments

_EPOCH = datetime.fromtimestamp(0, UTC)


def moment_us(name: str, text: str | None, now_s: float) -> int | None:
    """Read an ISO 8601 moment (UTC where it names no zone) or an age like 5m; gives epoch microseconds."""
    if text is None:
        return None
    try:
        return moments.moment_us(name, text, now_s)
    except InvalidParams as error:
        raise Usage(error.message) from error


def seconds(name: str, text: str) -> int:
    """Read a stretch of time like 90s, 5m, 2h, 1d, or a number of seconds; at least one."""
    number, factor = (text[:-1], moments.AGES[text[-1]]) if text[-1:] in moments.AGES else (text, 1)
    try:
        found = int(float(number) * factor)
    except (ValueError, OverflowError):
        found = 0
    if found < 1:
        raise Usage(f"{name} is a stretch of time like 90s, 5m, 2h, 1d: {text!r}")
    return found


def moment_text(name: str, text: str, now_s: float) -> str:
    """Read the same, as ISO 8601 in UTC."""
    at_us = moment_us(name, text, now_s) or 0
    return (_EPOCH + timedelta(microseconds=at_us)).isoformat()
