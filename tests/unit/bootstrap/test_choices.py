"""What the settings have names for, in the methods' descriptions."""

from typing import Any

from tacore.bootstrap.choices import name_choices
from tacore.methods import describe, discover


def test_choices_when_configured_are_examples_of_the_params_that_take_them() -> None:
    catalogue = {name: describe(method) for name, method in discover().items()}
    name_choices(catalogue, {"market": ["US", "SIM"], "account": ["paper", "second"]})
    for method in ("scan.market", "get.market_data", "analyze.stock", "list.orders"):
        assert _param(catalogue[method].params_schema, "market")["examples"] == ["US", "SIM"]
    for method in ("execute.order", "get.positions", "cancel.all"):
        assert _param(catalogue[method].params_schema, "account")["examples"] == ["paper", "second"]
    # What a method itself says of its param stays.
    assert "price" in _param(catalogue["scan.market"].params_schema, "sort_by")["examples"]


def _param(schema: dict[str, Any], name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [
        each["properties"][name]
        for each in (schema, *schema.get("$defs", {}).values())
        if name in each.get("properties", {})
    ]
    assert found
    return found[0]
