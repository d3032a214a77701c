"""What the journal can tell of workers at a past moment: the gauges of that minute."""

from collections.abc import Iterable

from tacore.store.rows import GaugeValue
from tacore.watch.views import WorkerView
from tacore.watch.watch import Watch

LOOK_BACK_S = 60
NO_ORDERS = (
    "which orders were open then, the journal does not tell: `tacore account --as-of TIME` has the money"
)
NO_JOBS = (
    "how far agent jobs were then, the journal does not tell: `tacore jobs show JOB` has when what happened"
)
UNKNOWN = "unknown"


async def workers(watch: Watch, at_s: float) -> list[WorkerView]:
    """List the workers that were measured within the minute before; their state then is unknown."""
    gauges = [each for each in await watch.gauges(LOOK_BACK_S, now_s=at_s) if each.at_us <= at_s * 1e6]
    names = sorted({each.subject for each in gauges if each.name == "rss_bytes"})
    return [_worker(name, [each for each in gauges if each.subject == name], at_s) for name in names]


def _worker(name: str, gauges: Iterable[GaugeValue], at_s: float) -> WorkerView:
    cpu = [each for each in gauges if each.name == "cpu_s"]
    (*_, rss) = [each for each in gauges if each.name == "rss_bytes"]
    return WorkerView(
        worker_id=name,
        pool=name.partition("-")[0],
        pid=0,
        host="",
        state=UNKNOWN,
        in_flight=0,
        processed=0,
        uptime_s=0.0,
        last_seen_s=max(0.0, round(at_s - rss.at_us / 1e6, 2)),
        version="",
        cpu=_share(cpu[-2:]),
        rss_mb=round(rss.value / 1e6, 1),
        supervisor=None,
        live=False,
    )


def _share(pair: list[GaugeValue]) -> float | None:
    """Give the share of a core between two looks at the processor time used."""
    if len(pair) < 2 or pair[1].value < pair[0].value:  # noqa: PLR2004 - a pair
        return None
    return (pair[1].value - pair[0].value) / ((pair[1].at_us - pair[0].at_us) / 1e6)
