"""Numbers as they came, and JSON that writes them so."""

import json
import re
from collections.abc import Mapping
from typing import Any

_text = json.encoder.encode_basestring
_FRACTION = re.compile(r"-?([0-9]+)\.([0-9]+)\Z")
DIGITS, PLACES, PLACES_OF_LARGE = 8, 4, 2
SMALL, LARGE = 0.01, 10_000


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


def shortened(text: str) -> str:
    """Write a number for a person: with more than eight digits it keeps four places, two from 10,000 on.

    Below 0.01 it keeps four digits instead.
    """
    found = _FRACTION.match(text)
    if found is None or len(found[2]) <= PLACES or len((found[1] + found[2]).lstrip("0")) <= DIGITS:
        return text
    value = float(text)
    if abs(value) < SMALL:
        return f"{value:.{PLACES}g}"
    return f"{value:.{PLACES if abs(value) < LARGE else PLACES_OF_LARGE}f}"


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


def read_exact(text: str | bytes) -> Any:  # noqa: ANN401  any JSON value
    """Read JSON so that it is written with the same digits; for showing, not for sending."""
    return json.loads(text, parse_float=Exact)


def dump_indented(value: Any, margin: str = "") -> str:  # noqa: ANN401  any JSON value
    """Write JSON for reading, each number as it came."""
    inner = margin + "  "
    if isinstance(value, Mapping) and value:
        fields = [f"{inner}{_text(str(key))}: {dump_indented(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(fields) + f"\n{margin}}}"
    if isinstance(value, list | tuple) and value:
        return "[\n" + ",\n".join([inner + dump_indented(each, inner) for each in value]) + f"\n{margin}]"
    return dump(value)
