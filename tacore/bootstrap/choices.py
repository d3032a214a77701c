"""What the settings have names for, shown in the methods' descriptions: for completion and for forms."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tacore.ports import MethodInfo


def name_choices(catalogue: Mapping[str, MethodInfo], choices: Mapping[str, Sequence[str]]) -> None:
    """Give the params of these names (market, account) the configured ones as examples."""
    for method in catalogue.values():
        for properties in _properties(method.params_schema):
            for name in choices.keys() & properties.keys():
                if "examples" not in properties[name]:
                    properties[name] |= {"examples": list(choices[name])}


def _properties(schema: Mapping[str, Any]) -> Iterator[dict[str, dict[str, Any]]]:
    for each in (schema, *schema.get("$defs", {}).values()):
        if "properties" in each:
            yield each["properties"]
