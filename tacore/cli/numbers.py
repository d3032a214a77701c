"""Numbers as they came, and JSON that writes them so."""

import json
from collections.abc import Mapping
from typing import Any

_text = json.encoder.encode_basestring


class Exact(float):
    """A float that remembers how it was written."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "Exact":
        """Read JSON's notation of a number."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__


def dump(value: Any) -> str:  # noqa: ANN401  any JSON value
    """Write JSON in one line, each number as it came."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Exact | int):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join([f"{_text(str(key))}: {dump(each)}" for key, each in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join([dump(each) for each in value]) + "]"
    return json.dumps(value, default=str)


def dump_indented(value: Any, margin: str = "") -> str:  # noqa: ANN401  any JSON value
    """Write JSON for reading, each number as it came."""
    inner = margin + "  "
    if isinstance(value, Mapping) and value:
        fields = [f"{inner}{_text(str(key))}: {dump_indented(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(fields) + f"\n{margin}}}"
    if isinstance(value, list | tuple) and value:
        return "[\n" + ",\n".join([inner + dump_indented(each, inner) for each in value]) + f"\n{margin}]"
    return dump(value)
