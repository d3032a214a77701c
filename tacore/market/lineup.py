"""Build the providers of every configured market: remote ones guarded, several of one market in a chain."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tacore.clock import Clock
from tacore.market.registry import ProviderKind, Providers, provider_kinds
from tacore.model.markets import MarketSettings
from tacore.model.providers import Setup
from tacore.ports import MarketDataProvider

if TYPE_CHECKING:
    from tacore.market.guard import Guard


def open_providers(
    settings: Mapping[str, MarketSettings], configured: Providers, clock: Clock
) -> dict[str, MarketDataProvider]:
    """Give each market's provider, a Chain of several; a remote one has one guard for all its markets."""
    guards: dict[str, Guard] = {}
    return {market: _provider(market, each, configured, clock, guards) for market, each in settings.items()}


def _provider(
    market: str,
    settings: MarketSettings,
    configured: Providers,
    clock: Clock,
    guards: "dict[str, Guard]",
) -> MarketDataProvider:
    members = [
        _member(name, kind, configured.setup(name, kind, market, settings), clock, guards)
        for name, kind in provider_kinds(market, settings).items()
    ]
    if len(members) == 1:
        return members[0]
    from tacore.market.chain import chained  # noqa: PLC0415 - few need it

    return chained(market, members)


def _member(
    name: str, kind: ProviderKind, setup: Setup, clock: Clock, guards: "dict[str, Guard]"
) -> MarketDataProvider:
    built = kind.build(setup)
    if not kind.remote:
        return built
    from tacore.market.guard import Guard  # noqa: PLC0415 - tenacity, which few need
    from tacore.market.resilient import guarded  # noqa: PLC0415 - tenacity

    return guarded(built, guards.setdefault(name, Guard(name, setup.provider, clock)))
