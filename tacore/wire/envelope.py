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
    ``timeout_ms`` is the client's patience, ``attempt`` counts its tries from 1.
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
_decode_id: Callable[[msgspec.Raw], RequestId] = msgspec.json.Decoder(RequestId).decode
# Possessive, and an unterminated string runs to the end: linear in any input.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z|\\\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def is_deeper(body: bytes, levels: int) -> bool:
    """Tell whether JSON nests deeper than ``levels``; malformed input may say either."""
    if body.count(b"[") + body.count(b"{") <= levels:
        return False
    brackets = _STRING.sub(b"", body).translate(None, _NOT_BRACKETS)
    for _ in range(levels):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return False
    return True


def read_head(body: bytes, max_bytes: int, max_depth: int) -> Head:
    """Decode a client's frame; RequestInvalid says what is wrong with it and what is allowed."""
    if len(body) > max_bytes:
        raise RequestInvalid(
            f"the request is too large: {len(body)} bytes, at most {max_bytes} are allowed",
            details={"size": len(body), "allowed": max_bytes},
        )
    if len(body) > max_depth and is_deeper(body, max_depth):
        raise RequestInvalid(
            f"the request is nested too deep: at most {max_depth} levels are allowed",
            details={"allowed": max_depth},
        )
    try:
        if not body.isascii():
            body.decode()
        head = decode_head(body)
    except UnicodeDecodeError as error:
        raise RequestInvalid("the request is not UTF-8", details={"byte": error.start}) from error
    except msgspec.ValidationError as error:
        raise RequestInvalid(_explain(body, str(error)), details=_field(str(error))) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise RequestInvalid(f"the request is not JSON: {error}") from error
    if not head.method:
        raise RequestInvalid("the request names no method", details={"method": "missing: a string"})
    return head


def find_id(body: bytes) -> RequestId | None:
    """Find the id of a request that `read_head` refused, where it still can be read."""
    try:
        fields = _decode_any(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    for key in ("request_id", "requestId", "id"):
        try:
            return _decode_id(fields[key])
        except (KeyError, msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return None


def with_request_id(body: bytes, request_id: str) -> bytes:
    """Put an assigned id into a request that has none; every other byte of its values stays."""
    fields = _decode_any(body)
    fields["request_id"] = msgspec.Raw(msgspec.json.encode(request_id))
    return msgspec.json.encode(fields)


def _explain(body: bytes, message: str) -> str:
    if "`object`" in message and message.startswith("Expected `object`") and "$" not in message:
        return f"the request must be a JSON object: {message}"
    return f"the request's envelope is wrong: {message}"


def _field(message: str) -> dict[str, Any]:
    found = re.search(r"`\$\.(\w+)`", message)
    return {found.group(1): message.partition(" - at ")[0]} if found else {}
