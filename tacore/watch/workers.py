"""Workers as the broker lists them, and those that only the journal remembers."""

from collections.abc import Iterable, Mapping
from typing import Any

from tacore.store.rows import Worker as Kept
from tacore.watch.views import WorkerView

GONE = frozenset({"dead", "stopped"})
LEAST_S = 0.5
"""Over less time the use of the processor is not worth computing."""


class Loads:
    """What share of a core each worker used between two looks, from its processor time."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], tuple[float, float, float | None]] = {}

    def share(self, worker_id: str, pid: int, cpu_s: float, now_s: float) -> float | None:
        """Take a look; give the share since an earlier one, None at the first."""
        key = (worker_id, pid)
        before = self._seen.get(key)
        if before is None:
            self._seen[key] = (now_s, cpu_s, None)
            return None
        at_s, used_s, share = before
        if now_s - at_s >= LEAST_S and cpu_s > used_s:
            share = (cpu_s - used_s) / (now_s - at_s)
            self._seen[key] = (now_s, cpu_s, share)
        elif now_s - at_s > 10 * LEAST_S:
            share = 0.0
        return share

    def keep(self, keys: Iterable[tuple[str, int]]) -> None:
        """Forget all others."""
        wanted = set(keys)
        self._seen = {key: seen for key, seen in self._seen.items() if key in wanted}


def merge(
    told: list[Mapping[str, Any]] | None,
    kept: Iterable[Kept],
    loads: Loads,
    now_s: float,
    *,
    since_s: float = 0.0,
) -> list[WorkerView]:
    """Put both together, by name; without the broker's list the journal's last word counts.

    Workers that ended in good order are left out, and those last seen before ``since_s`` (epoch seconds),
    when the broker started: they belong to an earlier service.
    """
    live = {each["worker_id"]: _live(each, loads, now_s) for each in told or ()}
    loads.keep((each.worker_id, each.pid) for each in live.values())
    others = [
        _kept(each, now_s, known=told is not None)
        for each in kept
        if each.worker_id not in live and each.state != "stopped" and each.last_seen_us >= since_s * 1e6
    ]
    return sorted([*live.values(), *others], key=lambda each: (each.pool, each.worker_id))


def _live(told: Mapping[str, Any], loads: Loads, now_s: float) -> WorkerView:
    return WorkerView(
        worker_id=told["worker_id"],
        pool=told["pool"],
        pid=told["pid"],
        host=told["host"],
        state=told["state"],
        in_flight=told["in_flight"],
        processed=told["processed"],
        uptime_s=told["uptime_s"],
        last_seen_s=told["last_seen_s"],
        version=told["version"],
        cpu=loads.share(told["worker_id"], told["pid"], told["cpu_s"], now_s),
        rss_mb=told["rss_mb"],
        supervisor=told.get("supervisor"),
        live=True,
    )


def _kept(kept: Kept, now_s: float, *, known: bool) -> WorkerView:
    """Show a worker's last word; where the broker does not know it, it is gone."""
    return WorkerView(
        worker_id=kept.worker_id,
        pool=kept.pool,
        pid=kept.pid,
        host=kept.host,
        state="dead" if known and kept.state not in GONE else kept.state,
        in_flight=kept.in_flight,
        processed=kept.processed,
        uptime_s=round((kept.last_seen_us - kept.started_us) / 1e6, 1),
        last_seen_s=round(max(0.0, now_s - kept.last_seen_us / 1e6), 2),
        version=kept.version,
        cpu=None,
        rss_mb=round(kept.rss_bytes / 1e6, 1),
        supervisor=None,
        live=False,
    )
