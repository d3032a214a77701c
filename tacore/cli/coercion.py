"""From the text of a command line to what a method's JSON Schema wants."""

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tacore.cli.exits import Usage

Schema = Mapping[str, Any]
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}
_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "decimal": "a number",
    "boolean": "true or false",
    "object": "a JSON object",
    "array": "a list, like A,B",
}


def alternatives(schema: Schema, root: Schema) -> Iterator[Schema]:
    """Resolve references and unions into the plain schemas that a value may follow."""
    if "$ref" in schema:
        yield from alternatives(_resolve(str(schema["$ref"]), root), root)
        return
    unions = [each for key in ("anyOf", "oneOf", "allOf") for each in schema.get(key, ())]
    for each in unions:
        yield from alternatives(each, root)
    if not unions:
        yield schema


def coerce(name: str, text: str, schema: Schema, root: Schema) -> Any:  # noqa: ANN401  any JSON value
    """Turn text into a value; a symbol stays text where text is wanted; Usage says what is wanted instead."""
    options = list(alternatives(schema, root))
    for option in options:
        for allowed in (*option.get("enum", ()), *((option["const"],) if "const" in option else ())):
            if str(allowed).casefold() == text.casefold():
                return allowed
    open_ones = [option for option in options if "enum" not in option and "const" not in option]
    kinds = {_kind(option): option for option in reversed(open_ones or options)}
    if "any" in kinds:
        return guess(text)
    for kind, read in _READERS:
        if kind in kinds:
            value = read(text, kinds, root)
            if value is not _NOT:
                return value
    names = [str(each) for option in options for each in option.get("enum", ())]
    near = difflib.get_close_matches(text.casefold(), names, n=1)
    hint = f": did you mean {near[0]}?" if near else ""
    wanted = " or ".join(dict.fromkeys(_NAMES[kind] for kind in kinds if kind in _NAMES))
    raise Usage(f"{name}: {text!r} is not {wanted or 'allowed'}{hint}")


def guess(text: str) -> Any:  # noqa: ANN401  any JSON value
    """Read a value that no schema describes: JSON where it is JSON, else text."""
    try:
        return load(text)
    except ValueError:
        return text


def load(text: str) -> Any:  # noqa: ANN401  any JSON value
    """Read JSON; numbers with a fraction keep their digits."""
    return json.loads(text, parse_float=number)


def number(text: str) -> Any:  # noqa: ANN401  a float, or a Decimal where a float would change it
    """Read a number, as a float where that says the same."""
    near = float(text)
    if repr(near) == text or repr(near) == f"{text}.0":
        return near
    from decimal import Decimal  # noqa: PLC0415  2 ms that few commands need

    return Decimal(text)


def is_flag(schema: Schema, root: Schema) -> bool:
    """Tell whether true is a value for it."""
    return any(_kind(option) in ("boolean", "any") for option in alternatives(schema, root))


def _resolve(reference: str, root: Schema) -> Schema:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def _kind(schema: Schema) -> str:
    if schema.get("format") == "decimal":
        return "decimal"
    if "type" in schema:
        return str(schema["type"])
    known = (*schema.get("enum", ()), *((schema["const"],) if "const" in schema else ()))
    if known:
        return "string" if isinstance(known[0], str) else "integer"
    return "object" if "properties" in schema else "any"


_NOT = object()
Reader = Callable[[str, Mapping[str, Schema], Schema], Any]


def _object(text: str, kinds: Mapping[str, Schema], root: Schema) -> Any:  # noqa: ANN401
    if not text.lstrip().startswith("{"):
        return _NOT
    try:
        value = load(text)
    except ValueError as error:
        if "string" in kinds:
            return _NOT
        raise Usage(f"{text!r} begins like JSON and is none: {error}") from error
    return value if isinstance(value, dict) else _NOT


def _array(text: str, kinds: Mapping[str, Schema], root: Schema) -> Any:  # noqa: ANN401
    if text.lstrip().startswith("["):
        value = guess(text)
        return value if isinstance(value, list) else _NOT
    if "," not in text and "string" in kinds:
        return _NOT
    items = kinds["array"].get("items") or {}
    return [coerce("an item", each.strip(), items, root) for each in text.split(",") if each.strip()]


def _integer(text: str, kinds: Mapping[str, Schema], root: Schema) -> Any:  # noqa: ANN401
    if "string" in kinds:
        return _NOT
    if _INTEGER.match(text):
        return int(text)
    return int(float(text)) if _NUMBER.match(text) and float(text).is_integer() else _NOT


def _number(text: str, kinds: Mapping[str, Schema], root: Schema) -> Any:  # noqa: ANN401
    if "string" in kinds or not _NUMBER.match(text):
        return _NOT
    return int(text) if _INTEGER.match(text) else number(text)


def _boolean(text: str, kinds: Mapping[str, Schema], root: Schema) -> Any:  # noqa: ANN401
    return _NOT if "string" in kinds else _BOOLEANS.get(text.casefold(), _NOT)


def _null(text: str, kinds: Mapping[str, Schema], root: Schema) -> Any:  # noqa: ANN401
    return None if text == "null" and "string" not in kinds else _NOT


def _string(text: str, kinds: Mapping[str, Schema], root: Schema) -> Any:  # noqa: ANN401
    return text


_READERS: tuple[tuple[str, Reader], ...] = (
    ("object", _object),
    ("array", _array),
    ("integer", _integer),
    ("number", _number),
    ("decimal", _number),
    ("boolean", _boolean),
    ("null", _null),
    ("string", _string),
)
