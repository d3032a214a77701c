"""What a method's schema offers to somebody who types its params: names, and the values that are allowed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tacore.cli.coercion import Schema, alternatives
from tacore.cli.params import Typed


def params(described: Mapping[str, Any], current: str, typed: Sequence[Typed]) -> list[str]:
    """Give the options that continue ``current``; an object's ends in a dot, for its fields follow.

    Other spellings are offered only where no name fits; what is given already is left out, but for lists.
    """
    root: Schema = described.get("params_schema") or {}
    renames: Mapping[str, str] = described.get("renames") or {}
    *path, last = current.removeprefix("--").split(".")
    known = _fields(reach(path, root, renames), root)
    given = {".".join([renames.get(first, first), *rest]) for first, *rest in (_path(each) for each in typed)}
    names = [
        ".".join([*path, name]) + ("." if _is_object(each, root) else "")
        for name, each in known.items()
        if ".".join([*path, name]) not in given or _is_list(each, root)
    ]
    return _spelled(names, "" if path else last, renames if not path else {}, current)


def values(described: Mapping[str, Any], key: str, current: str) -> list[str]:
    """Give the values that a param may have, where the schema says; the next one of a list after a comma."""
    root: Schema = described.get("params_schema") or {}
    schema = reach(key.split("."), root, described.get("renames") or {})
    allowed = list(dict.fromkeys(_allowed(schema, root)))
    if not _is_list(schema, root):
        return allowed
    head, comma, _ = current.rpartition(",")
    there = head.split(",")
    return [head + comma + each for each in allowed if each not in there]


def reach(path: Sequence[str], root: Schema, renames: Mapping[str, str]) -> Schema:
    """Find the schema of a param; empty where there is none, or none that says anything."""
    schema: Schema = root
    for depth, name in enumerate(path):
        spelled = name if depth else name.replace("-", "_")
        fields = _fields(schema, root)
        plain = renames.get(spelled, spelled) if not depth else spelled
        schema = fields.get(plain) or (fields.get(f"{plain}s") if not depth else None) or {}
    return schema


def _spelled(names: Sequence[str], last: str, renames: Mapping[str, str], current: str) -> list[str]:
    """Write names as options, with dashes where the first of them is typed so."""
    wanted = current.removeprefix("--").replace("-", "_", last.count("-"))
    fitting = [each for each in names if each.startswith(wanted)]
    fitting = fitting or [each for each in renames if each.startswith(wanted)]
    return [f"--{each.replace('_', '-') if '-' in last else each}" for each in fitting]


def _path(typed: Typed) -> list[str]:
    return typed.key.split(".")


def _fields(schema: Schema, root: Schema) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for each in alternatives(schema, root):
        found |= each.get("properties", {})
    return found


def _is_object(schema: Schema, root: Schema) -> bool:
    """Tell whether only its fields can be typed: a range may be a list as well."""
    return bool(_fields(schema, root)) and not _is_list(schema, root)


def _is_list(schema: Schema, root: Schema) -> bool:
    return any(each.get("type") == "array" for each in alternatives(schema, root))


def _allowed(schema: Schema, root: Schema) -> Iterator[str]:
    yield from _said(schema)
    for each in alternatives(schema, root):
        if each is not schema:
            yield from _said(each)
        if each.get("type") == "boolean":
            yield from ("true", "false")
        if each.get("type") == "array":
            yield from _allowed(each.get("items") or {}, root)


def _said(schema: Schema) -> Iterator[str]:
    known = (*schema.get("enum", ()), *((schema["const"],) if "const" in schema else ()))
    yield from (str(each) for each in (known or schema.get("examples", ())) if isinstance(each, str | int))
