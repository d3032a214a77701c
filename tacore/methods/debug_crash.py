"""debug.crash: end the worker process at once; exists only with TACORE_DEBUG_METHODS=1."""

import os
from typing import Annotated

import msgspec

from tacore.ports import Context, Method


class Params(msgspec.Struct, kw_only=True):
    """``code`` is the exit status of the process."""

    code: Annotated[int, msgspec.Meta(ge=0, le=255)] = 70


class Result(msgspec.Struct, kw_only=True):
    """Never given."""

    warnings: list[str] = []


def crash(params: Params, _context: Context) -> Result:
    """End the process with no clean-up, as a fault in native code would."""
    os._exit(params.code)


METHOD = Method(
    name="debug.crash",
    handler=crash,
    params=Params,
    result=Result,
    summary="End the worker process at once",
    debug=True,
    max_s=5.0,
    examples=({},),
)
