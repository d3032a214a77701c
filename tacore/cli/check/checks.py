"""The checks: what each measures, and by which ranges unless others are given."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tacore.cli.check.ranges import Range, parse
from tacore.cli.check.result import CRITICAL, OK, WARNING, Metric, Result, worst
from tacore.cli.check.source import Source
from tacore.errors import TacoreError
from tacore.store.rows import MethodRate


class Asked(NamedTuple):
    """The ranges that were given, over how long (seconds), and of which method."""

    warn: Range | None = None
    crit: Range | None = None
    window_s: int = 300
    method: str | None = None

    def ranges(self, warn: str, crit: str) -> tuple[Range, Range]:
        """Give both ranges, these where none were given."""
        return self.warn or parse("--warn", warn), self.crit or parse("--crit", crit)


def broker(source: Source, asked: Asked) -> Result:
    """Ask how it is, in seconds; a broker that does not answer is critical."""
    health = source.answer
    if isinstance(health, TacoreError):
        return Result("broker", CRITICAL, health.message)
    metric = Metric("response", round(source.took_s, 6), "s", *asked.ranges("1", "3"))
    judged = {"healthy": OK, "degraded": WARNING}.get(health["status"], CRITICAL)
    said = f"broker {health['version']} is {health['status']} and answers in {source.took_s * 1000:.1f} ms"
    reasons = f" ({'; '.join(health['reasons'])})" if health["reasons"] else ""
    return Result("broker", worst([metric.state, judged]), said + reasons, [metric])


def workers(source: Source, asked: Asked) -> Result:
    """Count the workers; fewer than their supervisors keep is a warning, none is critical."""
    report = source.health["components"]["workers"]
    there, wanted = len(report["workers"]), sum(each["wanted"] for each in report["supervisors"])
    metric = Metric("workers", there, "", *asked.ranges(f"{max(wanted, 1)}:", "1:"))
    gave_up = [name for each in report["supervisors"] for name in each["gave_up"]]
    told = f", given up: {', '.join(gave_up)}" if gave_up else ""
    return Result("workers", metric.state, f"{there} of {wanted} workers are up{told}", [metric])


def queue(source: Source, asked: Asked) -> Result:
    """Count what waits in each pool; the fullest decides."""
    pools = source.health["components"]["queues"]["pools"]
    ranges = asked.ranges("1000", "5000")
    metrics = [
        Metric("queued", pool["queued"], "", *ranges, ("pool", name)) for name, pool in sorted(pools.items())
    ]
    if not metrics:
        metrics = [Metric("queued", 0, "", *ranges)]
    waiting = sum(int(each.value) for each in metrics)
    return Result("queue", worst(each.state for each in metrics), f"{waiting} requests wait", metrics)


def latency(source: Source, asked: Asked) -> Result:
    """Take the 95th percentile, in milliseconds."""
    rate = _rate(source, asked)
    ranges = asked.ranges("1000", "5000")
    if rate is None:
        return Result("latency", OK, f"no answers in {asked.window_s} s")
    metric = Metric("p95", round(rate.p95_ms, 3), "ms", *ranges)
    others = [Metric("p50", round(rate.p50_ms, 3), "ms"), Metric("p99", round(rate.p99_ms, 3), "ms")]
    said = f"p95 {rate.p95_ms:.1f} ms of {rate.requests} answers in {asked.window_s} s"
    return Result("latency", metric.state, said, [metric, *others])


def errors(source: Source, asked: Asked) -> Result:
    """Take the share of answers that were errors, in percent."""
    rate = _rate(source, asked)
    ranges = asked.ranges("5", "20")
    share = 0.0 if rate is None else rate.error_rate * 100
    count, total = (0, 0) if rate is None else (rate.errors, rate.requests)
    metric = Metric("errors", round(share, 3), "%", *ranges)
    said = f"{share:.1f} % errors ({count} of {total} answers in {asked.window_s} s)"
    return Result("errors", metric.state, said, [metric])


def _rate(source: Source, asked: Asked) -> MethodRate | None:
    """Give the rates of one method, or of all but those by which the service is looked at."""
    return source.reader.overall(asked.window_s, asked.method)


Check = Callable[[Source, Asked], Result]
CHECKS: Mapping[str, Check] = {
    "broker": broker,
    "workers": workers,
    "queue": queue,
    "latency": latency,
    "errors": errors,
}
