"""The tables there are: workers, methods, requests, orders; agent jobs come from `job_rows`."""

import json
from collections.abc import Mapping
from typing import Any

from tacore.store.rows import LogRow, MethodRate
from tacore.tui.figures import NONE, clean, count, ms, rate, share, span
from tacore.tui.job_rows import JOBS
from tacore.tui.past import UNKNOWN
from tacore.tui.table import Cell, Column, Order, Row, Table
from tacore.watch.views import WorkerView

BUSY_SHARE, SILENT_S, ERRORS_BAD = 0.9, 3.0, 0.05
_STATES = {"ready": "good", "busy": "good", "draining": "warn", "starting": "warn", "dead": "bad"}
_OUTCOMES = {"denied": "bad", "rejected": "bad", "unknown": "bad", "filled": "good"}
_ENDED = ("cancelled", "expired")


def _worker(each: WorkerView) -> Row:
    known = each.state != UNKNOWN
    cpu = Cell(NONE) if each.cpu is None else Cell(f"{each.cpu * 100:.0f}", each.cpu, _hot(each.cpu))
    cells = (
        Cell(clean(each.worker_id), each.worker_id),
        Cell(clean(each.pool), each.pool),
        Cell(each.state, each.state, _STATES.get(each.state, "dim")),
        Cell(str(each.in_flight) if known else NONE, each.in_flight if known else None),
        Cell(count(each.processed) if known else NONE, each.processed if known else None),
        cpu,
        Cell(f"{each.rss_mb:.0f}", each.rss_mb),
        Cell(span(each.uptime_s) if known else NONE, each.uptime_s if known else None),
        Cell(span(each.last_seen_s), each.last_seen_s, "warn" if each.last_seen_s > SILENT_S else ""),
        Cell(str(each.pid) if known else NONE, each.pid if known else None),
        Cell(clean(each.host) or NONE, each.host),
        Cell(clean(each.version) or NONE, each.version),
        Cell(clean(each.supervisor or NONE), each.supervisor),
    )
    return Row(each.worker_id, cells, each)


def _hot(cpu: float) -> str:
    return "warn" if cpu >= BUSY_SHARE else ""


def _method(each: MethodRate) -> Row:
    wrong = "" if not each.errors else "bad" if each.error_rate >= ERRORS_BAD else "warn"
    cells = (
        Cell(clean(each.method), each.method),
        Cell(count(each.requests), each.requests),
        Cell(rate(each.per_s), each.per_s),
        Cell(share(each.error_rate), each.error_rate, wrong),
        Cell(ms(each.p50_ms), each.p50_ms),
        Cell(ms(each.p95_ms), each.p95_ms),
        Cell(ms(each.p99_ms), each.p99_ms),
        Cell(ms(each.max_ms), each.max_ms),
        Cell(ms(each.mean_queue_ms), each.mean_queue_ms),
        Cell(ms(each.mean_ms), each.mean_ms),
        Cell(count(each.errors), each.errors, wrong),
    )
    return Row(each.method, cells, each)


def _request(each: LogRow) -> Row:
    outcome = each.code or "ok"
    cells = (
        Cell(each.answered_at[11:23], each.id),
        Cell(clean(each.method or NONE), each.method or ""),
        Cell(clean(outcome), outcome, "bad" if each.code else "good"),
        Cell(ms(each.processing_time_ms), each.processing_time_ms),
        Cell(clean(each.worker_id), each.worker_id),
        Cell(clean(each.request_id), str(each.request_id)),
        Cell(ms(each.queue_ms), each.queue_ms),
        Cell(str(each.attempts), each.attempts, "warn" if each.attempts > 1 else "dim"),
        Cell(clean(each.principal), each.principal),
        Cell(_told(each), None, "bad" if each.error else "dim"),
    )
    return Row(str(each.id), cells, each)


def _told(each: LogRow) -> str:
    """Give an error's message, else the params."""
    if each.error is not None:
        try:
            return clean(json.loads(each.error).get("message", each.error))
        except (ValueError, AttributeError):
            return clean(each.error)
    return clean(" ".join((each.request_data or "").split()))


