"""The request and reply of clients: one JSON object in one frame.

`read_head` decodes what the broker routes by and refuses what must never reach a worker; the params stay raw.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from tacore.errors import RequestInvalid

RequestId = str | int
RAW_EMPTY = msgspec.Raw(b"{}")


class Head(msgspec.Struct, gc=False, frozen=True):
    """A request but for its params, which stay undecoded.

    ``requestId`` and ``id``/``jsonrpc`` are the dialects' keys; the reply speaks the dialect of its request.
    ``timeout_ms`` is the client's patience, ``attempt`` counts its tries from 1. ``id_assigned`` is the
    broker's word that the client gave no id, so that nothing tells its retry from another request.
    """

    method: str = ""
    request_id: RequestId | None = None
    params: msgspec.Raw = RAW_EMPTY
    timeout_ms: float | None = None
    attempt: int | None = None
    idempotency_key: str | None = None
    requestId: RequestId | None = None
    id: RequestId | msgspec.UnsetType | None = msgspec.UNSET
    jsonrpc: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    id_assigned: bool = False

    @property
    def native(self) -> bool:
        """Tell whether the request uses no dialect."""
        return self.requestId is None and self.id is msgspec.UNSET and self.jsonrpc is msgspec.UNSET

    @property
    def canonical_id(self) -> RequestId | None:
        """Give the id by which the request is known: request_id, else requestId, else id."""
        if self.request_id is not None:
            return self.request_id
        if self.requestId is not None:
            return self.requestId
        return None if self.id is msgspec.UNSET else self.id


decode_head = msgspec.json.Decoder(Head).decode
_decode_any = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_id: Callable[[msgspec.Raw], RequestId | None] = msgspec.json.Decoder(RequestId | None).decode
_SALVAGED: dict[str, Callable[[msgspec.Raw], Any]] = {
    "method": msgspec.json.Decoder(str).decode,
    "request_id": _decode_id,
    "requestId": _decode_id,
    "id": _decode_id,
    "jsonrpc": msgspec.json.Decoder(msgspec.Raw).decode,
}
# Possessive, and an unterminated string runs to the end: linear in any input.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z|\\\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SQUARE = bytes.maketrans(b"{}", b"[]")


def is_deeper(body: bytes, levels: int) -> bool:
    """Tell whether JSON nests deeper than ``levels``; malformed input may say either."""
    if body.count(b"[") + body.count(b"{") <= levels:
        return False
    brackets = _STRING.sub(b"", body).translate(_SQUARE, _NOT_BRACKETS)
    for _ in range(levels):
        if not brackets:
            break
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def read_head(body: bytes, max_bytes: int, max_depth: int) -> Head:
    """Decode a client's frame; RequestInvalid says what is wrong with it and what is allowed."""
    if len(body) > max_bytes:
        raise RequestInvalid(
            f"the request is too large: {len(body)} bytes, at most {max_bytes} are allowed",
            details={"size": len(body), "allowed": max_bytes},
        )
    try:
        if not body.isascii():
            body.decode()
        head = decode_head(body)
    except UnicodeDecodeError as error:
        raise RequestInvalid("the request is not UTF-8", details={"byte": error.start}) from error
    except msgspec.ValidationError as error:
        raise RequestInvalid(_explain(body, str(error)), details=_field(str(error))) from error
    except msgspec.DecodeError as error:
        raise RequestInvalid(f"the request is not JSON: {error}") from error
    except RecursionError as error:
        raise _too_deep(max_depth) from error
    if len(body) > 2 * max_depth and is_deeper(body, max_depth):  # a level has two brackets
        raise _too_deep(max_depth)
    if not head.method:
        raise RequestInvalid("the request names no method", details={"method": "missing: a string"})
    return head


def salvage_head(body: bytes) -> Head | None:
    """Read what still can be read of a request that `read_head` refused: its ids, so its dialect, and method.

    None where it is no JSON object in UTF-8.
    """
    try:
        fields = _decode_any(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    found: dict[str, Any] = {}
    for key, decode in _SALVAGED.items():
        try:
            found[key] = decode(fields[key])
        except (KeyError, msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return Head(**found)


def with_request_id(body: bytes, request_id: str) -> bytes:
    """Put an assigned id into a request that has none; every other byte of its values stays."""
    fields = _decode_any(body)
    fields["request_id"] = msgspec.Raw(msgspec.json.encode(request_id))
    fields["id_assigned"] = msgspec.Raw(b"true")
    return msgspec.json.encode(fields)


def _too_deep(levels: int) -> RequestInvalid:
    return RequestInvalid(
        f"the request is nested too deep: at most {levels} levels are allowed", details={"allowed": levels}
    )


def _explain(body: bytes, message: str) -> str:
    if "`object`" in message and message.startswith("Expected `object`") and "$" not in message:
        return f"the request must be a JSON object: {message}"
    return f"the request's envelope is wrong: {message}"


def _field(message: str) -> dict[str, Any]:
    found = re.search(r"`\$\.(\w+)`", message)
    return {found.group(1): message.partition(" - at ")[0]} if found else {}
