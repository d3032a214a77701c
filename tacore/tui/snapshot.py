"""All that a screen shows, as of one moment; never changed, only replaced."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tacore.store.rows import LogRow, MethodRate, Point
from tacore.watch.views import Health, WorkerView

BUCKET_S = 10
"""The journal sums up ten seconds at a time."""
WINDOWS_S = (10, 300, 3600)
TREND_S = 300
"""The shortest time that a trend covers."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A service as of ``at_s`` (epoch seconds); ``past`` where that is not now.

    ``health`` is None before the first look and for a past moment, whose live state nobody knows.
    ``requests`` are newest first, ``more`` of them are older; ``skipped`` came too fast to be shown. Each
    ``..._error`` says why its part is empty or of an earlier moment. ``job_counts`` are all agent jobs by
    state, None before they were asked for.
    """

    at_s: float
    endpoint: str
    past: bool = False
    window_s: int = 300
    health: Health | None = None
    workers: tuple[WorkerView, ...] = ()
    workers_error: str = ""
    rates: tuple[MethodRate, ...] = ()
    points: tuple[Point, ...] = ()
    rates_error: str = ""
    requests: tuple[LogRow, ...] = ()
    requests_error: str = ""
    more: bool = False
    skipped: int = 0
    orders: tuple[Mapping[str, Any], ...] = ()
    orders_error: str = ""
    jobs: tuple[Mapping[str, Any], ...] = ()
    jobs_error: str = ""
    job_counts: Mapping[str, int] | None = None

    @property
    def trend_s(self) -> int:
        """Give how many seconds the trend covers."""
        return max(self.window_s, TREND_S)

    @property
    def live(self) -> bool:
        """Tell whether real money may move."""
        return self.health is not None and self.health.paper is False


@dataclass(frozen=True, slots=True)
class Trend:
    """Rate (answers a second), p95 (ms) and share of errors (0 to 1), each ten seconds, oldest first.

    What is now ends each of them; a time without answers has no latency and counts as 0.
    """

    rate: tuple[float, ...]
    p95_ms: tuple[float, ...]
    errors: tuple[float, ...]


LEAST_S = 4.0
"""Over less of the present ten seconds a rate says little."""


def trend(snapshot: Snapshot) -> Trend:
    """Fill the gaps between the journal's points, up to the moment."""
    known = {each.start_s: each for each in snapshot.points}
    last = int(snapshot.at_s) // BUCKET_S * BUCKET_S
    if snapshot.at_s - last < LEAST_S:
        last -= BUCKET_S
    starts = range(last - snapshot.trend_s + BUCKET_S, last + 1, BUCKET_S)
    none = Point(0, 0, 0, 0.0, 0.0, 0.0, 0.0)
    points = [known.get(start, none) for start in starts]
    spans = [min(BUCKET_S, snapshot.at_s - start) for start in starts]
    return Trend(
        rate=tuple(each.requests / span for each, span in zip(points, spans, strict=True)),
        p95_ms=tuple(each.p95_ms for each in points),
        errors=tuple(each.errors / each.requests if each.requests else 0.0 for each in points),
    )
