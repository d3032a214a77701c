"""What the broker tells the journal writer: a stream of length-prefixed chunks of records.

A chunk is a big-endian uint32 length and a msgpack array of records. The rows inside an `Answers` record were
encoded by the worker that made the answers; the broker passes them on unparsed.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec

TRUNCATED_PARAMS = 1
TRUNCATED_ANSWER = 2

LENGTH = struct.Struct(">I")
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1  # the integers that msgpack and SQLite both can hold


Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class Rows(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """Final answers as their maker saw them, in columns: a quarter of the price of objects, at both ends.

    ``codes`` are the errors' wire codes, None for a success; ``params`` the JSON of the requests' params,
    ``answers`` the JSON of ``data`` (success) or of the ``error`` object, None where the settings say not to
    keep them, cut to the cap where ``flags`` says so (a cut text is no longer valid JSON). A column is None
    where it would hold nothing: no errors, nothing kept, nothing cut. ``steps`` are JSON lists of
    `tacore.wire.trace.Step`.
    """

    request_ids: list[str | int]
    processing_us: list[Count]
    params: list[bytes | None] | None = None
    answers: list[bytes | None] | None = None
    codes: list[str | None] | None = None
    flags: list[Count] | None = None
    steps: list[bytes | None] | None = None


class Answers(msgspec.Struct, array_like=True, tag=1, gc=False, frozen=True):
    """Final answers of one method by one worker, in order; the columns and the decoded ``rows`` pair up.

    ``method`` is None where the request named none; ``worker_id`` is None for the broker's own answers;
    ``principals`` is one name for all or one for each; ``rows`` is an encoded `Rows`. Only the broker knows
    ``clients`` (the ROUTER's routing ids), ``received_us`` (epoch microseconds), ``queue_us`` (the time
    before the last dispatch), ``attempts`` (the client's tries that joined an answer; None: one each) and
    ``tries`` (JSON lists of `tacore.wire.trace.Try`, of those that had more than one worker or attempt).
    """

    method: str | None
    worker_id: str | None
    answered_us: int
    principals: str | list[str]
    clients: list[bytes]
    received_us: list[int]
    queue_us: list[int]
    attempts: list[int] | None
    rows: bytes
    tries: list[bytes | None] | None = None


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

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Record]).decode
decode_rows = msgspec.msgpack.Decoder(Rows).decode


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
    """Makes encoded rows with as much of their payload as the settings keep.

    ``payloads`` is none, params or all; ``cap_bytes`` cuts each field.
    """

    __slots__ = ("_answers", "_cap", "_params")

    def __init__(self, payloads: str = "all", cap_bytes: int = 8192) -> None:
        self._params = payloads in {"params", "all"}
        self._answers = payloads == "all"
        self._cap = cap_bytes

    def __call__(
        self,
        request_ids: list[str | int],
        processing_us: list[int],
        params: list[bytes],
        answers: list[bytes],
        codes: list[str | None] | None = None,
        steps: list[bytes | None] | None = None,
    ) -> bytes:
        """Encode rows given by columns; ``params`` and ``answers`` are JSON, ``codes`` None without errors.

        ``steps`` is None where no request has any. An id of more than 64 bits becomes text.
        """
        if int in set(map(type, request_ids)):
            request_ids = [_fitting(each) for each in request_ids]
        kept_params: list[bytes | None] | None = [*params] if self._params else None
        kept_answers: list[bytes | None] | None = [*answers] if self._answers else None
        if kept_answers is None and codes is not None:
            kept_answers = [answer if code else None for answer, code in zip(answers, codes, strict=True)]
        flags = None
        if max(map(len, params)) > self._cap or max(map(len, answers)) > self._cap:
            flags = [0] * len(request_ids)
            self._cut(kept_params, TRUNCATED_PARAMS, flags)
            self._cut(kept_answers, TRUNCATED_ANSWER, flags)
        return _encode(Rows(request_ids, processing_us, kept_params, kept_answers, codes, flags, steps))

    def _cut(self, column: list[bytes | None] | None, flag: int, flags: list[int]) -> None:
        if column is None:
            return
        for index, text in enumerate(column):
            if text is not None and len(text) > self._cap:
                column[index] = text[: self._cap]
                flags[index] |= flag


def _fitting(request_id: str | int) -> str | int:
    fits = type(request_id) is not int or _LEAST <= request_id <= _MOST
    return request_id if fits else str(request_id)
