"""The ``providers`` section of the settings."""

from tacore.market.registry import Providers, provider_names
from tacore.model.providers import parse_providers
from tacore.settings.loaded import Loaded


def providers_of(loaded: Loaded) -> Providers:
    """Give the providers' settings; ConfigurationError names all that is wrong with them."""
    settings = parse_providers(loaded.trading.get("providers"), tuple(provider_names()), loaded.trading_file)
    return Providers(settings, loaded.settings.home, loaded.trading_file)
