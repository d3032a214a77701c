"""What all endpoints share: the watch on the service, and what this monitor may do."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import Depends, Request

from tacore.model.trading import parse_trading
from tacore.settings.loaded import Loaded
from tacore.settings.types import is_loopback
from tacore.watch.watch import Watch


@dataclass(frozen=True, slots=True)
class About:
    """What the settings say of a monitor; ``names`` are the host names by which it may be called."""

    home: str
    environment: str
    trust_network: str
    production: bool
    loopback: bool
    actions: Literal["auto", "on", "off"]
    names: frozenset[str]
    live_accounts: tuple[str, ...] = ()

    @classmethod
    def of(cls, loaded: Loaded) -> "About":
        """Take it from the settings."""
        settings = loaded.settings
        further = (each.strip().lower() for each in settings.api.names.split(","))
        return cls(
            home=str(settings.home),
            environment=settings.env,
            trust_network=settings.security.trust_network,
            production=settings.production,
            loopback=is_loopback(settings.api.bind),
            actions=settings.api.actions,
            names=frozenset({"localhost", settings.api.bind.lower(), *filter(None, further)}),
            live_accounts=_live(loaded),
        )

    @property
    def acts(self) -> bool:
        """Tell whether actions are allowed at all."""
        return self.actions == "on" or (self.actions == "auto" and self.loopback)


@dataclass(slots=True)
class Site:
    """One running monitor."""

    watch: Watch
    about: About
    started: float = field(default_factory=time.time)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    streams: int = 0


def _live(loaded: Loaded) -> tuple[str, ...]:
    trading = parse_trading(loaded.trading.get("trading"), loaded.trading_file)
    live = {name for name, venue in trading.venues.items() if getattr(venue, "live", False)}
    return tuple(sorted(name for name, each in trading.accounts.items() if each.venue in live))


async def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


Here = Annotated[Site, Depends(_site)]
