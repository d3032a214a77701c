"""Times as operators write them."""

from datetime import UTC, datetime

from tacore.errors import InvalidParams

AGES = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def moment_us(name: str, text: str, now_s: float) -> int:
    """Read an ISO 8601 moment (UTC where it names no zone) or an age like 5m; gives epoch microseconds.

    InvalidParams names ``name``, the text and what is allowed.
    """
    number, unit = text[:-1], text[-1:]
    try:
        if unit in AGES:
            return int((now_s - float(number) * AGES[unit]) * 1_000_000)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        allowed = "a moment like 2024-01-31T09:30 or an age like 90s, 5m, 2h, 1d"
        raise InvalidParams(
            f"{name} is {allowed}: {text!r}", details={name: {"value": text, "allowed": allowed}}
        ) from error
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1_000_000)
