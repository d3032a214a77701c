"""What the history on disk is known by."""

from typing import Any

import pytest

from tacore.bootstrap.features import data_fingerprint
from tacore.model.markets import parse_markets
from tacore.model.providers import parse_providers


def named(market: dict[str, Any], **providers: Any) -> str:
    settings = parse_markets({"US": market})["US"]
    return data_fingerprint(settings, parse_providers(providers, ("files", "yahoo")))


FILES: dict[str, Any] = {"provider": "files"}


@pytest.mark.parametrize(
    ("market", "providers"),
    [
        (FILES, {"files": {"path": "elsewhere"}}),
        ({"provider": "yahoo"}, {}),
        (FILES | {"synthetic": {"seed": 2}}, {}),
    ],
)
def test_history_when_settings_of_its_data_change_is_another(
    market: dict[str, Any], providers: dict[str, Any]
) -> None:
    assert named(market, **providers) != named(FILES)


@pytest.mark.parametrize(
    ("market", "providers"),
    [
        (FILES | {"replay": {"at": "2020-01-03"}}, {}),
        (FILES, {"files": {"timeout_s": 9}}),
        (FILES, {"yahoo": {"universe": ["AAPL"]}}),
    ],
)
def test_history_when_other_settings_change_is_the_same(
    market: dict[str, Any], providers: dict[str, Any]
) -> None:
    assert named(market, **providers) == named(FILES)
