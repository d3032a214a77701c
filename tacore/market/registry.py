"""Find providers by name: each is a file of `tacore.market.providers` with a module attribute PROVIDER."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from tacore.errors import ConfigurationError
from tacore.market import providers
from tacore.model.markets import MarketSettings
from tacore.ports import MarketDataProvider


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """What a provider's file offers: the markets it can serve and how one is built for a market.

    ``last_session`` is where history alone ends: such a provider is always a replay.
    """

    markets: tuple[str, ...]
    build: Callable[[str, MarketSettings], MarketDataProvider]
    last_session: date | None = None


def provider_names() -> list[str]:
    """List the providers there are, without importing them."""
    return [module.name for module in pkgutil.iter_modules(providers.__path__)]


def provider_kind(market: str, settings: MarketSettings) -> ProviderKind:
    """Import a market's provider; ConfigurationError names the providers or markets there are."""
    if settings.provider not in provider_names():
        raise ConfigurationError(
            f"markets.{market}.provider = {settings.provider!r}: there is no such provider; "
            f"allowed: {', '.join(provider_names())}"
        )
    kind: ProviderKind = importlib.import_module(f"{providers.__name__}.{settings.provider}").PROVIDER
    if market not in kind.markets:
        raise ConfigurationError(
            f"markets.{market}.provider = {settings.provider!r}: it does not serve {market}; "
            f"it serves {', '.join(kind.markets)}"
        )
    return kind
