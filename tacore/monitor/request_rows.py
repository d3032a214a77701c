"""Requests as the monitor shows them: in lists, and in full."""

from datetime import datetime
from typing import Any

import msgspec

from tacore.monitor.shown import Shown
from tacore.store.rows import LogRow
from tacore.store.spans import spans_of
from tacore.watch import commands


class RequestRow(Shown):
    """A request of the journal, as lists show it."""

    id: int
    """Its place in the journal; counts up without gaps."""
    request_id: str | int
    method: str | None
    """Null where the request named none."""
    client_id: str
    worker_id: str
    """broker for what the broker answered itself."""
    processing_time_ms: float
    queue_ms: float
    status: str
    """success or error."""
    code: str | None
    """The error's code; null for success."""
    level: str
    """INFO for success, ERROR for an error."""
    timestamp: float
    """When it was answered, in epoch seconds."""
    created_at: str
    """When it came, ISO 8601 UTC."""
    answered_at: str
    attempts: int
    """How many tries this answer served."""
    command: str
    """The command line that asks the same again, or shows it."""


class SpanRow(Shown):
    """What something took: a bar of a request's waterfall."""

    id: int
    parent: int | None
    """The span around it; null for the request itself."""
    depth: int
    kind: str
    """request, queue, attempt, processing, step or retry."""
    span: str
    start_ms: float
    """Since the broker got the request."""
    ms: float
    worker_id: str | None
    outcome: str | None
    note: str | None
    """Why a worker was lost, what a cache had, and the like."""


class RequestCommands(Shown):
    """The command lines that do or show the same."""

    again: str
    trace: str
    logs: str


class RequestFull(RequestRow):
    """A request of the journal, with what was asked and answered."""

    params: Any
    """JSON, or text where it was cut; null where it is not kept."""
    answer: Any
    """The data of a success: as params."""
    error: Any
    """The error of a failure: as params."""
    principal: str
    request_truncated: bool
    response_truncated: bool
    spans: list[SpanRow]
    """Where its time went, parents before what is inside them."""
    commands: RequestCommands


class RequestStory(RequestFull):
    """The newest request of an id, and the others of that id."""

    others: list[RequestRow]
    """Newest first; careless clients give many requests one id."""


def brief(row: LogRow) -> dict[str, Any]:
    """Show a row as a `RequestRow`."""
    return {
        "id": row.id,
        "request_id": row.request_id,
        "method": row.method,
        "client_id": row.client_id,
        "worker_id": row.worker_id,
        "processing_time_ms": row.processing_time_ms,
        "queue_ms": row.queue_ms,
        "status": row.status,
        "code": row.code,
        "level": "INFO" if row.status == "success" else "ERROR",
        "timestamp": datetime.fromisoformat(row.answered_at).timestamp(),
        "created_at": row.created_at,
        "answered_at": row.answered_at,
        "attempts": row.attempts,
        "command": commands.of_request(row),
    }


def full(row: LogRow) -> dict[str, Any]:
    """Show a row as a `RequestFull`."""
    return brief(row) | {
        "params": _parsed(row.request_data),
        "answer": _parsed(row.response_data),
        "error": _parsed(row.error),
        "principal": row.principal,
        "request_truncated": bool(row.request_truncated),
        "response_truncated": bool(row.response_truncated),
        "spans": [each._asdict() for each in spans_of(row)],
        "commands": {
            "again": commands.of_request(row),
            "trace": commands.trace(row.request_id),
            "logs": commands.logs(request_id=str(row.request_id)),
        },
    }


def _parsed(text: str | None) -> object:
    """Pass JSON on as it is written, digits and all; a cut is passed on as text."""
    if text is None:
        return None
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return msgspec.Raw(text.encode())
