"""What the broker tells the journal writer: a stream of length-prefixed chunks of records.

A chunk is a big-endian uint32 length and a msgpack array of records. The rows inside an `Answers` record were
encoded by the worker that made the answers; the broker passes them on unparsed.
"""

import struct
from collections.abc import Iterator, Sequence

import msgspec

TRUNCATED_PARAMS = 1
TRUNCATED_ANSWER = 2

LENGTH = struct.Struct(">I")
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1  # the integers that msgpack and SQLite both can hold


class Row(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One final answer, as its maker saw it.

    ``code`` is None for success, else the wire code of the error. ``params`` is the JSON of the request's
    params, ``answer`` the JSON of ``data`` (success) or of the ``error`` object; None where the settings say
    not to keep them; cut to the cap where ``flags`` says so (a cut text is no longer valid JSON).
    """

    request_id: str | int
    code: str | None
    processing_us: int
    params: bytes | None = None
    answer: bytes | None = None
    flags: int = 0


class Meta(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """What only the broker knows of a request.

    ``client`` is the ROUTER's routing id, ``attempts`` counts the client's tries that joined this answer,
    ``received_us`` is epoch microseconds, ``queue_us`` the time before the (last) dispatch.
    """

    client: bytes
    attempts: int
    received_us: int
    queue_us: int


class Answers(msgspec.Struct, array_like=True, tag=1, gc=False, frozen=True):
    """Final answers of one method by one worker, in order; ``metas`` and the decoded ``rows`` pair up.

    ``method`` is None where the request named none; ``worker_id`` is None for the broker's own answers;
    ``principals`` is one name for all or one for each; ``rows`` is a msgpack array of `Row`.
    """

    method: str | None
    worker_id: str | None
    answered_us: int
    principals: str | list[str]
    metas: list[Meta]
    rows: bytes


class WorkerStatus(msgspec.Struct, array_like=True, tag=2, gc=False, frozen=True):
    """A worker's state at a time; the newest per worker_id is kept.

    ``state`` is one of ready, busy, draining, dead, stopped. ``cpu_s`` and ``rss_bytes`` are its process's.
    """

    at_us: int
    worker_id: str
    pool: str
    pid: int
    host: str
    state: str
    in_flight: int
    processed: int
    started_us: int
    last_seen_us: int
    version: str
    cpu_s: float
    rss_bytes: int


class Gauge(msgspec.Struct, array_like=True, tag=3, gc=False, frozen=True):
    """A number at a time: a process's CPU or memory, a queue's depth, a cache's hit rate."""

    at_us: int
    name: str
    subject: str
    value: float


Record = Answers | WorkerStatus | Gauge

encode_rows = msgspec.msgpack.Encoder().encode
decode_rows = msgspec.msgpack.Decoder(list[Row]).decode
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Record]).decode


def encode_chunk(records: Sequence[Record]) -> bytes:
    """Encode records as one chunk, length first."""
    body = _encode(records)
    return LENGTH.pack(len(body)) + body


def split_chunks(buffer: bytearray) -> Iterator[list[Record]]:
    """Take every whole chunk off the front of ``buffer`` and decode it; a partial one stays."""
    start, size = 0, len(buffer)
    try:
        while size - start >= LENGTH.size:
            (length,) = LENGTH.unpack_from(buffer, start)
            end = start + LENGTH.size + length
            if end > size:
                break
            yield _decode(bytes(buffer[start + LENGTH.size : end]))
            start = end
    finally:
        del buffer[:start]


class RowMaker:
    """Makes rows with as much of their payload as the settings keep.

    ``payloads`` is none, params or all; ``cap_bytes`` cuts each field.
    """

    __slots__ = ("_answers", "_cap", "_params")

    def __init__(self, payloads: str = "all", cap_bytes: int = 8192) -> None:
        self._params = payloads in {"params", "all"}
        self._answers = payloads == "all"
        self._cap = cap_bytes

    def __call__(
        self, request_id: str | int, code: str | None, processing_us: int, params: bytes, answer: bytes
    ) -> Row:
        """Make a row; ``params`` and ``answer`` are JSON. An id of more than 64 bits becomes text."""
        flags = 0
        if type(request_id) is int and not _LEAST <= request_id <= _MOST:
            request_id = str(request_id)
        kept_params = params if self._params else None
        kept_answer = answer if self._answers or code is not None else None
        if kept_params is not None and len(kept_params) > self._cap:
            kept_params, flags = kept_params[: self._cap], TRUNCATED_PARAMS
        if kept_answer is not None and len(kept_answer) > self._cap:
            kept_answer, flags = kept_answer[: self._cap], flags | TRUNCATED_ANSWER
        return Row(request_id, code, processing_us, kept_params, kept_answer, flags)
