"""What methods there are, as the running service tells it."""

from collections.abc import Mapping
from typing import Any

from tacore.cli.coercion import Schema, alternatives
from tacore.cli.numbers import dump
from tacore.cli.params import Method
from tacore.client.sync import Client
from tacore.errors import NotFound, UnknownMethod

DESCRIBE = "describe.methods"


def fetch(client: Client, name: str) -> dict[str, Any]:
    """Ask for one method, by its name or an alias of it; UnknownMethod or NotFound where there is none."""
    found = client.call(DESCRIBE, {"method": name})["methods"]
    if not found:
        raise UnknownMethod(f"Unsupported method: {name}")
    described: dict[str, Any] = found[0]
    return described


def find(client: Client, name: str) -> Method | None:
    """Give what params need to know of a method; None where the catalogue lacks it: the service will say."""
    try:
        return as_method(name, fetch(client, name))
    except (UnknownMethod, NotFound):
        return None


def as_method(name: str, described: Mapping[str, Any]) -> Method:
    """Take what params need out of a description."""
    return Method(name, described.get("params_schema") or {}, described.get("renames") or {})


def param_rows(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List a method's params: name, type, default, what is allowed, other spellings and what they mean."""
    root: Schema = described.get("params_schema") or {}
    spellings: dict[str, list[str]] = {}
    for alias, name in (described.get("renames") or {}).items():
        spellings.setdefault(name, []).append(alias)
    rows = []
    for schema in alternatives(root, root):
        required = schema.get("required", ())
        for name, each in schema.get("properties", {}).items():
            row = {
                "param": name,
                "type": type_of(each, root),
                "default": "required" if name in required else _default(each),
                "allowed": allowed_of(each, root),
                "aliases": ", ".join(spellings.get(name, ())),
                "about": " ".join(str(each.get("description", "")).split()),
            }
            rows.append(row)
    return rows


def _default(schema: Schema) -> str:
    value = schema.get("default")
    return value if isinstance(value, str) else "" if value is None else dump(value)


def type_of(schema: Schema, root: Schema) -> str:
    """Name a schema's type in a word or two."""
    names = []
    for each in alternatives(schema, root):
        if each.get("type") == "array":
            names.append(f"list of {type_of(each.get('items') or {}, root)}")
        elif each.get("format") == "decimal":
            names.append("number")
        elif "enum" in each:
            names.append("choice")
        else:
            names.append({"string": "text"}.get(str(each.get("type")), str(each.get("type", "any"))))
    return " or ".join(dict.fromkeys(each for each in names if each != "null"))


def allowed_of(schema: Schema, root: Schema) -> str:
    """Say which values a schema allows, where it limits them."""
    parts = []
    for each in alternatives(schema, root):
        if "enum" in each:
            parts.append(", ".join(str(value) for value in each["enum"]))
        parts += [
            f"{words} {each[key]}"
            for key, words in (
                ("minimum", "≥"),
                ("exclusiveMinimum", ">"),
                ("maximum", "≤"),
                ("exclusiveMaximum", "<"),
                ("minItems", "items ≥"),
                ("maxItems", "items ≤"),
                ("maxLength", "letters ≤"),
            )
            if key in each
        ]
    return ", ".join(parts)
