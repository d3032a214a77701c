"""Figures of agent jobs: how many there are, and what those of the last day used."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from tacore.errors import TacoreError
from tacore.watch.jobs import Spending, iso, spending
from tacore.watch.watch import Watch

AGE_S = 10.0
"""Scrapes within so many seconds share an answer."""
DAY_S, MINUTE_S = 86_400, 60
MOST = 1000
_MODELS = ("engine", "quick_model", "deep_model")


class JobFigures(NamedTuple):
    """All jobs that are kept by state, and what the newest thousand of the last day used."""

    counts: Mapping[str, int]
    spent: Sequence[Spending]


async def look(watch: Watch) -> JobFigures | None:
    """Ask for them; None where there is no broker, or no job manager to ask."""
    since_s = int(time.time()) // MINUTE_S * MINUTE_S - DAY_S
    try:
        told = await watch.jobs({"since": iso(since_s * 1_000_000), "limit": MOST}, max_age_s=AGE_S)
    except TacoreError:
        return None
    return JobFigures(told["counts"], spending(told["jobs"]))


def families(seen: JobFigures) -> Iterator[Metric]:
    """Give them in Prometheus' terms: gauges, for jobs leave the last day, and are pruned."""
    jobs = GaugeMetricFamily("tacore_jobs", "Agent jobs that are kept by state.", labels=("state",))
    for state, count in seen.counts.items():
        jobs.add_metric((state,), count)
    seconds = GaugeMetricFamily(
        "tacore_jobs_day_seconds", "Running time of the last day's jobs.", labels=_MODELS
    )
    tokens = GaugeMetricFamily(
        "tacore_jobs_day_tokens", "Tokens that the last day's jobs used.", labels=(*_MODELS, "kind")
    )
    cost = GaugeMetricFamily(
        "tacore_jobs_day_cost", "What that costs, where models have a price.", labels=(*_MODELS, "currency")
    )
    for each in seen.spent:
        models = (each.engine, each.quick_model, each.deep_model)
        seconds.add_metric(models, each.seconds)
        tokens.add_metric((*models, "input"), each.input_tokens)
        tokens.add_metric((*models, "output"), each.output_tokens)
        if each.cost is not None:
            cost.add_metric((*models, each.currency), each.cost)
    yield from (jobs, seconds, tokens, cost)
