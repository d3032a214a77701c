"""The service's figures in Prometheus' formats.

Counters come from the journal's all-time totals, which pruning leaves alone, so that they go on through
restarts of everything; those of the broker and its workers begin anew with the broker, as Prometheus expects
of a process.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from fastapi import Response
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.registry import Collector, CollectorRegistry

from tacore.errors import TacoreError
from tacore.monitor import job_figures
from tacore.monitor.site import Site
from tacore.store import histogram
from tacore.store.rows import Counters, Latency
from tacore.watch.views import Health, WorkerView

POWERS = range(7, 27)
"""Bounds of the latency histograms: 2**7 to 2**26 µs (67 s), where counts are exact."""
STATUSES = ("healthy", "degraded", "unhealthy", "down")
TRADING = ("active", "reducing", "halted")
STATES = ("ready", "busy", "draining", "dead")


class Seen(NamedTuple):
    """Everything that is shown, of about one moment; None is what could not be had."""

    health: Health
    workers: list[WorkerView] | None
    counters: Counters | None
    orders: Mapping[str, int] | None
    jobs: job_figures.JobFigures | None = None


class Snapshot(Collector):
    """Gives what was seen, to one scrape."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        """Give every family."""
        yield from _service(self._seen.health)
        if self._seen.counters is not None:
            yield from _requests(self._seen.counters)
        if self._seen.workers is not None:
            yield _states(self._seen.workers)
        if self._seen.orders is not None:
            yield _orders(self._seen.orders)
        if self._seen.jobs is not None:
            yield from job_figures.families(self._seen.jobs)
        parts = self._seen.health.detail.get("components")
        if parts:
            yield from _broker(parts)
            yield from _caches(parts["cache"]["kinds"])


async def answer(site: Site, accept: str) -> Response:
    """Answer a scrape in the format it accepts."""
    encode, kind = choose_encoder(accept)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Snapshot(await look(site)))
    return Response(encode(registry), media_type=kind, headers={"Cache-Control": "no-store"})


async def look(site: Site) -> Seen:
    """Look at everything; what can't be had is left out, and `tacore_journal_up` or `tacore_up` tells."""
    watch = site.watch
    health = await watch.health()
    counters = None if health.journal_error else await watch.counters()
    try:
        workers = await watch.workers()
    except TacoreError:  # neither broker nor journal
        workers = None
    try:
        orders = await watch.open_orders()
    except TacoreError:  # no ledger here, or not readable now
        orders = None
    return Seen(health, workers, counters, orders, await job_figures.look(watch) if health.up else None)


def _service(seen: Health) -> Iterator[Metric]:
    yield _gauge("tacore_up", "Whether the broker answers.", float(seen.up))
    readable = float(not seen.journal_error)
    yield _gauge("tacore_journal_up", "Whether the journal can be read.", readable)
    yield _stateset("tacore_health", "How the service is.", STATUSES, seen.status)
    if seen.trading is not None:
        yield _stateset("tacore_trading", "Whether orders are taken.", TRADING, seen.trading)
    if seen.paper is not None:
        yield _gauge("tacore_live", "Whether an account trades real money.", float(not seen.paper))
    if seen.journal_lag_s is not None:
        lag = "Age of the journal's newest sign of life."
        yield _gauge("tacore_journal_lag_seconds", lag, seen.journal_lag_s)
    if seen.up:
        uptime = float(seen.detail["uptime_s"])
        yield _gauge("tacore_uptime_seconds", "Time since the broker started.", uptime)
        yield _gauge("tacore_in_flight", "Requests accepted and not answered yet.", seen.detail["in_flight"])


def _requests(counters: Counters) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "tacore_requests", "Answers since the journal was made.", labels=("method", "status")
    )
    errors = CounterMetricFamily("tacore_errors", "Errors among them by code.", labels=("method", "code"))
    sums: dict[tuple[str, str], int] = {}
    for each in counters.totals:
        key = (each.method, "success" if each.code is None else "error")
        sums[key] = sums.get(key, 0) + each.requests
        if each.code is not None:
            errors.add_metric((each.method, each.code), each.requests)
    for labels, count in sums.items():
        requests.add_metric(labels, count)
    yield requests
    yield errors
    seconds = HistogramMetricFamily(
        "tacore_request_seconds", "Time that a worker, or the broker, took.", labels=("method",)
    )
    for latency in counters.latencies:
        seconds.add_metric((latency.method,), _buckets(latency), latency.sum_s)
    yield seconds


def _buckets(latency: Latency) -> list[tuple[str, float]]:
    bounds = [
        (repr((1 << power) / 1e6), float(histogram.below(latency.histogram, power))) for power in POWERS
    ]
    return [*bounds, ("+Inf", float(latency.requests))]


def _states(workers: Iterable[WorkerView]) -> Metric:
    family = GaugeMetricFamily("tacore_workers", "Workers by pool and state.", labels=("pool", "state"))
    counted = {(each.pool, state): 0 for each in workers for state in STATES}
    for each in workers:
        counted[each.pool, each.state] = counted.get((each.pool, each.state), 0) + 1
    for labels, count in counted.items():
        family.add_metric(labels, count)
    return family


def _orders(counted: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily("tacore_open_orders", "Open orders by state.", labels=("status",))
    for status, count in counted.items():
        family.add_metric((status,), count)
    return family


def _broker(parts: Mapping[str, Any]) -> Iterator[Metric]:
    depth = GaugeMetricFamily("tacore_queue_depth", "Requests that wait, by pool.", labels=("pool",))
    for pool, each in parts["queues"]["pools"].items():
        depth.add_metric((pool,), each["queued"])
    yield depth
    restarts = CounterMetricFamily(
        "tacore_worker_restarts", "Workers started again.", labels=("supervisor", "pool")
    )
    wanted = GaugeMetricFamily("tacore_workers_wanted", "Workers to be kept.", labels=("supervisor", "pool"))
    for each in parts["workers"]["supervisors"]:
        labels = (each["supervisor"], each["pool"])
        restarts.add_metric(labels, each["restarts"])
        wanted.add_metric(labels, each["wanted"])
    yield restarts
    yield wanted
    counts = parts["broker"]["counts"]
    retries = CounterMetricFamily(
        "tacore_retries",
        "Retries that joined their first request (coalesced), and requests of lost workers given to another.",
        labels=("kind",),
    )
    for kind in ("coalesced", "requeued"):
        retries.add_metric((kind,), counts.get(kind, 0))
    yield retries
    ill = GaugeMetricFamily("tacore_part_healthy", "Whether a part is healthy.", labels=("part",))
    for name, part in parts.items():
        ill.add_metric((name,), float(part["status"] == "healthy"))
    yield ill


def _caches(kinds: Mapping[str, Any]) -> Iterator[Metric]:
    labels = ("kind", "level")
    hits = CounterMetricFamily("tacore_cache_hits", "Answers found, by level.", labels=labels)
    misses = CounterMetricFamily("tacore_cache_misses", "Answers computed.", labels=("kind",))
    for kind, each in kinds.items():
        hits.add_metric((kind, "process"), each["process_hits"])
        hits.add_metric((kind, "redis"), each["shared_hits"])
        misses.add_metric((kind,), each["misses"])
    yield hits
    yield misses


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _stateset(name: str, about: str, states: Iterable[str], now: str) -> Metric:
    return StateSetMetricFamily(name, about, value={state: state == now for state in states})