def _order(each: Mapping[str, Any]) -> Row:
    status = str(each["status"])
    tone = _OUTCOMES.get(status, "dim" if status in _ENDED else "warn")
    live = each.get("paper") is not True
    cells = (
        Cell(str(each["updated_at"])[11:19], each["updated_at"]),
        Cell(clean(each["order_id"]), each["order_id"]),
        Cell("LIVE" if live else "paper", live, "bad" if live else "dim"),
        Cell(status, status, tone),
        Cell(clean(each["symbol"]), each["symbol"]),
        Cell(clean(each["action"]), each["action"], "good" if each["action"] == "buy" else "warn"),
        _number(each.get("quantity")),
        _number(each.get("filled_quantity")),
        _number(each.get("average_price")),
        Cell(clean(each.get("order_type", NONE)), each.get("order_type")),
        _number(each.get("price")),
        Cell(clean(each.get("account", NONE)), each.get("account")),
        Cell(clean(each.get("reason") or ""), None, "bad" if tone == "bad" else "dim"),
    )
    return Row(str(each["order_id"]), cells, each)


def _number(value: Any) -> Cell:  # noqa: ANN401 - a JSON number, as it was written
    return Cell(NONE) if value is None else Cell(clean(value), float(value))


WORKERS = Table(
    "workers",
    "workers",
    (
        Column("worker", "WORKER", 14, most=28),
        Column("pool", "POOL", 7),
        Column("state", "STATE", 8),
        Column("busy", "BUSY", 4, right=True),
        Column("done", "DONE", 6, right=True),
        Column("cpu", "CPU%", 4, right=True),
        Column("mem", "MB", 5, right=True),
        Column("up", "UP", 7, right=True),
        Column("seen", "SEEN", 7, right=True),
        Column("pid", "PID", 8, right=True, level=1),
        Column("host", "HOST", 16, level=2),
        Column("version", "VERSION", 9, level=3),
        Column("supervisor", "SUPERVISOR", 16, level=3),
    ),
    _worker,
)
METHODS = Table(
    "methods",
    "rates",
    (
        Column("method", "METHOD", 14, most=32),
        Column("requests", "REQUESTS", 8, right=True),
        Column("rate", "RATE/s", 7, right=True),
        Column("errors", "ERRORS", 6, right=True),
        Column("p50", "P50 ms", 7, right=True),
        Column("p95", "P95 ms", 7, right=True),
        Column("p99", "P99 ms", 7, right=True),
        Column("max", "MAX ms", 7, right=True, level=1),
        Column("queue", "QUEUE ms", 8, right=True, level=1),
        Column("mean", "MEAN ms", 7, right=True, level=2),
        Column("failed", "FAILED", 7, right=True, level=3),
    ),
    _method,
    Order("requests", descending=True),
)
REQUESTS = Table(
    "requests",
    "requests",
    (
        Column("time", "TIME", 12),
        Column("method", "METHOD", 16, most=20),
        Column("outcome", "OUTCOME", 14, most=18),
        Column("ms", "MS", 7, right=True),
        Column("worker", "WORKER", 13, most=16),
        Column("id", "REQUEST ID", 10, most=32),
        Column("queue", "QUEUE", 7, right=True, level=1),
        Column("tries", "TRIES", 5, right=True, level=1),
        Column("principal", "WHO", 10, level=2),
        Column("told", "PARAMS OR ERROR", 0, level=1),
    ),
    _request,
    stream=True,
)
ORDERS = Table(
    "orders",
    "orders",
    (
        Column("time", "CHANGED", 8),
        Column("order", "ORDER", 14),
        Column("mode", "MODE", 5),
        Column("status", "STATUS", 11, most=16),
        Column("symbol", "SYMBOL", 9),
        Column("side", "SIDE", 4),
        Column("quantity", "QTY", 6, right=True),
        Column("filled", "FILLED", 6, right=True),
        Column("average", "AVERAGE", 9, right=True),
        Column("type", "TYPE", 10, level=1),
        Column("price", "PRICE", 10, right=True, level=1),
        Column("account", "ACCOUNT", 10, level=1),
        Column("reason", "REASON", 0, level=2),
    ),
    _order,
    stream=True,
)
TABLES = {each.name: each for each in (WORKERS, METHODS, REQUESTS, ORDERS, JOBS)}
