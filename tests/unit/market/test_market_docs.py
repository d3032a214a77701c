"""The documentation names every setting, param and field, and its example is what the service answers."""

import json
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from tacore.market.features.catalogue import FEATURES
from tacore.market.registry import provider_names
from tacore.market.scan.criteria import OPERATORS
from tacore.market.scan.presets import PresetSettings, ScanSettings, parse_scan
from tacore.market.timeframes import TIMEFRAMES
from tacore.methods import get_market_data, scan_market
from tacore.model.markets import MarketSettings, ReplaySettings, SyntheticSettings, parse_markets
from tests.support.markets import answer

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "market-data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "kind", [MarketSettings, ReplaySettings, SyntheticSettings, ScanSettings, PresetSettings]
)
def test_settings_when_listed_are_documented_in_docs_and_model(kind: type[BaseModel]) -> None:
    for name, field in kind.model_fields.items():
        assert name in TEXT
        assert field.description


@pytest.mark.parametrize("module", [get_market_data, scan_market])
def test_params_and_data_when_listed_are_documented(module: object) -> None:
    method = module.METHOD  # type: ignore[attr-defined]
    for name in (*method.params.__struct_fields__, *method.result.__struct_fields__, *method.renames):
        assert name in TEXT
    for example in method.examples:
        assert answer(method, example)["market"]


def test_names_when_listed_are_documented() -> None:
    for name in (*FEATURES, *OPERATORS, *parse_scan(None).presets, *TIMEFRAMES, *provider_names()):
        assert name in TEXT


def test_example_when_asked_is_the_answer() -> None:
    block = TEXT[TEXT.index('    {"market": "US"') :]
    example = json.loads(block[: block.index("\n\n")])
    data = answer(get_market_data.METHOD, {"symbols": "AAPL,TSLA", "limit": 1, "market": "US"})
    data["bars_shown"] = example["bars_shown"]
    assert data == example


def test_configuration_when_shipped_is_valid() -> None:
    raw = yaml.safe_load((ROOT / "config" / "trading_config.yaml").read_text(encoding="utf-8"))
    assert set(parse_markets(raw["markets"])) == {"US", "CN", "HK", "CRYPTO", "SIM"}
