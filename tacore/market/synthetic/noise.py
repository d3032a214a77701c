"""Random numbers that are a function of (key, counter), so that any of them can be had without the others.

The mixer is the finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
OOPSLA 2014), run over key + counter * the golden gamma.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Reals = NDArray[np.float64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
_LAST = np.uint64(31)
_QUARTER = np.uint64(0xFFFF)
_THIRD_BITS = 21
_THIRD = np.uint64((1 << _THIRD_BITS) - 1)
_MEAN = 4 * 32767.5  # of four 16-bit numbers
_DEVIATION = float(np.sqrt(4 * (65536.0**2 - 1) / 12))


def key(*parts: str | int) -> int:
    """Give the 64-bit key of a stream, the same in every process."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


def words(keys: Words, counters: Words) -> Words:
    """Give 64 random bits for each key and counter, broadcast against each other."""
    state: Words = keys + counters * _GAMMA
    for shift, factor in _MIX:
        state ^= state >> shift
        state *= factor
    state ^= state >> _LAST
    return state


def normals(keys: Words, counters: Words) -> Reals:
    """Give nearly normal numbers (mean 0, deviation 1): the sum of a word's four quarters, so within ±3.5."""
    word = words(keys, counters)
    total: Words = word & _QUARTER
    for shift in (16, 32, 48):
        word >>= np.uint64(16)
        total += word & _QUARTER if shift < 48 else word  # noqa: PLR2004 - the last quarter needs no mask
    drawn: Reals = total.astype(np.float64)
    drawn -= _MEAN
    drawn /= _DEVIATION
    return drawn


def uniform_thirds(keys: Words, counters: Words) -> tuple[Reals, Reals, Reals]:
    """Give three independent uniform numbers in [0, 1) from each word."""
    word = words(keys, counters)
    parts: list[Any] = []
    for _ in range(3):
        parts.append((word & _THIRD).astype(np.float64) / (1 << _THIRD_BITS))
        word >>= np.uint64(_THIRD_BITS)
    return parts[0], parts[1], parts[2]


def uniform(*parts: str | int) -> float:
    """Give one uniform number in [0, 1) for a name."""
    return key(*parts) / 2**64
