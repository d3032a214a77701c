"""Latency histograms on a logarithmic scale, eight buckets an octave, as the rollups keep them.

A bucket is never wider than an eighth of its lower end, so its middle is within 6.25 % of any value inside.
The numbering is HdrHistogram's: exact up to 15, then three bits of mantissa below the leading one.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence

RELATIVE_ERROR = 1 / 16


def bucket_of(value: int) -> int:
    """Tell which bucket a value of zero or more falls into."""
    shift = value.bit_length() - 4
    return value if shift <= 0 else (shift << 3) + (value >> shift)


def middle_of(bucket: int) -> float:
    """Give the value in the middle of a bucket."""
    if bucket < 16:  # noqa: PLR2004 - below 2**4 a bucket is its value
        return float(bucket)
    shift = (bucket >> 3) - 1
    low = ((bucket & 7) | 8) << shift
    return low + ((1 << shift) - 1) / 2


def count_values(counts: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Turn pairs of value and count into counts by bucket."""
    histogram: dict[int, int] = {}
    for value, count in counts:
        shift = value.bit_length() - 4
        bucket = value if shift <= 0 else (shift << 3) + (value >> shift)
        histogram[bucket] = histogram.get(bucket, 0) + count
    return histogram


def merge(into: dict[int, int], other: Mapping[int, int]) -> None:
    """Add the counts of ``other`` to ``into``."""
    for bucket, count in other.items():
        into[bucket] = into.get(bucket, 0) + count


def merged(blobs: Iterable[bytes]) -> dict[int, int]:
    """Add up what `encode` made of several."""
    histogram: dict[int, int] = {}
    for bucket, count in struct.iter_unpack("<HI", b"".join(blobs)):
        histogram[bucket] = histogram.get(bucket, 0) + count
    return histogram


def encode(histogram: Mapping[int, int]) -> bytes:
    """Pack as little-endian pairs of uint16 bucket and uint32 count, by bucket."""
    flat = [number for pair in sorted(histogram.items()) for number in pair]
    return struct.pack("<" + "HI" * len(histogram), *flat)


def encode_large(histogram: Mapping[int, int]) -> bytes:
    """Pack as little-endian pairs of uint16 bucket and uint64 count, for what is counted for ever."""
    flat = [number for pair in sorted(histogram.items()) for number in pair]
    return struct.pack("<" + "HQ" * len(histogram), *flat)


def decode_large(blob: bytes) -> dict[int, int]:
    """Unpack what `encode_large` made."""
    return dict(struct.iter_unpack("<HQ", blob))


def below(histogram: Mapping[int, int], power: int) -> int:
    """Count the values below 2**power, exactly: the octaves' ends are buckets' ends."""
    end = bucket_of(1 << power)
    return sum(count for bucket, count in histogram.items() if bucket < end)


def decode(blob: bytes) -> dict[int, int]:
    """Unpack what `encode` made."""
    return dict(struct.iter_unpack("<HI", blob))


def quantiles(histogram: Mapping[int, int], points: Sequence[float]) -> list[float]:
    """Give the value at each point in (0, 1], by nearest rank; points ascend, no values mean zeros."""
    total = sum(histogram.values())
    found: list[float] = []
    seen = 0
    ordered = iter(sorted(histogram.items()))
    value = 0.0
    for point in points:
        rank = max(1, -int(-point * total // 1))
        while seen < rank:
            bucket, count = next(ordered, (-1, 0))
            if bucket < 0:
                break
            seen += count
            value = middle_of(bucket)
        found.append(value)
    return found
