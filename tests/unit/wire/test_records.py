"""Journal rows and chunks, read by another msgpack decode and by hand."""

import struct

import msgspec
import pytest

from tacore.wire.records import (
    TRUNCATED_ANSWER,
    TRUNCATED_PARAMS,
    Answers,
    Gauge,
    RowMaker,
    WorkerStatus,
    decode_rows,
    encode_chunk,
    split_chunks,
)
from tests.support.journal_columns import Row, encode_rows, rows_of

GAUGE = Gauge(5, "queue_depth", "fast", 2.0)
STATUS = WorkerStatus(1, "w", "fast", 2, "host", "ready", 0, 0, 1, 1, "v", 0.5, 9)
ANSWERS = Answers("m", None, 9, "local", [b"\x00\xff"], [2], [3], None, encode_rows([Row("1", None, 4)]))


def made(maker: RowMaker, code: str | None, params: bytes = b"PP", answer: bytes = b"AA") -> Row:
    """Make a row, in the middle of three of which the others succeeded."""
    codes = [None, code, None] if code else None
    rows = maker(["0", "1", "2"], [6, 7, 8], [b"a", params, b"c"], [b"x", answer, b"z"], codes)
    return rows_of(rows)[1]


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
    assert made(RowMaker(payloads), code) == Row("1", code, 7, *kept)


def test_rows_when_one_failed_keep_the_answers_that_the_settings_say() -> None:
    rows = rows_of(RowMaker("params")(["0", "1"], [1, 2], [b"{}"] * 2, [b"A", b"B"], [None, "denied"]))
    assert [row.answer for row in rows] == [None, b"B"]


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
    assert made(RowMaker("all", 3), None, params, answer) == Row("1", None, 7, b"123", b"123", flags)


def test_row_when_a_field_that_is_not_kept_exceeds_the_cap_has_no_flag() -> None:
    assert made(RowMaker("none", 1), None) == Row("1", None, 7)


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
    rows = RowMaker()(["a", given], [0, 0], [b"{}"] * 2, [b"{}"] * 2)
    assert msgspec.msgpack.decode(rows)[0] == ["a", kept]
    assert decode_rows(rows).request_ids == ["a", kept]


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
