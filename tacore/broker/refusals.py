"""The errors that the broker answers with, each saying what, why and what to do."""

import difflib
from collections.abc import Iterable
from typing import Any

from tacore.broker.limits import Limits
from tacore.broker.state import Entry, MethodState
from tacore.errors import (
    DeadlineExceeded,
    OutcomeUnknown,
    Overloaded,
    RequestInvalid,
    TacoreError,
    Unavailable,
    UnknownMethod,
    WorkerLost,
)
from tacore.ports import MethodInfo

SHOWN = 100


def not_one_frame(frames: int, limits: Limits) -> RequestInvalid:
    """Refuse a message of several frames."""
    allowed = f"one JSON object in one frame (at most {limits.max_frames} frames are read)"
    return RequestInvalid(
        f"the message has {frames} frames; allowed: {allowed}", details={"frames": frames, "allowed": allowed}
    )


def unknown_method(name: str, known: Iterable[str]) -> UnknownMethod:
    """Name the methods that are spelt nearly the same."""
    near = difflib.get_close_matches(name[:SHOWN], sorted(known), n=3)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return UnknownMethod(
        f"Unsupported method: {name[:SHOWN]!r}{hint}; describe.methods lists what there is",
        details={"method": name[:SHOWN], "nearest": near},
    )


def bad_timeout(given: float, limits: Limits) -> RequestInvalid:
    """Refuse a patience that is none, or endless."""
    allowed = f"more than 0, at most {limits.max_timeout_ms:.0f}"
    return RequestInvalid(
        f"timeout_ms is {given}; allowed: {allowed}",
        details={"timeout_ms": {"value": given, "allowed": allowed}},
    )


def draining() -> Unavailable:
    """Refuse new work because the broker is about to leave."""
    return Unavailable("the broker is draining: it takes no new requests", details={"draining": True})


def queue_full(pool: str, queued: int, *, served: bool) -> Overloaded:
    """Say when to come back."""
    return Overloaded(
        f"the queue of pool {pool} is full ({queued} requests wait)",
        details={"pool": pool, "queued": queued, "retry_after_ms": 200 if served else 1000},
    )


def too_many_retries(waiting: int) -> Overloaded:
    """Refuse one more retry of a request in flight."""
    return Overloaded(
        f"{waiting} retries of this request wait already",
        details={"waiters": waiting, "retry_after_ms": 1000},
    )


def unserved(info: MethodInfo) -> Unavailable:
    """Name the command that starts workers for the method."""
    option = "" if info.pool == "fast" else f" --pool {info.pool}"
    command = f"tacore worker spawn{option}"
    return Unavailable(
        f"no worker serves {info.name}: start some with `{command}`",
        details={"method": info.name, "pool": info.pool, "start": command},
    )


def expired(info: MethodInfo, waited_ms: int, tries: int) -> TacoreError:
    """Give up a request that waited for a worker, or for another one after it had ``tries``."""
    if tries:
        return _too_late(info, "the worker that had it is lost", {"tries": tries, "waited_ms": waited_ms})
    return DeadlineExceeded(
        f"no worker was free in time: it waited {waited_ms} ms",
        details={"dispatched": False, "waited_ms": waited_ms},
    )


def leaving(why: str, info: MethodInfo, *, dispatched: bool) -> TacoreError:
    """Give up a request because the broker leaves; what ran and must not run twice has an unknown outcome."""
    kind = OutcomeUnknown if dispatched and (info.writes or not info.idempotent) else Unavailable
    return kind(why, details={"dispatched": dispatched})


def _too_late(info: MethodInfo, why: str, details: dict[str, Any]) -> TacoreError:
    """Tell that the time is over for a request that a worker had: what writes may have been done."""
    kind = OutcomeUnknown if info.writes or not info.idempotent else DeadlineExceeded
    return kind(f"no answer in time: {why}", details={"dispatched": True, **details})


def after_death(
    method: MethodState, entry: Entry, why: str, now: float, *, requeues: int, exclusive: bool
) -> TacoreError | None:
    """Judge a request whose worker died with it: None where another worker may run it.

    In an ``exclusive`` pool the successor has the same store, which tells what was done already.
    """
    details = {"dispatched": True, "tries": entry.losses, "reason": why}
    if exclusive:
        late = _too_late(method.info, f"its worker is lost: {why}", details)
        return late if entry.deadline <= now else None
    if not method.info.idempotent:
        return OutcomeUnknown(f"the worker that ran {method.info.name} is lost: {why}", details=details)
    if entry.deadline <= now:
        return DeadlineExceeded(f"no answer in time: its worker is lost: {why}", details=details)
    if entry.losses > requeues:
        return WorkerLost(f"{entry.losses} workers were lost with this request: {why}", details=details)
    return None
