"""The client's side of request and reply: JSON text out, a Reply in."""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tacore.errors import RequestInvalid, TacoreError, from_wire

RequestId = str | int


class Call(NamedTuple):
    """What every attempt of a request has in common; ``params`` is JSON text."""

    method: str
    params: str
    request_id: RequestId
    idempotency_key: str | None = None


class Attempt(NamedTuple):
    """One try of a request.

    ``started`` is epoch seconds. ``outcome`` is answered, error (answered with an error), timeout, refused
    (no one listens), unreachable (no connection within the patience) or lost (the connection broke).
    """

    number: int
    endpoint: str
    started: float
    duration_s: float
    outcome: str
    detail: str = ""


class Reply(NamedTuple):
    """An answer; ``error`` is typed and carries the same attempts, ``raw`` is the whole envelope."""

    data: Any
    request_id: RequestId
    status: str
    error: TacoreError | None
    processing_time_ms: float
    timestamp: int
    attempts: tuple[Attempt, ...]
    raw: Mapping[str, Any]


def make_id() -> str:
    """Make a request id of 128 random bits."""
    return os.urandom(16).hex()


def encode_params(params: Mapping[str, Any] | None) -> str:
    """Encode params; dates become ISO text, and a Decimal a number, or text where a float would change it."""
    try:
        return json.dumps(params if params is not None else {}, default=_plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise RequestInvalid(f"the params cannot be sent as JSON: {error}") from error


def encode_request(call: Call, timeout_ms: int, attempt: int) -> bytes:
    """Build a request's frame."""
    key = "" if call.idempotency_key is None else f',"idempotency_key":{json.dumps(call.idempotency_key)}'
    return (
        f'{{"request_id":{json.dumps(call.request_id)},"method":{json.dumps(call.method)},'
        f'"params":{call.params},"timeout_ms":{timeout_ms},"attempt":{attempt}{key}}}'
    ).encode()


def decode_reply(body: bytes, parse_float: Callable[[str], Any]) -> dict[str, Any] | None:
    """Decode a frame; None for what is no reply."""
    try:
        wire = json.loads(body, parse_float=parse_float)
    except (ValueError, RecursionError):
        return None
    if not isinstance(wire, dict) or not isinstance(wire.get("request_id"), RequestId):
        return None
    return wire


def typed_error(wire: Mapping[str, Any]) -> TacoreError | None:
    """Give the reply's error, None for a success."""
    error = wire.get("error")
    if wire.get("status") == "success" and not error:
        return None
    if isinstance(error, Mapping):
        return from_wire(error)
    return from_wire({"message": str(error or f"the reply's status is {wire.get('status')!r}")})


def _plain(value: object) -> object:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "as_integer_ratio"):  # a Decimal, without importing decimal
        made: Callable[[str], object] = type(value)
        near = float(str(value))
        return near if made(repr(near)) == value else str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
