"""Replies, in the dialect of their request.

Native: status, request_id, data, error, processing_time_ms, timestamp. A request that says ``requestId`` also
gets requestId, success and errorCode, and of an order orderId, executedPrice, executedQuantity and
executionTime; one that says ``id`` gets the members of JSON-RPC 2.0 beside the native
ones (``result`` or ``error``, never both).
"""

from typing import Any

import msgspec

from tacore.errors import TacoreError
from tacore.wire.envelope import Head, RequestId

_RPC_CODES = {
    "invalid_request": -32600,
    "unknown_method": -32601,
    "invalid_params": -32602,
    "internal": -32603,
}
RPC_SERVER_ERROR = -32000


class Reply(msgspec.Struct, gc=False):
    """A native reply; ``data`` and ``error`` are encoded already."""

    status: str
    request_id: RequestId
    data: msgspec.Raw | None
    error: msgspec.Raw | None
    processing_time_ms: float
    timestamp: int


class ReplayedReply(Reply, gc=False):
    """A reply that repeats what was answered before."""

    replayed: bool = True


class _Fill(msgspec.Struct):
    market_time: str | None = None


class _Order(msgspec.Struct):
    """What the requestId dialect repeats of an order; numbers stay as they are written."""

    order_id: str
    average_price: msgspec.Raw
    filled_quantity: msgspec.Raw
    fills: list[_Fill] = []


_decode_order = msgspec.json.Decoder(_Order).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_SUCCESS = msgspec.Raw(b'"success"')
_encode = msgspec.json.Encoder(decimal_format="number").encode


def encode_value(value: object) -> bytes:
    """Encode data for a reply; a Decimal becomes a JSON number with all its digits."""
    return _encode(value)


def encode_success(
    head: Head | None, request_id: RequestId, data: bytes | msgspec.Raw, processing_us: int, timestamp: int
) -> bytes:
    """Build the reply of a request that succeeded with ``data`` (JSON)."""
    raw = data if type(data) is msgspec.Raw else msgspec.Raw(data)
    reply = Reply("success", request_id, raw, None, processing_us / 1000, timestamp)
    if head is None or head.native:
        return _encode(reply)
    return _encode(_dialect(head, reply, None))


def encode_error(
    head: Head | None, request_id: RequestId, error: TacoreError, processing_us: int, timestamp: int
) -> bytes:
    """Build the reply of a request that failed; ``head`` is None where it could not be read."""
    raw = msgspec.Raw(_encode(error.as_wire()))
    reply = Reply("error", request_id, None, raw, processing_us / 1000, timestamp)
    if head is None or head.native:
        return _encode(reply)
    return _encode(_dialect(head, reply, error))


def encode_replay(
    head: Head, request_id: RequestId, outcome: bytes | TacoreError, processing_us: int, timestamp: int
) -> bytes:
    """Build the reply of a request that gets an earlier outcome; its envelope says ``replayed: true``."""
    data = error = failure = None
    if isinstance(outcome, TacoreError):
        failure, error = outcome, msgspec.Raw(_encode(outcome.as_wire()))
    else:
        data = msgspec.Raw(outcome)
    status = "success" if failure is None else "error"
    reply = ReplayedReply(status, request_id, data, error, processing_us / 1000, timestamp)
    return _encode(reply if head.native else _dialect(head, reply, failure))


def as_replay(body: bytes) -> bytes:
    """Make of a reply the one that a retry gets which came while the first was under way; errors stay."""
    fields = _decode_fields(body)
    if fields["status"] != _SUCCESS:
        return body
    return _encode({**fields, "replayed": True})


def _dialect(head: Head, reply: Reply, error: TacoreError | None) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.structs.asdict(reply)
    if head.requestId is not None:
        fields |= {"requestId": head.requestId, "success": error is None} | _execution(reply.data)
        if error is not None:
            fields |= {"errorCode": error.code, "errorMessage": error.message}
    if head.id is not msgspec.UNSET or head.jsonrpc is not msgspec.UNSET:
        fields |= {"jsonrpc": "2.0", "id": reply.request_id if head.id is msgspec.UNSET else head.id}
        if error is None:
            del fields["error"]
            fields["result"] = fields["data"]
        else:
            code = _RPC_CODES.get(error.code, RPC_SERVER_ERROR)
            fields["error"] = {"code": code, "message": error.message, "data": error.as_wire()}
    return fields


def _execution(data: msgspec.Raw | None) -> dict[str, Any]:
    """Say what became of an order; nothing where the data is not one."""
    if data is None or b'"order_id"' not in bytes(data):
        return {}
    try:
        order = _decode_order(data)
    except msgspec.MsgspecError:
        return {}
    return {
        "orderId": order.order_id,
        "executedPrice": order.average_price,
        "executedQuantity": order.filled_quantity,
        "executionTime": order.fills[-1].market_time if order.fills else None,
    }
