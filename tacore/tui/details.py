"""All there is to know of one row, as text with tones; knows nothing of a terminal."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from tacore.store.rows import LogRow, MethodRate
from tacore.tui import waterfall
from tacore.tui.facts import facts
from tacore.tui.figures import NONE, clean, ms, rate, share, span, window
from tacore.tui.job_sheet import of_job
from tacore.tui.lines import Line, Part, line
from tacore.tui.sheet import Sheet
from tacore.watch import commands
from tacore.watch.views import WorkerView

Learned = Sequence[LogRow] | Mapping[str, Any] | None
"""What else there is of a row: the others of a request's id, or the whole order or job."""


def sheet_of(table: str, source: Any, window_s: int, more: Learned = None) -> Callable[[int], Sheet]:  # noqa: ANN401
    """Give what lays the details of a table's row out for a width; ``source`` is what the row shows."""
    if table == "requests":
        others = () if more is None or isinstance(more, Mapping) else more
        return partial(of_request, source, others)
    if table == "workers":
        return lambda _width: of_worker(source)
    if table == "methods":
        return lambda _width: of_method(source, window(window_s))
    if table == "jobs":
        return partial(of_job, more if isinstance(more, Mapping) else source)
    return lambda _width: of_order(more if isinstance(more, Mapping) else source)


def of_request(row: LogRow, others: Sequence[LogRow], width: int) -> Sheet:
    """Show a request: when, who, each attempt with its time, params and answer; ``others`` had its id too."""
    told = [
        ("outcome", row.code or "ok", "bad" if row.code else "good"),
        *_message(row),
        ("received", row.created_at, ""),
        ("answered", row.answered_at, ""),
        ("worker", row.worker_id, ""),
        ("processing", f"{ms(row.processing_time_ms)} ms", ""),
        ("queue", f"{ms(row.queue_ms)} ms", ""),
        ("attempts", str(row.attempts), "warn" if row.attempts > 1 else ""),
        ("who", f"{row.principal}, client {row.client_id}", ""),
        ("journal row", str(row.id), "dim"),
    ]
    lines = [*facts(told), line(), line(Part("where the time went", "head")), *waterfall.lines(row, width)]
    lines += _payload("params", row.request_data, row.request_truncated)
    if row.error is None:
        lines += _payload("answer", row.response_data, row.response_truncated)
    else:
        lines += _payload("error", row.error, row.response_truncated)
    lines += _same_id(row, others)
    return Sheet(f"{row.method or 'no method'}  {row.request_id}", lines, commands.of_request(row))


def of_worker(worker: WorkerView) -> Sheet:
    """Show a worker."""
    told = [
        ("state", worker.state, {"ready": "good", "busy": "good", "dead": "bad"}.get(worker.state, "warn")),
        ("pool", worker.pool, ""),
        ("host", worker.host or NONE, ""),
        ("pid", str(worker.pid or NONE), ""),
        ("in flight", str(worker.in_flight), ""),
        ("processed", str(worker.processed), ""),
        ("processor", NONE if worker.cpu is None else f"{worker.cpu * 100:.1f} % of a core", ""),
        ("memory", f"{worker.rss_mb:.1f} MB", ""),
        ("up", span(worker.uptime_s), ""),
        ("last sign", f"{span(worker.last_seen_s)} ago", ""),
        ("version", worker.version or NONE, ""),
        ("supervisor", worker.supervisor or NONE, ""),
        ("told by", "the broker" if worker.live else "the journal, its last word", "dim"),
    ]
    hints = [
        ("restart", commands.restart(worker.worker_id), "dim"),
        ("drain", commands.drain(worker.worker_id), "dim"),
        ("its requests", commands.logs(worker=worker.worker_id), "dim"),
    ]
    lines = [*facts(told), line(), *facts(hints)]
    return Sheet(f"worker {worker.worker_id}", lines, commands.logs(worker=worker.worker_id))


def of_method(each: MethodRate, window: str) -> Sheet:
    """Show a method's figures over a window."""
    wrong = "bad" if each.errors else ""
    told = [
        ("window", window, ""),
        ("requests", f"{each.requests}, {rate(each.per_s)} a second", ""),
        ("errors", f"{each.errors}, {share(each.error_rate)}", wrong),
        ("p50", f"{ms(each.p50_ms)} ms", ""),
        ("p95", f"{ms(each.p95_ms)} ms", ""),
        ("p99", f"{ms(each.p99_ms)} ms", ""),
        ("largest", f"{ms(each.max_ms)} ms", ""),
        ("mean", f"{ms(each.mean_ms)} ms", ""),
        ("mean queue", f"{ms(each.mean_queue_ms)} ms", ""),
    ]
    hints = [
        ("its requests", commands.logs(method=each.method), "dim"),
        ("its errors", commands.logs(method=each.method, status="error"), "dim"),
        ("about it", f"tacore describe {each.method}", "dim"),
    ]
    return Sheet(
        f"method {each.method}", [*facts(told), line(), *facts(hints)], commands.of_method(each.method)
    )


def of_order(order: Mapping[str, Any]) -> Sheet:
    """Show an order, with its fills and events where they are known."""
    live = order.get("paper") is not True
    plain = [(name, each) for name, each in order.items() if not isinstance(each, list | Mapping)]
    told = [("money", "LIVE: real money" if live else "paper", "bad" if live else "dim")]
    told += [(name, _text(value), "") for name, value in plain if value not in (None, "") and name != "paper"]
    lines = list(facts(told))
    for name, value in order.items():
        if isinstance(value, list | Mapping) and value:
            lines += [line(), line(Part(name, "head")), *_inner(value)]
    return Sheet(f"order {order['order_id']}", lines, commands.of_order(str(order["order_id"])))


def _inner(value: Any) -> Iterable[Line]:  # noqa: ANN401 - any JSON value
    items = value if isinstance(value, list) else [value]
    for each in items:
        told = (
            "  ".join(f"{name} {_text(inner)}" for name, inner in each.items() if inner not in (None, "", {}))
            if isinstance(each, Mapping)
            else _text(each)
        )
        yield line(Part(f"  {clean(told)}"))


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _message(row: LogRow) -> list[tuple[str, str, str]]:
    if row.error is None:
        return []
    try:
        return [("message", str(json.loads(row.error)["message"]), "bad")]
    except (ValueError, KeyError, TypeError):
        return []


def _payload(name: str, text: str | None, truncated: int) -> Iterable[Line]:
    yield line()
    if text is None:
        yield line(Part(name, "head"), Part("  not kept (journal.payloads)", "dim"))
        return
    yield line(Part(name, "head"), Part("  cut (journal.field_cap_bytes)" if truncated else "", "warn"))
    try:
        shown = msgspec.json.format(text, indent=2)  # leaves numbers as they are written
    except msgspec.DecodeError:
        shown = text
    for each in shown.splitlines():
        yield line(Part(clean(each)))


def _same_id(row: LogRow, others: Sequence[LogRow]) -> Iterable[Line]:
    rest = [each for each in others if each.id != row.id]
    if not rest:
        return
    yield line()
    yield line(Part(f"also under this id ({len(rest)})", "head"))
    for each in rest:
        at = datetime.fromisoformat(each.answered_at).strftime("%Y-%m-%d %H:%M:%S.%f")
        outcome = Part(f"{clean(each.code or 'ok'):<18}", "bad" if each.code else "good")
        told = f"  {ms(each.processing_time_ms)} ms  {clean(each.worker_id)}  {clean(each.method or NONE)}"
        yield line(Part(f"  {at}  ", "dim"), outcome, Part(told))
