"""docs/vendors.md names every vendor, option and reason, and its example is a configuration."""

import importlib
import re
from pathlib import Path

import pytest
import yaml

from tacore.market.providers import __name__ as providers
from tacore.market.registry import ProviderKind, Providers, provider_names
from tacore.market.vendors.faults import fault
from tacore.model.markets import parse_markets
from tacore.model.providers import parse_providers
from tests.support.vendors.serving import SERVERS

ROOT = Path(__file__).parents[4]
TEXT = (ROOT / "docs" / "vendors.md").read_text(encoding="utf-8")
SHIPPED = (ROOT / "config" / "trading_config.yaml").read_text(encoding="utf-8")
REASONS = (
    "rate_limited",
    "server_error",
    "timeout",
    "connection",
    "empty",
    "malformed",
    "unauthorized",
    "refused",
)


def kind_of(name: str) -> ProviderKind:
    kind: ProviderKind = importlib.import_module(f"{providers}.{name}").PROVIDER
    return kind


@pytest.mark.parametrize("name", SERVERS)
def test_vendor_when_listed_has_its_extra_markets_and_options(name: str) -> None:
    kind = kind_of(name)
    assert f"| `{name}` | `pip install 'tacore[{name}]'` | {' '.join(kind.markets)} |" in TEXT
    assert kind.options is not None
    for key, field in kind.options.model_fields.items():
        default = "none" if field.default in (None, ()) else f"`{field.default}`"
        assert f"| `{key}` | {default} |" in TEXT.replace("the vendor's |", "none |")
        assert field.description
        assert key in SHIPPED


@pytest.mark.parametrize("reason", REASONS)
def test_reason_when_listed_says_whether_to_retry(reason: str) -> None:
    said = "yes" if fault("yahoo", reason).retryable else "no"
    assert re.search(rf"\| `{reason}` \| {said} \|", TEXT)


def test_example_when_read_is_a_configuration() -> None:
    block = TEXT[TEXT.index("```yaml") + len("```yaml") :]
    raw = yaml.safe_load(block[: block.index("```")])
    markets = parse_markets(raw["markets"])
    configured = Providers(parse_providers(raw["providers"], tuple(provider_names())), Path("home"))
    for market, settings in markets.items():
        for name in settings.provider:
            assert configured.setup(name, kind_of(name), market, settings).options
