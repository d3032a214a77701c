"""The ``providers`` section, a provider's own options, and lists of providers."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from tacore.errors import ConfigurationError
from tacore.market.registry import ProviderKind, Providers, provider_kinds
from tacore.model.markets import MarketSettings, parse_markets
from tacore.model.providers import ProviderSettings, Setup, parse_providers

KNOWN = ("files", "sample", "synthetic", "yahoo")
US = MarketSettings(provider="sample")


class Options(BaseModel, extra="forbid"):
    """Options of a provider that is only here."""

    base_url: str = "https://example.com"
    universe: tuple[str, ...] = ()
    page: int = Field(default=10, ge=1)


def never(_setup: Setup) -> Any:
    raise LookupError


KIND = ProviderKind(markets=("US",), build=never, options=Options)


def test_provider_when_its_section_has_own_keys_hands_them_over_typed() -> None:
    raw = {"yahoo": {"timeout_s": 2, "universe": ["AAPL"], "page": 3}}
    setup = Providers(parse_providers(raw, KNOWN), Path("home")).setup("yahoo", KIND, "US", US)
    assert setup.provider.timeout_s == 2
    assert setup.options == Options(universe=("AAPL",), page=3)
    assert setup.market == "US"


def test_provider_when_it_has_no_section_gets_the_defaults() -> None:
    setup = Providers({}, Path("home")).setup("yahoo", KIND, "US", US)
    assert setup.options == Options()
    assert setup.provider == ProviderSettings()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"yaho": {}}, "providers.yaho.*no such provider.*did you mean yahoo"),
        ({"yahoo": {"retries": -1}}, "providers.yahoo.retries = -1.*greater than or equal to 0"),
        ({"yahoo": 5}, "providers.yahoo"),
        ([], "providers.*a mapping"),
    ],
)
def test_section_when_something_is_wrong_names_file_key_and_value(raw: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"config/trading_config.yaml: .*{said}"):
        parse_providers(raw, KNOWN)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"retrys": 1}, "providers.yahoo.retrys = 1: unknown key.*did you mean retries"),
        ({"univers": ["A"]}, "providers.yahoo.univers.*did you mean universe"),
        ({"page": 0}, "providers.yahoo.page = 0.*greater than or equal to 1"),
    ],
)
def test_options_when_something_is_wrong_name_the_key_and_the_nearest(own: Any, said: str) -> None:
    providers = Providers(parse_providers({"yahoo": own}, KNOWN), Path("home"))
    with pytest.raises(ConfigurationError, match=said):
        providers.setup("yahoo", KIND, "US", US)


def test_options_when_the_provider_has_none_are_refused() -> None:
    providers = Providers(parse_providers({"sample": {"path": "x"}}, KNOWN), Path("home"))
    with pytest.raises(ConfigurationError, match=r"providers.sample.path"):
        providers.setup("sample", provider_kinds("US", US)["sample"], "US", US)


def test_market_when_it_names_one_provider_or_several_has_a_list() -> None:
    found = parse_markets({"US": {"provider": "sample"}, "CN": {"provider": ["files", "synthetic"]}})
    assert found["US"].provider == ("sample",)
    assert found["CN"].provider == ("files", "synthetic")


@pytest.mark.parametrize("wrong", [[], ["sample", "sample"], 5, [1]])
def test_market_when_its_list_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match=r"markets.US.provider"):
        parse_markets({"US": {"provider": wrong}})
