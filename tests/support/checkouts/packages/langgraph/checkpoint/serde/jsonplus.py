"""Values as bytes. JSON with messages in it; it says msgpack, as the real one does."""

import json
from typing import Any

from langchain_core.messages import CLASSES, BaseMessage

KIND = "__message__"


class JsonPlusSerializer:
    def __init__(self, *, pickle_fallback: bool = False, **_more: Any) -> None:
        self.pickle_fallback = pickle_fallback

    def dumps_typed(self, value: Any) -> tuple[str, bytes]:
        return "msgpack", json.dumps(value, default=_plain, ensure_ascii=False).encode()

    def loads_typed(self, typed: tuple[str, bytes]) -> Any:
        return json.loads(typed[1], object_hook=_whole)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseMessage):
        return {KIND: value.type, "fields": vars(value)}
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"Type is not msgpack serializable: {type(value).__name__}")


def _whole(value: dict[str, Any]) -> Any:
    return CLASSES[value[KIND]](**value["fields"]) if KIND in value else value
