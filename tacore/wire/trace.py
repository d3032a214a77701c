"""What a journal row says of its request's way: which workers had it, and what took how long there."""

import msgspec


class Try(msgspec.Struct, omit_defaults=True, gc=False, frozen=True):
    """A worker that had the request, or, without ``worker_id``, a retry of the client's that joined it.

    Times are microseconds since the broker got the request: ``at_us`` when it was sent to the worker (or the
    retry came), ``until_us`` when the worker answered or was ``lost``, which says why.
    """

    at_us: int
    worker_id: str | None = None
    until_us: int | None = None
    lost: str | None = None


class Step(msgspec.Struct, omit_defaults=True, gc=False, frozen=True):
    """A part of the processing: ``us`` microseconds, from ``at_us`` after its start.

    ``depth`` counts the steps around it; ``note`` says more, ``failed`` which error ended it.
    """

    name: str
    at_us: int
    us: int
    depth: int = 0
    note: str | None = None
    failed: str | None = None


encode_trace = msgspec.json.Encoder().encode
decode_tries = msgspec.json.Decoder(list[Try]).decode
decode_steps = msgspec.json.Decoder(list[Step]).decode
