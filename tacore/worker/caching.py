"""A method's answer out of the cache, or into it, with what it says of that."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from tacore.model.cached import Cached
from tacore.ports import CacheRule, Context
from tacore.steps import step
from tacore.wire.reply import encode_value

_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_texts = msgspec.json.Decoder(list[str]).decode


def answer(
    rule: CacheRule,
    handler: Callable[[Any, Context], Any],
    params: Any,  # noqa: ANN401 - the method's own struct
    context: Context,
    warnings: list[str],
) -> bytes:
    """Give a method's data as JSON; ``warnings`` are the request's own, which are no part of what is kept."""

    def compute() -> bytes:
        result = handler(params, context)
        passing = result.cached is False
        result.cached = result.cache_age_s = UNSET
        value = encode_value(result)
        if passing:
            raise _Passing(value)
        return value

    key = rule.key(params, context)
    try:
        if key is None:
            found = Cached(compute(), 0.0, hit=False)
        else:
            cache = context.ports.cache
            with step("cache") as looked:
                found = cache.get(rule.kind, key.text, key.ttl_s, compute, deadline=context.deadline)
                looked.say("hit" if found.hit else "miss")
    except _Passing as answered:
        found = Cached(answered.value, 0.0, hit=False)
    return _marked(found, warnings)


class _Passing(Exception):
    """Carries an answer past the cache, which keeps nothing of a computation that raises."""

    def __init__(self, value: bytes) -> None:
        super().__init__("not to be kept")
        self.value = value


def _marked(found: Cached, warnings: list[str]) -> bytes:
    body = _warned(found.value, warnings) if warnings else found.value
    hit = b"true" if found.hit else b"false"
    comma = b"," if len(body) > len(b"{}") else b""
    return b'%b%b"cached":%b,"cache_age_s":%.3f}' % (body[:-1], comma, hit, found.age_s)


def _warned(body: bytes, warnings: list[str]) -> bytes:
    fields = _decode_fields(body)
    said = _decode_texts(fields["warnings"]) if "warnings" in fields else []
    return encode_value({**fields, "warnings": [*said, *warnings]})
