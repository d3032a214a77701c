"""What msgspec finds wrong with a param, in words that are not Python's."""

import difflib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

_BOUND = re.compile(r"Expected `(\w+)` (>=|<=|>|<) (.+)")
_TYPE = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_BOUNDS: Mapping[str, str] = MappingProxyType(
    {
        ">=": "{} or more is needed",
        "<=": "{} or less is needed",
        ">": "more than {} is needed",
        "<": "less than {} is needed",
    }
)
_WANTED: Mapping[str, str] = MappingProxyType(
    {
        "int": "a whole number",
        "float": "a number",
        "decimal": "a number",
        "bool": "true or false",
        "str": "text",
        "array": "a list",
        "object": "an object",
        "null": "null",
    }
)


def plainly(what: str, value: object, kind: Any) -> dict[str, Any]:  # noqa: ANN401 - any annotation
    """Put msgspec's complaint about a value of a type into the details of one field."""
    allowed = _choices(kind)
    if allowed and what.startswith("Invalid enum value"):
        found: dict[str, Any] = {"problem": "there is no such choice", "value": value, "allowed": allowed}
        near = difflib.get_close_matches(str(value), allowed, n=1)
        return found | ({"nearest": near[0]} if near else {})
    return {"problem": _translated(what), "value": value}


def said(problem: Mapping[str, Any]) -> str:
    """Write a field's details as a part of a message."""
    text = str(problem["problem"])
    if "allowed" in problem:
        text += f"; allowed: {', '.join(problem['allowed'])}"
    return f"{text}; did you mean {problem['nearest']}?" if "nearest" in problem else text


def _translated(what: str) -> str:
    bound, types = _BOUND.fullmatch(what), _TYPE.fullmatch(what)
    if bound and bound[1] in ("int", "float", "decimal"):
        return _BOUNDS[bound[2]].format(bound[3].removesuffix(".0"))
    if types:
        wanted, got = ([_WANTED.get(each, each) for each in side.split(" | ")] for side in types.groups())
        return f"{' or '.join(each for each in wanted if each != 'null')} is needed, not {' or '.join(got)}"
    return what


def _choices(kind: Any) -> list[str]:  # noqa: ANN401 - any annotation
    """List the texts of a Literal, wherever it stands in an annotation."""
    if get_origin(kind) is Literal:
        return [str(each) for each in get_args(kind)]
    inner = getattr(kind, "__origin__", None) if hasattr(kind, "__metadata__") else None
    parts = [inner] if inner is not None else get_args(kind)
    return [each for part in parts for each in _choices(part)]
