"""Batches as a broker would send them to a worker's session."""

import json
from typing import Any, cast

import msgspec

from tacore.ports import MarketData, Ports

PORTS = Ports(market=cast(MarketData, None))
DISPATCH_ID = 7


def batch(
    name: str,
    *bodies: dict[str, Any] | bytes,
    patience_ms: int = 5_000,
    principals: str | list[str] = "local",
) -> tuple[bytes, bytes]:
    """Build a REQUEST: its header frame, and its bodies joined by newlines."""
    blob = b"\n".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in bodies)
    head = [DISPATCH_ID, name, [patience_ms] * len(bodies), principals]
    return b"\x03" + msgspec.msgpack.encode(head), blob
