"""docs/providers.md and the shipped configuration name every key and agree with the defaults."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tacore.market.files.columns import ADJUSTED, NUMBERS
from tacore.market.providers.files import FilesOptions
from tacore.market.registry import Providers, provider_kinds, provider_names
from tacore.model.markets import parse_markets
from tacore.model.providers import ProviderSettings, parse_providers

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
SHIPPED = (ROOT / "config" / "trading_config.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ProviderSettings.model_fields)
def test_key_of_every_provider_when_listed_has_its_default(name: str) -> None:
    field = ProviderSettings.model_fields[name]
    assert field.description
    assert f"| `{name}` | {field.default:g} |" in TEXT
    assert re.search(rf"{name}: {field.default:g}\b", SHIPPED)


def test_columns_and_options_of_files_when_listed_are_documented() -> None:
    for name in (*NUMBERS, ADJUSTED):
        assert f"`{name}`" in TEXT
    for name, field in FilesOptions.model_fields.items():
        assert f"providers.files.{name}" in TEXT
        assert field.description
    assert str(FilesOptions().path) in TEXT


def test_configuration_when_shipped_fits_every_provider() -> None:
    raw: dict[str, Any] = yaml.safe_load(SHIPPED)
    configured = Providers(parse_providers(raw["providers"], tuple(provider_names())), Path("home"))
    for market, settings in parse_markets(raw["markets"]).items():
        for name, kind in provider_kinds(market, settings).items():
            configured.setup(name, kind, market, settings)


def test_example_when_run_is_a_provider_with_options() -> None:
    code = TEXT[TEXT.index("```python") + len("```python") :]
    space: dict[str, Any] = {"__name__": "gecko"}
    exec(code[: code.index("```")], space)  # noqa: S102 - our own page
    kind = space["PROVIDER"]
    assert kind.remote
    assert kind.options().universe == ("BTC/USDT", "ETH/USDT")
