"""Journal rows as columns and back, for tests that think in rows."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import NamedTuple

import msgspec

from tacore.wire.records import Rows, decode_rows


class Row(NamedTuple):
    """One final answer; ``code`` is None for success."""

    request_id: str | int
    code: str | None
    processing_us: int
    params: bytes | None = None
    answer: bytes | None = None
    flags: int = 0


def encode_rows(rows: Sequence[Row]) -> bytes:
    """Encode rows as a worker would send them."""
    ids, codes, times, params, answers, flags = (list(each) for each in zip(*rows, strict=True))
    return msgspec.msgpack.encode([ids, times, params, answers, codes, flags])


def rows_of(encoded: bytes) -> list[Row]:
    """Give the rows that a worker sent."""
    return list(_rows(decode_rows(encoded)))


def _rows(rows: Rows) -> Iterator[Row]:
    nothing = [None] * len(rows.request_ids)
    columns = (rows.request_ids, rows.codes or nothing, rows.processing_us, rows.params or nothing)
    for values in zip(*columns, rows.answers or nothing, rows.flags or repeat(0), strict=False):
        yield Row(*values)
