"""Quotes and bars as the cache keeps them: JSON objects that have every digit of a Decimal."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from tacore.model import Bar, Quote


class _Row(msgspec.Struct, array_like=True, frozen=True):
    """A bar without the names of its fields, which would be half of what is kept."""

    time: datetime
    session: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    adjusted_close: Decimal
    source: str


class _Quote(msgspec.Struct, frozen=True):
    quote: Quote | None


class _Bars(msgspec.Struct, frozen=True):
    bars: list[_Row]


_encode = msgspec.json.Encoder(decimal_format="string").encode
_decode_quote = msgspec.json.Decoder(_Quote).decode
_decode_bars = msgspec.json.Decoder(_Bars).decode


def write_quote(quote: Quote | None) -> bytes:
    """Encode a quote, or that there is none."""
    return _encode(_Quote(quote))


def read_quote(value: bytes) -> Quote | None:
    """Decode what `write_quote` made; raises msgspec.MsgspecError for anything else."""
    return _decode_quote(value).quote


def write_bars(bars: Sequence[Bar]) -> bytes:
    """Encode bars."""
    return _encode(_Bars(msgspec.convert(list(bars), list[_Row], from_attributes=True)))


def read_bars(value: bytes) -> Sequence[Bar]:
    """Decode what `write_bars` made; raises msgspec.MsgspecError for anything else."""
    return msgspec.convert(_decode_bars(value).bars, list[Bar], from_attributes=True)
