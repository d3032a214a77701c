"""Values of a job as a reader sees them."""

import json
from datetime import datetime
from typing import Any

_MINUTE, _HOUR = 60, 3600


def amount(value: object, places: int = 4) -> str:
    """Write a number with its thousands apart, "-" where there is none."""
    if value is None or value == "":
        return "-"
    try:
        number = float(str(value))
    except ValueError:
        return str(value)
    text = f"{number:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(value: object) -> str:
    """Write a whole number."""
    return amount(value, 0)


def percent(value: object) -> str:
    """Write a share of 0 to 1."""
    return "-" if value is None else f"{amount(float(str(value)) * 100, 1)} %"


def money(value: object, currency: str) -> str:
    """Write a price or a sum."""
    text = amount(value)
    return text if text == "-" or not currency else f"{text} {currency}"


def lasting(seconds: object) -> str:
    """Write how long something took."""
    if seconds is None:
        return "-"
    whole = round(float(str(seconds)), 1)
    if whole < _MINUTE:
        return f"{whole:g} s"
    minutes, rest = divmod(round(whole), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def moment(value: object) -> str:
    """Write a time of the answer's without its fractions; "-" where there is none."""
    if not value:
        return "-"
    try:
        return f"{datetime.fromisoformat(str(value)):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return str(value)


def clock(value: object) -> str:
    """Write the time of day alone."""
    return moment(value).removesuffix(" UTC").rpartition(" ")[2]


def arguments(value: Any) -> str:  # noqa: ANN401  a JSON object
    """Write what a tool was asked for, in one line."""
    if not isinstance(value, dict) or not value:
        return "-"
    return ", ".join(f"{name}={_plain(each)}" for name, each in value.items())


def _plain(value: Any) -> str:  # noqa: ANN401  any JSON value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
