"""The framed protocol between broker, workers and supervisors, shaped after Majordomo and Paranoid Pirate.

A message is a header frame (one kind byte, then msgpack) and, for REQUEST and REPLY, blob frames behind it. A
REQUEST's blob is its requests' bodies joined by newlines (raw newlines in JSON are white space, so the broker
replaces them first); a REPLY's blobs are the replies joined the same way, and the rows for the journal.

Each worker process has two DEALER sockets: the data socket carries READY, REQUEST and REPLY; the control
socket, on a thread of its own, carries heartbeats and orders, so that they pass while a method runs. On one
host REQUEST and REPLY may take a lane instead of the data socket (see `tacore.wire.lane`).
"""

from typing import Annotated, Any, TypeVar

import msgspec

from tacore.wire.lane import Offer

READY = b"\x01"  # worker → broker, on the data socket: here I am, these are my methods
WELCOME = b"\x02"  # broker → worker or supervisor: registered; carries the market clock
REQUEST = b"\x03"  # broker → worker: a batch
REPLY = b"\x04"  # worker → broker: its answers
HEARTBEAT = b"\x05"  # both ways, on the control socket
CANCEL = b"\x06"  # broker → worker: nobody waits for this dispatch any more
DRAIN = b"\x07"  # worker → broker: send me nothing more; supervisor: neither of mine
GOODBYE = b"\x08"  # broker → worker: you hold nothing, leave; worker → broker: I leave
REGISTER = b"\x09"  # broker → worker or supervisor: I don't know you, introduce yourself again
FLEET = b"\x0a"  # supervisor → broker: here I am, these are my slots
DIED = b"\x0b"  # supervisor → broker: this child of mine ended
SCALE = b"\x0c"  # broker → supervisor: run that many
RESTART = b"\x0d"  # broker → supervisor: stop this one in good order and start it again
KILL = b"\x0e"  # broker → supervisor: it hangs; kill it and start it again
STOP = b"\x0f"  # broker → supervisor: stop this one in good order and leave its slot empty
CLEAR = b"\x10"  # broker → worker, on the control socket: forget what you cached

DATA, CONTROL, SUPERVISOR = b"w", b"c", b"s"  # first byte of a routing id: whose socket it is


class Store(msgspec.Struct, array_like=True, frozen=True):
    """What a worker alone may write: the store's id, and the epoch in which this worker owns it."""

    id: str
    epoch: Annotated[int, msgspec.Meta(ge=1)]


class Ready(msgspec.Struct, array_like=True, frozen=True):
    """A worker introduces itself; it may hold ``credit`` batches of up to ``batch`` requests.

    A ``store`` makes its pool exclusive: one worker, whose requests all run side by side.
    """

    worker_id: str
    pool: str
    methods: list[str]
    credit: Annotated[int, msgspec.Meta(ge=1)]
    batch: Annotated[int, msgspec.Meta(ge=1)]
    host: str
    pid: int
    started_us: int
    version: str
    supervisor_id: str
    store: Store | None = None


class Welcome(msgspec.Struct, array_like=True, frozen=True):
    """The broker's answer to READY and FLEET: its version, its home, the markets' clocks, the lanes."""

    version: str
    home: str
    clock: dict[str, Any]
    lane: Offer | None = None


class Request(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Head of a batch of one method; ``patience_ms`` is what each request has left."""

    dispatch_id: int
    method: str
    patience_ms: list[int]
    principals: str | list[str]


class Answer(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Head of a batch of answers: which dispatch they answer and the time they took together."""

    dispatch_id: int
    elapsed_us: int


class CacheCounts(msgspec.Struct, array_like=True):
    """What one kind of cached answers saw in a process since it started.

    A look-up is a hit in the process's own memory, a hit in the shared level, or a miss that was computed;
    ``waits`` of the hits waited for another who computed already. ``errors`` are failed exchanges with the
    shared level, ``entries`` what the process keeps now.
    """

    process_hits: int = 0
    shared_hits: int = 0
    misses: int = 0
    waits: int = 0
    errors: int = 0
    entries: int = 0


class CacheReport(msgspec.Struct, array_like=True, frozen=True):
    """A process's cache: its counts by kind, its shared level's address ("" for none), what ails that."""

    kinds: dict[str, CacheCounts] = {}
    shared: str = ""
    trouble: str = ""


class Heartbeat(msgspec.Struct, array_like=True, frozen=True):
    """A sign of life of a worker process; ``cpu_s`` and ``rss_bytes`` are its own.

    ``wall_us`` is its host's clock as it was sent, epoch microseconds; zero where it does not say.
    """

    worker_id: str
    cpu_s: float
    rss_bytes: int
    cache: CacheReport = CacheReport()
    wall_us: int = 0


class Cancel(msgspec.Struct, array_like=True, frozen=True):
    """Names the dispatch nobody waits for."""

    dispatch_id: int


class Fleet(msgspec.Struct, array_like=True, frozen=True):
    """A supervisor introduces itself, and repeats it as its heartbeat.

    ``wanted`` is how many workers it keeps up, ``running`` names those whose process runs now.
    """

    supervisor_id: str
    pool: str
    host: str
    pid: int
    wanted: int
    version: str
    restarts: int
    gave_up: list[str]
    running: list[str] = []


class Died(msgspec.Struct, array_like=True, frozen=True):
    """A child's end; ``reason`` reads like "killed by signal 9"."""

    worker_id: str
    reason: str


class Scale(msgspec.Struct, array_like=True, frozen=True):
    """How many workers the supervisor shall keep."""

    wanted: int


class Clear(msgspec.Struct, array_like=True, frozen=True):
    """Names the kind of cached answers to forget; "" means all."""

    kind: str


class Name(msgspec.Struct, array_like=True, frozen=True):
    """Names the worker that RESTART, KILL, STOP and GOODBYE are about."""

    worker_id: str


T = TypeVar("T")
encode = msgspec.msgpack.Encoder().encode


def message(kind: bytes, payload: msgspec.Struct | None = None) -> bytes:
    """Build a header frame."""
    return kind if payload is None else kind + encode(payload)


_DECODERS: dict[type, msgspec.msgpack.Decoder[Any]] = {
    kind: msgspec.msgpack.Decoder(kind)
    for kind in (Ready, Welcome, Request, Answer, Heartbeat, Cancel, Fleet, Died, Scale, Clear, Name)
}
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode


def payload(kind: type[T], header: bytes) -> T:
    """Read a header frame's payload; msgspec.MsgspecError where it is not of that kind."""
    made: T = _DECODERS[kind].decode(memoryview(header)[1:])
    return made
