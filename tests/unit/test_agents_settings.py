from decimal import Decimal
from typing import get_args

import pytest

from tacore.errors import ConfigurationError
from tacore.model.agents import parse_agents
from tacore.model.jobs import ENDED, TRANSITIONS, JobState


def test_agents_when_nothing_is_configured_name_no_model_and_no_price() -> None:
    settings = parse_agents(None)

    assert (settings.model.quick, settings.model.deep, settings.prices) == ("", "", {})
    assert settings.job_limits.max_cost is None


def test_agents_when_a_price_is_written_as_a_float_keep_its_digits() -> None:
    settings = parse_agents({"prices": {"m": {"input": 0.15, "output": 0.6}}})

    assert settings.prices["m"].input == Decimal("0.15")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"engin": "x"}, ("agents.engin", "did you mean engine")),
        ({"model": {"quik": "x"}}, ("agents.model.quik", "did you mean quick")),
        ({"prices": {"m": {"input": 1, "ouput": 2}}}, ("agents.prices.m.ouput", "did you mean output")),
        ({"analysts": ["weather"]}, ("agents.analysts.0", "weather")),
        ({"limits": {"max_cost": 1}, "model": {"quick": "m"}}, ("limits.max_cost needs prices of m",)),
        ({"concurrency": 0}, ("agents.concurrency", "0")),
    ],
)
def test_agents_when_a_value_is_wrong_name_it(raw: dict[str, object], words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_agents(raw, "trading_config.yaml")

    for word in words:
        assert word in str(caught.value)


def test_states_when_a_job_has_ended_lead_only_back_to_the_queue() -> None:
    assert set(TRANSITIONS) == {"", *get_args(JobState)}
    assert set().union(*(TRANSITIONS[state] for state in ENDED)) == {"queued"}
