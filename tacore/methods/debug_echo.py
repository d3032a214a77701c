"""debug.echo: its params, through a worker and back; for benchmarks and checks."""

import msgspec

from tacore.ports import Context, Method


def echo(params: msgspec.Raw, _context: Context) -> msgspec.Raw:
    """Give back what came, byte for byte."""
    return params


METHOD = Method(
    name="debug.echo",
    handler=echo,
    params=msgspec.Raw,
    result=msgspec.Raw,
    summary="Answer with the params, through a worker and back",
    quick=True,
    max_s=5.0,
    examples=({"hello": "world"},),
)
