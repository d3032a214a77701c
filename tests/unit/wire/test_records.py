"""Journal rows and chunks, read by another msgpack decode and by hand."""

import struct

import msgspec
import pytest

from tacore.wire.records import (
    TRUNCATED_ANSWER,
    TRUNCATED_PARAMS,
    Answers,
    Gauge,
    Meta,
    Row,
    RowMaker,
    WorkerStatus,
    decode_rows,
    encode_chunk,
    encode_rows,
    split_chunks,
)

GAUGE = Gauge(5, "queue_depth", "fast", 2.0)
STATUS = WorkerStatus(1, "w", "fast", 2, "host", "ready", 0, 0, 1, 1, "v", 0.5, 9)
ANSWERS = Answers("m", None, 9, "local", [Meta(b"\x00\xff", 1, 2, 3)], encode_rows([Row("1", None, 4)]))


@pytest.mark.parametrize(
    ("payloads", "code", "kept"),
    [
        ("all", None, (b"PP", b"AA")),
        ("all", "internal", (b"PP", b"AA")),
        ("params", None, (b"PP", None)),
        ("params", "internal", (b"PP", b"AA")),
        ("none", None, (None, None)),
        ("none", "internal", (None, b"AA")),
    ],
)
def test_row_when_made_keeps_what_the_settings_say_and_errors_always(
    payloads: str, code: str | None, kept: tuple[bytes | None, bytes | None]
) -> None:
    row = RowMaker(payloads)("1", code, 7, b"PP", b"AA")
    assert (row.params, row.answer, row.flags) == (*kept, 0)
    assert (row.request_id, row.code, row.processing_us) == ("1", code, 7)


@pytest.mark.parametrize(
    ("params", "answer", "flags"),
    [
        (b"123", b"123", 0),
        (b"1234", b"123", TRUNCATED_PARAMS),
        (b"123", b"1234", TRUNCATED_ANSWER),
        (b"12345", b"12345", TRUNCATED_PARAMS | TRUNCATED_ANSWER),
    ],
)
def test_row_when_a_field_exceeds_the_cap_is_cut_and_flagged(
    params: bytes, answer: bytes, flags: int
) -> None:
    row = RowMaker("all", 3)("1", None, 0, params, answer)
    assert (row.params, row.answer, row.flags) == (b"123", b"123", flags)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (2**63 - 1, 2**63 - 1),
        (2**63, str(2**63)),
        (-(2**63), -(2**63)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        ("7", "7"),
        (0, 0),
    ],
)
def test_row_when_its_id_exceeds_64_bits_holds_it_as_text(given: str | int, kept: str | int) -> None:
    row = RowMaker()(given, None, 0, b"{}", b"{}")
    assert row.request_id == kept
    assert msgspec.msgpack.decode(encode_rows([row]))[0][0] == kept
    assert decode_rows(encode_rows([row])) == [row]


def test_chunk_when_encoded_says_its_length_first() -> None:
    chunk = encode_chunk([GAUGE, STATUS])
    (length,) = struct.unpack(">I", chunk[:4])
    assert length == len(chunk) - 4
    assert msgspec.msgpack.decode(chunk[4:])[0] == [3, 5, "queue_depth", "fast", 2.0]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_chunks_when_they_come_in_pieces_are_split_whole_and_in_order(size: int) -> None:
    stream = encode_chunk([ANSWERS]) + encode_chunk([GAUGE, STATUS]) + encode_chunk([])
    buffer, found = bytearray(), []
    for start in range(0, len(stream), size):
        buffer += stream[start : start + size]
        found += list(split_chunks(buffer))
    assert found == [[ANSWERS], [GAUGE, STATUS], []]
    assert not buffer


def test_chunk_when_broken_raises_and_leaves_the_whole_ones_before_it_taken() -> None:
    buffer = bytearray(encode_chunk([GAUGE]) + struct.pack(">I", 1) + b"\xc1")
    chunks = split_chunks(buffer)
    assert next(chunks) == [GAUGE]
    with pytest.raises(msgspec.DecodeError):
        next(chunks)
    assert bytes(buffer) == struct.pack(">I", 1) + b"\xc1"
