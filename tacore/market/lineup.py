"""Build the providers of every configured market: remote ones guarded, several of one market in a chain."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tacore.clock import Clock
from tacore.market.registry import ProviderKind, Providers, provider_kinds
from tacore.model.markets import MarketSettings, ReplaySettings
from tacore.model.providers import Setup
from tacore.ports import Cache, MarketDataProvider

if TYPE_CHECKING:
    from tacore.market.guard import Guard


def open_providers(
    settings: Mapping[str, MarketSettings],
    configured: Providers,
    clock: Clock,
    cache: Cache | None = None,
) -> dict[str, MarketDataProvider]:
    """Give each market's provider, a Chain of several; a remote one has one guard for all its markets.

    What remote ones tell goes through the cache, if one is given.
    """
    remotes = _Remotes(clock, cache)
    return {market: _provider(market, each, configured, remotes) for market, each in settings.items()}


def has_remote(settings: Mapping[str, MarketSettings]) -> bool:
    """Tell whether any market's provider is asked over a network."""
    kinds = [provider_kinds(market, each) for market, each in settings.items()]
    return any(kind.remote for each in kinds for kind in each.values())


def _provider(
    market: str, settings: MarketSettings, configured: Providers, remotes: "_Remotes"
) -> MarketDataProvider:
    members = []
    for name, kind in provider_kinds(market, settings).items():
        setup = configured.setup(name, kind, market, settings)
        built = kind.build(setup)
        members.append(remotes.around(name, kind, built, setup) if kind.remote else built)
    if len(members) == 1:
        return members[0]
    from tacore.market.chain import chained  # noqa: PLC0415 - few need it

    return chained(market, members)


class _Remotes:
    """Puts around remote providers what they need: a guard each, and the cache."""

    def __init__(self, clock: Clock, cache: Cache | None) -> None:
        self._clock = clock
        self._cache = cache
        self._guards: dict[str, Guard] = {}

    def around(
        self, name: str, kind: ProviderKind, provider: MarketDataProvider, setup: Setup
    ) -> MarketDataProvider:
        """Give the provider behind its guard, and that behind the cache."""
        from tacore.market.guard import Guard  # noqa: PLC0415 - tenacity, which few need
        from tacore.market.resilient import guarded  # noqa: PLC0415 - tenacity

        guard = self._guards.setdefault(name, Guard(name, setup.provider, self._clock))
        asked = guarded(provider, guard)
        replay = setup.settings.replay or (ReplaySettings() if kind.last_session else None)
        if self._cache is None or (replay and replay.speed):
            return asked  # a moving replay asks for another moment each time
        from tacore.market.remembered import remembered  # noqa: PLC0415 - few need it

        return remembered(asked, setup.market, self._cache, self._clock, live=replay is None)
