"""What `tacore stats` reads from the journal: rates by method and window, and how all requests ended."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tacore.store.queries import Reader
from tacore.store.rows import MethodRate, Total

FIELDS = ("at", "window", *MethodRate._fields)
TOTAL_FIELDS = ("method", "code", "requests", "mean_ms")
SUCCESS = "success"
_PLACES, _PLACES_OF_A_SHARE = 3, 4


class Asked(NamedTuple):
    """What is to be shown: windows in seconds by how they were typed; no ``methods`` mean all."""

    windows: Mapping[str, int]
    methods: Sequence[str] = ()


class Look(NamedTuple):
    """What was there ``at`` a moment (ISO 8601 UTC); ``known`` are the methods that were ever asked for."""

    at: str
    rates: list[dict[str, Any]]
    totals: list[dict[str, Any]]
    known: list[str]

    def by_code(self) -> dict[str, int]:
        """Count the answers of all time by their code, the most frequent first."""
        counts: Counter[str] = Counter()
        for each in self.totals:
            counts[each["code"]] += each["requests"]
        return dict(counts.most_common())


def look(reader: Reader, asked: Asked, now_s: float) -> Look:
    """Read the journal.

    A window begins with a bucket of ten seconds and is up to that much longer; a rate is over all of it.
    """
    at = _iso(now_s)
    rates = [
        {"at": at, "window": window} | row
        for window, seconds in asked.windows.items()
        for row in _rows(reader.rates(seconds, now_s=now_s), asked.methods)
    ]
    every = reader.totals()
    totals = [_total(each) for each in every if not asked.methods or each.method in asked.methods]
    return Look(at, rates, totals, list(dict.fromkeys(each.method for each in every)))


def _iso(now_s: float) -> str:
    return datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds")


def _rows(rates: Sequence[MethodRate], methods: Sequence[str]) -> list[dict[str, Any]]:
    """Give a row for each method; one that is asked for has its row also where nobody called it."""
    there = {each.method: _rate(each) for each in rates}
    return [there.get(name) or _idle(name) for name in methods] if methods else list(there.values())


def _idle(method: str) -> dict[str, Any]:
    return {**dict.fromkeys(MethodRate._fields), "method": method, "requests": 0, "errors": 0, "per_s": 0.0}


def _rate(rate: MethodRate) -> dict[str, Any]:
    shares = {"error_rate": _PLACES_OF_A_SHARE}
    return {
        name: round(value, shares.get(name, _PLACES)) if isinstance(value, float) else value
        for name, value in rate._asdict().items()
    }


def _total(total: Total) -> dict[str, Any]:
    values = (total.method, total.code or SUCCESS, total.requests, round(total.mean_ms, _PLACES))
    return dict(zip(TOTAL_FIELDS, values, strict=True))
