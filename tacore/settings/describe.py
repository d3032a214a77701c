"""A flat list of the settings, for documentation, messages and `config show`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tacore.settings.model import Settings
from tacore.settings.names import env_name

_KINDS: dict[object, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting; ``default`` is None where the machine or the folder decides."""

    key: str
    env: str
    doc: str
    allowed: str
    default: Any
    default_text: str


@cache
def entries() -> tuple[Entry, ...]:
    """List every setting in the model's order."""
    return tuple(_walk(Settings, ""))


@cache
def by_key() -> dict[str, Entry]:
    """Index the settings by dotted key."""
    return {entry.key: entry for entry in entries()}


@cache
def sections() -> dict[str, str]:
    """Give each section's dotted name and what it is about, in the model's order."""
    return dict(_sections(Settings, ""))


def values(settings: Settings) -> dict[str, Any]:
    """Flatten settings to dotted keys and JSON-ready values."""
    return dict(_flatten(settings.model_dump(mode="json")))


def _flatten(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give the dotted key and the value of everything that is no mapping itself."""
    for name, value in nested.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _sections(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        if section := _section(field.annotation):
            yield prefix + name, (section.__doc__ or "").strip()
            yield from _sections(section, f"{prefix}{name}.")


def _walk(model: type[BaseModel], prefix: str) -> Iterator[Entry]:
    for name, field in model.model_fields.items():
        if section := _section(field.annotation):
            yield from _walk(section, f"{prefix}{name}.")
        else:
            yield _entry(prefix + name, field)


def _section(annotation: object) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _entry(key: str, field: FieldInfo) -> Entry:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    fixed = field.default_factory is None
    default = field.get_default() if fixed else None
    text = _shown(default) if fixed else str(extra["default"])
    return Entry(
        key=key,
        env=env_name(key),
        doc=field.description or "",
        allowed=str(extra.get("allowed") or _allowed(field)),
        default=str(default) if isinstance(default, Path) else default,
        default_text=text,
    )


def _allowed(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(_shown(each) for each in get_args(field.annotation))
    kind = _KINDS[field.annotation]
    low = next((each.ge for each in field.metadata if hasattr(each, "ge")), None)
    high = next((each.le for each in field.metadata if hasattr(each, "le")), None)
    return kind if low is None else f"{kind} from {low} to {high}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "(empty)" if value == "" else str(value)
