"""The filter line of every screen: ``method:scan.market status:error worker:w1 since:5m AAPL``."""

import shlex
from collections.abc import Callable
from typing import Any

from tacore.errors import bad_param
from tacore.store.moments import moment_us
from tacore.store.rows import Filters

KEYS = ("method", "status", "worker", "id", "since", "until", "watchers")
STATUSES = ("success", "error")
_NAMES = {"id": "request_id", "request_id": "request_id", "since": "since_us", "until": "until_us"}


def parse(text: str, now_s: float) -> Filters:
    """Read a filter line; words without a known key are looked for in params, answer and error.

    Quotes hold words together. What screens themselves ask is left out unless ``watchers:yes`` is said.
    InvalidParams names the part that is wrong.
    """
    found: dict[str, Any] = {"watchers": False}
    words: list[str] = []
    for part in _parts(text):
        key, colon, value = part.partition(":")
        if not colon or key not in _READ:
            words.append(part)
        elif not value:
            raise bad_param(key, "needs a value", value=part, allowed=f"{key}:VALUE")
        else:
            found[_NAMES.get(key, key)] = _READ[key](key, value, now_s)
    return Filters(**found, text=" ".join(words) or None)


def spell(filters: Filters) -> str:
    """Write filters as a line that `parse` reads the same; times are left out, for they move."""
    named = [("method", filters.method), ("status", filters.status), ("worker", filters.worker)]
    named.append(("id", None if filters.request_id is None else str(filters.request_id)))
    named.append(("watchers", "yes" if filters.watchers else None))
    parts = [f"{key}:{value}" for key, value in named if value is not None]
    return shlex.join([*parts, *(filters.text or "").split()])


def _parts(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _plain(_key: str, value: str, _now_s: float) -> str:
    return value


def _status(key: str, value: str, _now_s: float) -> str:
    full = {each[: len(value)]: each for each in STATUSES}.get(value)
    if full is None:
        raise bad_param(key, "is no status", value=value, allowed=STATUSES, near=value)
    return full


def _yes(key: str, value: str, _now_s: float) -> bool:
    if value not in ("yes", "no"):
        raise bad_param(key, "is neither", value=value, allowed=("yes", "no"))
    return value == "yes"


def _moment(key: str, value: str, now_s: float) -> int:
    return moment_us(key, value, now_s)


_READ: dict[str, Callable[[str, str, float], Any]] = {
    "method": _plain,
    "status": _status,
    "worker": _plain,
    "id": _plain,
    "request_id": _plain,
    "since": _moment,
    "until": _moment,
    "watchers": _yes,
}
