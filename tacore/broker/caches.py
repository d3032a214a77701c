"""What the workers tell of their caches, put together: for health.check and for the journal's gauges."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from tacore.wire.backend import CacheCounts, CacheReport
from tacore.wire.records import Gauge

Kinds = dict[str, CacheCounts]
ALL = "all"


class Caches:
    """Adds up the reports of the workers there are, and what those counted that are gone."""

    def __init__(self) -> None:
        self._gone: Kinds = {}
        self._gauged: Kinds = {}

    def departed(self, report: CacheReport) -> None:
        """Keep the counts of a worker that is lost; what it kept is lost with it."""
        counted = {kind: msgspec.structs.replace(each, entries=0) for kind, each in report.kinds.items()}
        self._gone = _sum([self._gone, counted])

    def status(self, reports: Iterable[CacheReport]) -> dict[str, Any]:
        """Give the part of health.check."""
        told = list(reports)
        sharing = [each for each in told if each.shared]
        ill = [each for each in sharing if each.trouble]
        kinds = _sum([self._gone, *(each.kinds for each in told)])
        report = {
            "shared": sharing[0].shared if sharing else None,
            "sharing": len(sharing) - len(ill),
            "kinds": {kind: _shown(counts) for kind, counts in kinds.items()},
        }
        if ill:
            reason = f"{len(ill)} of {len(told)} workers can't use Redis: {ill[0].trouble}"
            return {"status": "degraded", "reason": reason, **report}
        return {"status": "healthy", **report}

    def gauges(self, reports: Iterable[CacheReport], at_us: int) -> list[Gauge]:
        """Give the hit rate (0 to 1) of each kind, and of all, since the last call; none where idle."""
        kinds = _sum([self._gone, *(each.kinds for each in reports)])
        before, self._gauged = self._gauged, kinds
        hits: dict[str, int] = defaultdict(int)
        lookups: dict[str, int] = defaultdict(int)
        for kind, now in kinds.items():
            then = before.get(kind, CacheCounts())
            for name in (kind, ALL):
                hits[name] += _hits(now) - _hits(then)
                lookups[name] += _hits(now) + now.misses - _hits(then) - then.misses
        return [
            Gauge(at_us, "cache_hit_rate", name, hits[name] / count)
            for name, count in lookups.items()
            if count > 0
        ]


def _sum(parts: Iterable[Kinds]) -> Kinds:
    total: Kinds = {}
    for kind, counts in ((kind, counts) for part in parts for kind, counts in part.items()):
        before = total.get(kind, CacheCounts())
        pairs = zip(msgspec.structs.astuple(before), msgspec.structs.astuple(counts), strict=True)
        total[kind] = CacheCounts(*(one + other for one, other in pairs))
    return total


def _hits(counts: CacheCounts) -> int:
    return counts.process_hits + counts.shared_hits


def _shown(counts: CacheCounts) -> dict[str, Any]:
    lookups = _hits(counts) + counts.misses
    rate = round(_hits(counts) / lookups, 4) if lookups else None
    return {**msgspec.structs.asdict(counts), "hit_rate": rate}
