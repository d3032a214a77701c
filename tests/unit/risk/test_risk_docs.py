"""docs/risk.md names every param, field and setting, and states the rule that is configured."""

from pathlib import Path

import msgspec
import pytest
from pydantic import BaseModel

from tacore.methods.evaluate_risk import METHOD
from tacore.model import risk
from tacore.model.risk import parse_risk
from tacore.risk.score import SCALES

TEXT = (Path(__file__).parents[3] / "docs" / "risk.md").read_text(encoding="utf-8")
SECTIONS = [
    each
    for each in vars(risk).values()
    if isinstance(each, type) and issubclass(each, BaseModel) and each.__module__ == risk.__name__
]


def test_params_and_data_when_listed_are_documented() -> None:
    fields = (each.name for kind in (METHOD.params, METHOD.result) for each in msgspec.structs.fields(kind))
    for name in (*fields, *METHOD.renames):
        assert f"`{name}`" in TEXT


@pytest.mark.parametrize("section", SECTIONS)
def test_settings_when_listed_are_documented(section: type[BaseModel]) -> None:
    for name, field in section.model_fields.items():
        assert name in TEXT
        assert field.description


def test_score_when_documented_is_the_one_that_is_shipped() -> None:
    rule = parse_risk(None).score
    for name in SCALES:
        (line,) = [
            each for each in TEXT.splitlines() if each.startswith(f"| `{name}` |") and each.count("|") == 6
        ]
        scale = getattr(rule, name)
        points, none_at, full_at = (float(cell) for cell in line.split("|")[3:6])
        assert (points, none_at, full_at) == (scale.points, scale.none_at, scale.full_at)
