"""What lies under a key of the shared level: JSON that people can read, with its version and its age."""

from datetime import UTC, datetime

import msgspec

from tacore.clock import Clock

VERSION = 1


class Entry(msgspec.Struct, frozen=True):
    """A value, a JSON object, and when it was computed (UTC)."""

    v: int
    written_at: datetime
    data: msgspec.Raw


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


def write(value: bytes, clock: Clock) -> bytes:
    """Encode a value that was computed just now."""
    return _encode(Entry(VERSION, _now(clock), msgspec.Raw(value)))


def read(stored: bytes, ttl_s: float, clock: Clock) -> tuple[bytes, float] | None:
    """Give a value and its age in seconds; None where it is too old, of another version, or no entry."""
    try:
        found = _decode(stored)
        # Another host's clock may be ahead of ours.
        age_s = max(0.0, (_now(clock) - found.written_at).total_seconds())
    except (msgspec.MsgspecError, TypeError, RecursionError):
        return None
    value = bytes(found.data).strip()
    if found.v != VERSION or age_s >= ttl_s or not value.startswith(b"{"):
        return None
    return value, age_s


def _now(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock.wall_us() / 1_000_000, UTC)
