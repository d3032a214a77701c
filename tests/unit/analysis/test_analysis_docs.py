"""docs/analysis.md says what the tables of rules say."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import structs

from tacore.analysis import comprehensive, fundamental, own_risk, technical_rules
from tacore.analysis.indicators import NEEDS
from tacore.analysis.weighing import BUY, Rule
from tacore.methods.analyze_stock import METHOD

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "analysis.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line[:1] == "|"
]

RULE_ROWS = [row for row in ROWS if row[0].startswith("`") and len(row) > 3]


@pytest.mark.parametrize("rules", [technical_rules.RULES, fundamental.RULES, own_risk.RULES])
def test_rule_when_it_exists_is_documented_with_its_weight_and_curve(rules: Sequence[Rule]) -> None:
    told = {row[0].split("`")[1]: (row[1], row[2], row[-1]) for row in RULE_ROWS}
    for rule in rules:
        curve = " ".join(f"{value:g}:{vote:+g}" if vote else f"{value:g}:0" for value, vote in rule.curve)
        assert told[rule.name] == (rule.group, f"{rule.weight:g}", curve)


def test_name_when_it_is_a_param_a_field_or_an_indicator_is_documented() -> None:
    fields = [each.name for each in (*structs.fields(METHOD.params), *structs.fields(METHOD.result))]
    names = {*fields, *METHOD.renames, *NEEDS}
    assert [name for name in sorted(names - {"warnings"}) if f"`{name}`" not in TEXT] == []


def test_formula_when_documented_has_the_numbers_of_the_code() -> None:
    assert f"buy from {BUY:g} on, sell from -{BUY:g} down" in TEXT
    assert ", ".join(f"{name} {weight:g}" for name, weight in comprehensive.WEIGHTS.items()) in TEXT
