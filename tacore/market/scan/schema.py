"""Criteria as JSON Schema: for describe, completion and the command line's checks."""

from typing import Any

from tacore.market.features.catalogue import FEATURES, SPELLINGS
from tacore.market.scan.criteria import COMPARISONS, CROSSES, GROUPS

_NUMBER = {"type": "number"}


def criteria_schema(at: str) -> dict[str, Any]:
    """Describe criteria; ``at`` is where the schema will stand, for its parts refer to each other."""

    def ref(name: str) -> dict[str, str]:
        return {"$ref": f"{at}/$defs/{name}"}

    properties: dict[str, Any] = {}
    for name in (*FEATURES, *SPELLINGS):
        meaning = FEATURES[SPELLINGS.get(name, name)].meaning
        properties |= {f"min_{name}": _NUMBER, f"max_{name}": _NUMBER, f"{name}_range": ref("range")}
        properties[name] = {"allOf": [ref("operators")], "description": meaning}
    for group in GROUPS:
        properties[group] = {"type": "array", "items": {"type": "object"}, "minItems": 1}
    return {
        "properties": properties,
        "additionalProperties": False,
        "$defs": {
            "pair": {
                "type": "array",
                "items": {"anyOf": [_NUMBER, {"type": "null"}]},
                "minItems": 2,
                "maxItems": 2,
            },
            "ends": _object({"min": _NUMBER, "max": _NUMBER}),
            "range": {"anyOf": [ref("pair"), ref("ends")]},
            "operand": {"anyOf": [_NUMBER, {"type": "string", "enum": [*FEATURES, *SPELLINGS]}]},
            "operators": _object(
                {
                    **dict.fromkeys((*COMPARISONS, *CROSSES), ref("operand")),
                    "between": ref("range"),
                    "in": {"type": "array", "items": _NUMBER},
                }
            ),
        },
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}
