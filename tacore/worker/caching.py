"""A method's answer out of the cache, or into it, with what it says of that."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from tacore.model.cached import Cached
from tacore.ports import CacheRule, Context
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
        result.cached = result.cache_age_s = UNSET
        return encode_value(result)

    key = rule.key(params, context)
    if key is None:
        found = Cached(compute(), 0.0, hit=False)
    else:
        cache = context.ports.cache
        found = cache.get(rule.kind, key.text, key.ttl_s, compute, deadline=context.deadline)
    return _marked(found, warnings)


def _marked(found: Cached, warnings: list[str]) -> bytes:
    body = _warned(found.value, warnings) if warnings else found.value
    hit = b"true" if found.hit else b"false"
    comma = b"," if len(body) > len(b"{}") else b""
    return b'%b%b"cached":%b,"cache_age_s":%.3f}' % (body[:-1], comma, hit, found.age_s)


def _warned(body: bytes, warnings: list[str]) -> bytes:
    fields = _decode_fields(body)
    said = _decode_texts(fields["warnings"]) if "warnings" in fields else []
    return encode_value({**fields, "warnings": [*said, *warnings]})
