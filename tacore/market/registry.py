"""Find providers by name: each is a file of `tacore.market.providers` with a module attribute PROVIDER."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tacore.errors import ConfigurationError
from tacore.market import providers
from tacore.model.markets import MarketSettings
from tacore.model.providers import ProviderSettings, Setup, option_problems
from tacore.ports import MarketDataProvider
from tacore.settings.names import TRADING_FILE
from tacore.settings.problems import refuse


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """What a provider's file offers: the markets it can serve and how one is built for a market.

    ``last_session`` is where history alone ends: such a provider is always a replay. ``options`` is the model
    of its own keys under ``providers.NAME`` in trading_config.yaml (``extra="forbid"``: a misspelt key is
    refused); ``build`` gets an instance as ``setup.options``. A ``remote`` one asks over a network: it is
    called through limiter, retries and breaker. A ``simulated`` one invents its prices.
    """

    markets: tuple[str, ...]
    build: Callable[[Setup], MarketDataProvider]
    last_session: date | None = None
    options: type[BaseModel] | None = None
    remote: bool = False
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Providers:
    """The ``providers`` section as a whole: settings by name, where they were read, and the home folder."""

    settings: Mapping[str, ProviderSettings]
    home: Path
    where: str = TRADING_FILE

    def setup(self, name: str, kind: ProviderKind, market: str, settings: MarketSettings) -> Setup:
        """Give what the provider is built from; ConfigurationError names what is wrong with its options."""
        own = self.settings.get(name, ProviderSettings())
        return Setup(market, settings, own, self.options(name, kind), self.home)

    def options(self, name: str, kind: ProviderKind) -> Any:  # noqa: ANN401 - an instance of kind.options
        """Give the provider's own options, None where it has none; ConfigurationError as for ``setup``."""
        own = self.settings.get(name, ProviderSettings())
        model = kind.options or _NoOptions
        try:
            options = model.model_validate(dict(own.options))
        except ValidationError as error:
            # Not raised from here: pydantic's own error shows values as they are, secrets included.
            problems = option_problems(error, self.where, f"providers.{name}", ProviderSettings, model)
        else:
            return options if kind.options else None
        return refuse(problems)


class _NoOptions(BaseModel, extra="forbid"):
    """The options of a provider that has none."""


def provider_names() -> list[str]:
    """List the providers there are, without importing them."""
    return [module.name for module in pkgutil.iter_modules(providers.__path__)]


def provider_kinds(market: str, settings: MarketSettings) -> dict[str, ProviderKind]:
    """Import a market's providers, the first preferred.

    Raises ConfigurationError that names the providers or markets there are, and for a list whose members must
    never stand in for each other: invented prices for real ones, or history for the present.
    """
    kinds = {name: _kind(market, name) for name in settings.provider}
    if len(kinds) > 1:
        for what, told in (
            ("real prices with invented ones", {name: kind.simulated for name, kind in kinds.items()}),
            ("live prices with old ones", {name: kind.last_session for name, kind in kinds.items()}),
        ):
            if len(set(told.values())) > 1:
                odd = ", ".join(name for name, value in told.items() if value)
                raise ConfigurationError(
                    f"markets.{market}.provider = {list(kinds)}: this would mix {what} ({odd}); "
                    "name one or the other"
                )
    return kinds


def _kind(market: str, name: str) -> ProviderKind:
    if name not in provider_names():
        raise ConfigurationError(
            f"markets.{market}.provider = {name!r}: there is no such provider; "
            f"allowed: {', '.join(provider_names())}"
        )
    kind: ProviderKind = importlib.import_module(f"{providers.__name__}.{name}").PROVIDER
    if market not in kind.markets:
        raise ConfigurationError(
            f"markets.{market}.provider = {name!r}: it does not serve {market}; "
            f"it serves {', '.join(kind.markets)}"
        )
    return kind
