"""Values of the cache: what it gives, how long a kind of answer is kept, and keys that people can read."""

import hashlib
import re
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

_UNREADABLE = re.compile(r"[^\w.,/@=^+-]", re.ASCII)
_LONGEST_PART = 48
_encode = msgspec.json.Encoder(order="sorted", decimal_format="string").encode


@dataclass(frozen=True, slots=True)
class Cached:
    """A value out of the cache, a JSON object; ``hit`` is False where it was computed just now."""

    value: bytes
    age_s: float
    hit: bool


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How long answers of a kind are kept (seconds; 0 keeps none), and how many by one process."""

    ttl_open_s: float
    ttl_closed_s: float
    max_entries: int


class CacheKey(NamedTuple):
    """What an answer depends on, as a text that people can read, and how long it may be given (seconds)."""

    text: str
    ttl_s: float


class CachedAnswer(msgspec.Struct, kw_only=True):
    """What the answers of a method with a cache rule say beside their own: its result inherits from this.

    A handler sets ``cached`` to False where its answer lacks what may be there in a moment, since a provider
    could not be asked: that one is not kept.
    """

    cached: bool | UnsetType = UNSET
    cache_age_s: float | UnsetType = UNSET


def digest(value: object) -> str:
    """Give 32 hexadecimal digits that differ wherever two values do; the order of names does not count."""
    return hashlib.blake2b(_encode(value), digest_size=16).hexdigest()


def readable(*parts: str) -> str:
    """Join the parts of a key by colons, each with what people and globs would stumble over taken out.

    A part is cut where it is long: put `digest` of everything the answer depends on beside it.
    """
    return ":".join(_UNREADABLE.sub("_", part)[:_LONGEST_PART] for part in parts)
