"""Params from a command line: what was typed, checked and coerced by the method's schema."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tacore.cli.coercion import Schema, alternatives, coerce, guess, is_flag, load
from tacore.cli.exits import Usage

_ASSIGNED = re.compile(r"([A-Za-z_][\w.-]*)(:=|=)(.*)\Z", re.DOTALL)
_NEGATIVE = re.compile(r"-[0-9.]")


class Typed(NamedTuple):
    """One param as it was typed.

    ``kind`` is option, text (key=text), json (key:=json), flag (--key alone) or one (the singular of a list).
    """

    key: str
    kind: str
    text: str


class Method(NamedTuple):
    """What the catalogue says of a method, as far as params need it; an open schema takes anything."""

    name: str
    schema: Schema
    renames: Mapping[str, str]


def read_words(words: Sequence[str]) -> list[Typed]:
    """Read ``--key value``, ``--key=value``, ``--key``, ``key=text`` and ``key:=json``."""
    found: list[Typed] = []
    left = list(words)
    while left:
        word = left.pop(0)
        assigned = _ASSIGNED.match(word)
        if word.startswith("--") and len(word) > 2:  # noqa: PLR2004  longer than the dashes
            key, equals, text = word[2:].partition("=")
            if equals:
                found.append(Typed(_spelled(key), "option", text))
            elif left and not _is_option(left[0]):
                found.append(Typed(_spelled(key), "option", left.pop(0)))
            else:
                found.append(Typed(_spelled(key), "flag", ""))
        elif assigned:
            key, sign, text = assigned.groups()
            found.append(Typed(_spelled(key), "json" if sign == ":=" else "text", text))
        else:
            raise Usage(f"{word!r} is no param: write --key value, key=text or key:=json")
    return found


def is_param(word: str) -> bool:
    """Tell whether a word is a param or an option, and so no file name."""
    return (word.startswith("-") and word != "-") or _ASSIGNED.match(word) is not None


def build(typed: Sequence[Typed], given: Mapping[str, Any], method: Method | None) -> dict[str, Any]:
    """Make the params; what was typed by key goes before ``given`` (--params).

    Without a method nothing is known of the params: values are guessed.
    """
    for key in given:
        _locate(key, method)
    params: dict[str, Any] = {}
    for word in typed:
        each = _in_plural(word, method)
        schema = _locate(each.key, method)
        _place(params, each.key, _value(each, schema, method))
    return _merged(given, params)


def _is_option(word: str) -> bool:
    if word == "-" or _NEGATIVE.match(word):
        return False
    assigned = _ASSIGNED.match(word)
    return word.startswith("-") or (assigned is not None and assigned.group(2) == ":=")


def _spelled(key: str) -> str:
    first, dot, rest = key.partition(".")
    return first.replace("-", "_") + dot + rest


def _in_plural(typed: Typed, method: Method | None) -> Typed:
    """Take the singular of a list's name for a list of one: --symbol for symbols."""
    plural = f"{typed.key}s"
    if method is None or typed.kind not in ("option", "text") or typed.key in method.renames:
        return typed
    names = list(field_names(method))
    if typed.key in names or plural not in names or "." in typed.key:
        return typed
    listed = any(each.get("type") == "array" for each in alternatives(_locate(plural, method), method.schema))
    return Typed(plural, "one", typed.text) if listed else typed


def _value(each: Typed, schema: Schema, method: Method | None) -> Any:  # noqa: ANN401  any JSON value
    if each.kind == "text":
        return each.text
    if each.kind == "one":
        return [each.text]
    if each.kind == "json":
        try:
            return load(each.text)
        except ValueError as error:
            raise Usage(f"{each.key}:= wants JSON: {error}") from error
    root = method.schema if method is not None else {}
    if each.kind == "flag":
        if not is_flag(schema, root):
            raise Usage(f"--{each.key} needs a value")
        return True
    return coerce(each.key, each.text, schema, root) if method is not None else guess(each.text)


def _locate(key: str, method: Method | None) -> Schema:
    """Find the schema of a dotted key; Usage names the nearest one where the method has no such param."""
    if method is None:
        return {}
    first, *rest = key.split(".")
    path = [method.renames.get(first, first), *rest]
    schema: Schema = method.schema
    for depth, name in enumerate(path):
        schema = _field(name, schema, method, ".".join(path[:depth]))
    return schema


def _field(name: str, schema: Schema, method: Method, inside: str) -> Schema:
    known: dict[str, Schema] = {}
    for option in alternatives(schema, method.schema):
        if not option or option.get("type", "object") != "object":
            continue
        known |= option.get("properties", {})
        extra = option.get("additionalProperties", "properties" not in option)
        if name not in known and extra is not False:
            return extra if isinstance(extra, Mapping) else {}
    if name in known:
        return known[name]
    if not known:
        if all(not option for option in alternatives(schema, method.schema)):
            return {}
        if not inside:
            raise Usage(f"{method.name} has no params: {name} means nothing to it")
        raise Usage(f"{inside} has no fields, so {inside}.{name} means nothing")
    raise Usage(_unknown(name, known, method, inside))


def _unknown(name: str, known: Mapping[str, Schema], method: Method, inside: str) -> str:
    names = [*known, *(method.renames if not inside else ())]
    prefix = f"{inside}." if inside else ""
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    advice = f"did you mean {prefix}{near[0]}?" if near else f"it has {', '.join(sorted(known))}"
    return f"{method.name} has no param {prefix}{name}: {advice}"


def _place(params: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401  any JSON value
    *path, last = key.split(".")
    for name in path:
        params = params.setdefault(name, {})
        if not isinstance(params, dict):
            raise Usage(f"{name} is given as a value and as {key}")
    if last not in params:
        params[last] = value
    elif isinstance(params[last], list) and isinstance(value, list):
        params[last] = params[last] + value
    else:
        raise Usage(f"{key} is given twice")


def _merged(given: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(given)
    for key, value in typed.items():
        old = made.get(key)
        made[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return made


def field_names(method: Method) -> Iterator[str]:
    """List the params by the names that the schema has."""
    for option in alternatives(method.schema, method.schema):
        yield from option.get("properties", {})
