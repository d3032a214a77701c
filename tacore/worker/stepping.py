"""From what a request noted of its steps to its column in the journal."""

from tacore.steps import MOST, Steps
from tacore.wire.trace import Step, encode_trace

LEAST_US = 1_000
"""The steps of a request that succeeded sooner are not worth their room."""


def encode_steps(steps: Steps, began_ns: int, now_ns: int, *, failed: bool) -> bytes | None:
    """Take the steps of a request that began then (`time.perf_counter_ns`) as JSON, if they are kept."""
    noted, dropped = steps.take()
    if not failed and now_ns - began_ns < LEAST_US * 1_000:
        return None
    made = [
        Step(
            each.name,
            (each.start_ns - began_ns) // 1_000,
            ((each.end_ns or now_ns) - each.start_ns) // 1_000,
            each.depth,
            each.note,
            each.failed,
        )
        for each in noted
    ]
    if dropped:
        at_us = (now_ns - began_ns) // 1_000
        made.append(Step("more", at_us, 0, note=f"{dropped} steps after the first {MOST} are not kept"))
    return encode_trace(made)
