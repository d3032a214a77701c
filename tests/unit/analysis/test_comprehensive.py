"""Parts put together: by the formula, with what they disagree on."""

import pytest

from tacore.analysis.answer import Signal
from tacore.analysis.comprehensive import combine, parts
from tacore.analysis.weighing import Weighed


def part(score: float, signal: Signal, confidence: float = 0.8) -> Weighed:
    return Weighed(score, signal, confidence, 1.0, [], {})


def test_combination_when_the_parts_agree_is_as_sure_as_they_are() -> None:
    found = combine({"technical": part(40, "buy"), "fundamental": part(60, "buy"), "risk": part(30, "buy")})
    assert found.score == pytest.approx((50 * 40 + 35 * 60 + 15 * 30) / 100)
    assert (found.signal, found.disagreements) == ("buy", [])
    assert found.confidence == pytest.approx(0.8)


def test_combination_when_the_parts_disagree_says_so_and_is_less_sure() -> None:
    found = combine(
        {"technical": part(60, "buy"), "fundamental": part(-40, "sell"), "risk": part(-5, "hold")}
    )
    assert found.disagreements == [
        "technical says buy (+60), fundamental says sell (-40)",
        "technical says buy (+60), risk says hold (-5)",
        "fundamental says sell (-40), risk says hold (-5)",
    ]
    # agreement 1 - (1 + 0.5 + 0.5) / 3
    assert found.confidence == pytest.approx(0.8 * (0.5 + 0.5 / 3))
    assert found.score == pytest.approx((50 * 60 - 35 * 40 - 15 * 5) / 100)


def test_combination_when_a_part_is_missing_is_less_sure_by_its_share() -> None:
    found = combine({"technical": part(60, "buy"), "risk": part(0, "hold", 1.0)})
    assert found.score == pytest.approx(50 * 60 / 65)
    assert found.confidence == pytest.approx((50 * 0.8 + 15 * 1.0) / 100 * 0.75)


def test_parts_when_shown_name_those_missing() -> None:
    shown = parts({"technical": part(60, "buy")}, {"fundamental": "there are none"})
    assert (shown["technical"].status, shown["technical"].signal) == ("ok", "buy")
    assert (shown["fundamental"].status, shown["fundamental"].reason) == ("unavailable", "there are none")
