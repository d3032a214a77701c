"""The risk section of trading_config.yaml: what is refused, and what holds where it is missing."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tacore.errors import ConfigurationError
from tacore.model.risk import RiskSettings, parse_risk
from tacore.risk.score import level, score_parts

FILE = Path(__file__).parents[3] / "config" / "trading_config.yaml"


def shipped() -> Any:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))["risk"]


def changed(path: str, value: object) -> Any:
    raw = shipped()
    *sections, last = path.split(".")
    place = raw
    for each in sections:
        place = place[each]
    place[last] = value
    return raw


def test_section_when_missing_is_tacores_own() -> None:
    assert parse_risk(None) == parse_risk(shipped())


def test_key_when_missing_is_tacores_own() -> None:
    mine = parse_risk({"min_observations": 30, "limits": {"max_weight": None}})
    assert (mine.min_observations, mine.limits.max_weight) == (30, None)
    assert (mine.score, mine.stress) == (parse_risk(None).score, parse_risk(None).stress)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("liquidty", {}, "risk.liquidty = {}: unknown key; allowed: benchmarks"),
        ("limits.max_wait", 1, "did you mean max_weight?"),
        ("limits.max_weight", "much", "risk.limits.max_weight = 'much'"),
        ("liquidity.volume_share", 0, "risk.liquidity.volume_share = 0"),
        ("score.volatility.points", 31, "must add up to 100"),
        ("score.volatility.full_at", 0.01, "full_at must be above none_at"),
        ("score.high_from", 10, "high_from must not be below medium_from"),
        ("stress.market_down_10.market", -2, "risk.stress.market_down_10.market = -2"),
        ("stress.market_down_10.window", {"start": "2008-01-01", "end": "2008-02-01"}, "either shocks"),
        ("stress.crisis_2008.window.end", "2001-01-01", "end must lie after start"),
        ("stress.crisis_2008.window.stop", "2001-01-01", "unknown key; allowed: start, end"),
        ("stress.crisis_2008.sector", {}, "did you mean sectors?"),
        ("fx.to_usd.CNY", 0, "risk.fx.to_usd.CNY = 0"),
        ("fx.as_of", "someday", "risk.fx.as_of"),
        ("benchmarks.MOON", ["X"], "there is no market MOON"),
    ],
)
def test_section_when_wrong_is_refused_with_its_key(path: str, value: object, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_risk(changed(path, value))
    assert said in refused.value.message


def test_section_when_no_mapping_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Input should be a valid dictionary"):
        parse_risk([1])


def test_score_when_halfway_up_every_scale_is_half() -> None:
    rule = parse_risk(None).score
    middle = {
        name: (getattr(rule, name).none_at + getattr(rule, name).full_at) / 2
        for name in ("volatility", "drawdown", "concentration", "leverage", "stress")
    }
    parts = score_parts(rule, middle, 0.0)
    assert sum(parts.values()) == pytest.approx(50)
    assert sum(score_parts(rule, middle, 0.5).values()) == pytest.approx(75)
    assert sum(score_parts(rule, dict.fromkeys(middle), 0.0).values()) == pytest.approx(100)


@pytest.mark.parametrize(
    ("score", "expected"), [(0, "low"), (34.9, "low"), (35, "medium"), (64.9, "medium"), (65, "high")]
)
def test_level_when_a_threshold_is_reached_changes(score: float, expected: str) -> None:
    assert level(parse_risk(None).score, score) == expected


def test_settings_when_listed_are_described() -> None:
    assert all(field.description for field in RiskSettings.model_fields.values())
