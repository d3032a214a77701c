"""Rates and percentiles from rollup rows."""

from collections.abc import Iterable
from typing import Any

from tacore.store import histogram
from tacore.store.rows import MethodRate, Point, Window


class _Sum:
    """Rollup rows added up."""

    def __init__(self) -> None:
        self.count = self.errors = self.total_us = self.max_us = self.queue_us = 0
        self._histograms: list[bytes] = []
        self._counts: dict[int, int] | None = None

    def add(self, row: tuple[Any, ...]) -> None:
        """Add a row of the table ``rollups``."""
        _, _, count, errors, total_us, max_us, queue_us, blob = row
        self.count += count
        self.errors += errors
        self.total_us += total_us
        self.max_us = max(self.max_us, max_us)
        self.queue_us += queue_us
        self._histograms.append(blob)

    def take(self, other: "_Sum") -> None:
        """Add what another summed up."""
        self.count += other.count
        self.errors += other.errors
        self.total_us += other.total_us
        self.max_us = max(self.max_us, other.max_us)
        self.queue_us += other.queue_us
        histogram.merge(self.counts(), other.counts())

    def counts(self) -> dict[int, int]:
        """Give the histograms' sum."""
        if self._counts is None:
            self._counts = histogram.merged(self._histograms)
        return self._counts

    def percentiles_ms(self, *points: float) -> list[float]:
        """Give the percentiles, none above the largest value."""
        found = histogram.quantiles(self.counts(), points)
        return [min(value, self.max_us) / 1000 for value in found]


def window(rollups: Iterable[tuple[Any, ...]], seconds: float) -> Window:
    """Sum up rollups over a time: by method, busiest first, and altogether (its ``method`` is empty)."""
    sums: dict[str, _Sum] = {}
    total = _Sum()
    for row in rollups:
        sums.setdefault(row[1], _Sum()).add(row)
    for each in sums.values():
        total.take(each)
    made = [_rate(method, each, seconds) for method, each in sums.items()]
    methods = sorted(made, key=lambda rate: (-rate.requests, rate.method))
    return Window(seconds, _rate("", total, seconds), methods)


def series(rollups: Iterable[tuple[Any, ...]]) -> list[Point]:
    """Sum up rollups by their ten seconds, in the order they come."""
    sums: dict[int, _Sum] = {}
    for row in rollups:
        sums.setdefault(row[0], _Sum()).add(row)
    return [_point(start_s, each) for start_s, each in sums.items()]


def _point(start_s: int, total: _Sum) -> Point:
    mean_ms = total.total_us / total.count / 1000
    return Point(start_s, total.count, total.errors, mean_ms, *total.percentiles_ms(0.5, 0.95, 0.99))


def _rate(method: str, total: _Sum, seconds: float) -> MethodRate:
    p50_ms, p95_ms, p99_ms = total.percentiles_ms(0.5, 0.95, 0.99)
    count = total.count or 1
    return MethodRate(
        method=method,
        requests=total.count,
        errors=total.errors,
        per_s=total.count / seconds,
        error_rate=total.errors / count,
        mean_ms=total.total_us / count / 1000,
        p50_ms=p50_ms,
        p95_ms=p95_ms,
        p99_ms=p99_ms,
        max_ms=total.max_us / 1000,
        mean_queue_ms=total.queue_us / count / 1000,
    )
