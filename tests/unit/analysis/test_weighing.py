"""The rule from votes to a signal, by hand; and what the tables of rules must keep."""

from collections.abc import Sequence

import pytest

from tacore.analysis import fundamental, own_risk, technical_rules
from tacore.analysis.indicators import NEEDS
from tacore.analysis.weighing import Rule, Values, weigh


def rule(name: str, weight: float, group: str = "one") -> Rule:
    return Rule(
        name,
        group,
        weight,
        (name,),
        lambda value: value,
        ((-1, -1), (1, 1)),
        name + " is up {value:.1f}",
        "down",
    )


RULES = (rule("a", 60), rule("b", 30), rule("c", 10, "two"))


@pytest.mark.parametrize(
    ("values", "score", "signal", "confidence"),
    [
        # all for: the far end of buying, no conflict
        ({"a": 1, "b": 1, "c": 1}, 100, "buy", 1.0),
        # 60 - 15 + 0 of 100: distance 25/80, conflict 15/75
        ({"a": 1, "b": -0.5, "c": 0}, 45, "buy", (0.5 + 0.5 * 25 / 80) * (1 - 15 / 75)),
        # without a, 30 - 10 of 40: beyond the threshold by 30/80, conflict 10/40, coverage 0.4
        ({"b": 1, "c": -1}, 50, "buy", 0.4 * (0.5 + 0.5 * 30 / 80) * (1 - 10 / 40)),
        # at the threshold
        ({"a": 0, "b": 1, "c": -1}, 20, "buy", 0.5 * (1 - 10 / 40)),
        # just within
        ({"a": 0, "b": 0.6, "c": 0.1}, 19, "hold", 0.5 + 0.5 * 1 / 20),
        # nothing speaks either way: a sure hold
        ({"a": 0, "b": 0, "c": 0}, 0, "hold", 1.0),
        ({"a": -1, "b": -1, "c": 0}, -90, "sell", 0.5 + 0.5 * 70 / 80),
        # no values, no confidence
        ({}, 0, "hold", 0.0),
    ],
)
def test_weighing_when_votes_are_known_follows_the_formula(
    values: Values, score: float, signal: str, confidence: float
) -> None:
    found = weigh(RULES, values, "today")
    assert found.score == pytest.approx(score)
    assert found.signal == signal
    assert found.confidence == pytest.approx(confidence)


def test_evidence_when_it_speaks_has_its_side_words_weight_and_points() -> None:
    found = weigh(RULES, {"a": 0.5, "b": -1.0, "c": 0.01}, "today")
    told = [(each.side, each.what, each.value, each.bar, each.weight, each.points) for each in found.evidence]
    assert told == [
        ("for", "a is up 0.5", 0.5, "today", 60, 30),
        ("against", "down", -1.0, "today", 30, -30),
    ]
    assert found.groups == {"one": 0.0, "two": pytest.approx(1.0)}


def test_reasons_when_the_signal_has_a_side_begin_with_it() -> None:
    found = weigh(RULES, {"a": 0.6, "b": -1.0, "c": 1.0}, "today")
    assert found.signal == "hold"
    found = weigh(RULES, {"a": 0.9, "b": -1.0, "c": 1.0}, "today")
    assert [each[:1] for each in found.reasons()] == ["a", "c", "d"]


TABLES = {
    "technical": technical_rules.RULES,
    "fundamental": fundamental.RULES,
    "risk": own_risk.RULES,
}


@pytest.mark.parametrize("rules", TABLES.values(), ids=TABLES)
def test_rules_when_put_together_weigh_a_hundred_and_their_curves_rise_in_value(
    rules: Sequence[Rule],
) -> None:
    assert sum(each.weight for each in rules) == 100
    assert len({each.name for each in rules}) == len(rules)
    for each in rules:
        values, votes = zip(*each.curve, strict=True)
        assert list(values) == sorted(set(values))
        assert all(-1 <= vote <= 1 for vote in votes)


def test_technical_rules_when_they_ask_for_values_ask_for_what_there_is() -> None:
    given = {*NEEDS, *(f"{name}_before" for name in ("sma_50", "sma_200", "macd", "macd_signal"))}
    given |= {"close", "close_before", "support", "resistance", "pattern_lean"}
    assert {name for each in technical_rules.RULES for name in each.inputs} <= given
    assert {each.group for each in technical_rules.RULES} == set(technical_rules.GROUPS)


@pytest.mark.parametrize(
    ("name", "values", "points"),
    [
        (
            "sma_50_crosses_sma_200",
            {"sma_50": 11, "sma_200": 10, "sma_50_before": 9, "sma_200_before": 10},
            4,
        ),
        (
            "sma_50_crosses_sma_200",
            {"sma_50": 9, "sma_200": 10, "sma_50_before": 10, "sma_200_before": 10},
            -4,
        ),
        (
            "sma_50_crosses_sma_200",
            {"sma_50": 11, "sma_200": 10, "sma_50_before": 12, "sma_200_before": 9},
            None,
        ),
        ("directional_movement", {"adx_14": 27.5, "plus_di_14": 30, "minus_di_14": 10}, 5),
        ("directional_movement", {"adx_14": 40, "plus_di_14": 10, "minus_di_14": 30}, -10),
        ("directional_movement", {"adx_14": 12, "plus_di_14": 10, "minus_di_14": 30}, None),
        ("rsi", {"rsi_14": 20}, 4),
        ("rsi", {"rsi_14": 95}, -8),
        ("rsi", {"rsi_14": 50}, None),
        ("price_vs_sma_200", {"close": 109, "sma_200": 100, "atr_14": 3}, 4),
        ("price_vs_sma_200", {"close": 109, "sma_200": 100, "atr_14": 0}, None),
        ("roc", {"roc_10": -20, "close": 80, "atr_14": 10}, -3),
        ("macd_histogram", {"macd_histogram": 0.3, "atr_14": 2}, 2),
        ("volume_surge", {"relative_volume_20": 3.0, "close": 9, "close_before": 10}, -4),
        ("volume_surge", {"relative_volume_20": 3.0, "close": 10, "close_before": 10}, None),
        ("between_levels", {"close": 101, "support": 100, "resistance": 108}, 2),
        ("bollinger", {"bollinger_percent_b": 1.25}, -8),
        ("candlesticks", {"pattern_lean": -0.5}, -3),
    ],
)
def test_technical_rule_when_its_values_are_known_gives_its_points(
    name: str, values: Values, points: float | None
) -> None:
    (one,) = [each for each in technical_rules.RULES if each.name == name]
    evidence = weigh([one], values, "today").evidence
    assert [each.points for each in evidence] == ([] if points is None else [pytest.approx(points)])
