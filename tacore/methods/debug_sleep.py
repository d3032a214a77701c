"""debug.sleep: hold a worker for a while; exists only with TACORE_DEBUG_METHODS=1."""

import time
from typing import Annotated

import msgspec

from tacore.ports import Context, Method

STEP_S = 0.02


class Params(msgspec.Struct, kw_only=True):
    """How long to sleep; ``deaf`` sleeps in one piece and notices no cancellation."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.01
    deaf: bool = False


class Result(msgspec.Struct, kw_only=True):
    """How long it slept."""

    slept_s: float
    warnings: list[str] = []


def sleep(params: Params, context: Context) -> Result:
    """Sleep, and stop early when nobody waits any more."""
    until = context.clock.monotonic() + params.seconds
    while (left := until - context.clock.monotonic()) > 0:
        time.sleep(left if params.deaf else min(left, STEP_S))
        context.check()
    return Result(slept_s=params.seconds)


METHOD = Method(
    name="debug.sleep",
    handler=sleep,
    params=Params,
    result=Result,
    summary="Hold a worker for some seconds",
    debug=True,
    max_s=60.0,
    examples=({"seconds": 0.5},),
)
