"""Whether the providers of market data that are asked over a network can be reached."""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from tacore.bootstrap.providers import providers_of
from tacore.cli.doctor.finding import Finding, ok, problem, warning
from tacore.cli.doctor.situation import Situation
from tacore.errors import ConfigurationError, NotFound, TacoreError
from tacore.market.registry import ProviderKind, provider_kinds
from tacore.model.markets import parse_markets
from tacore.model.providers import Setup
from tacore.settings.loaded import Loaded

PROBES = {"US": "AAPL", "CN": "600519", "HK": "0700", "CRYPTO": "BTC/USDT"}
"""What is asked for: an instrument that every provider of its market has."""
SHARE = 0.8


class Probe(threading.Thread):
    """Asks one provider for one market's price; ``said`` is None until it answers."""

    def __init__(self, name: str, kind: ProviderKind, setup: Setup, *, alone: bool) -> None:
        super().__init__(name=name, daemon=True)
        self.said: Finding | None = None
        self.what = f"{name} for {setup.market}"
        self._kind = kind
        self._setup = setup
        self._alone = alone

    def run(self) -> None:
        """Ask, and tell what came of it."""
        symbol = PROBES[self._setup.market]
        try:
            provider = self._kind.build(self._setup)
            found = provider.resolve(symbol, self._setup.market)
            provider.quote(found, now=datetime.now(UTC))
            self.said = ok(f"{self.what} answers")
        except NotFound as error:
            self.said = ok(f"{self.what} answers: {error.message}")
        except TacoreError as error:
            self.said = self.failed(error.message, _advice(error))

    def failed(self, reason: str, advice: str) -> Finding:
        """Tell that it can't be used: a problem where no other stands in for it."""
        seen = f"{self.what} can't be used: {reason}"
        return problem(seen, advice) if self._alone else warning(seen, f"the others stand in; {advice}")


def examine(situation: Situation) -> Sequence[Finding]:
    """Ask each for a price, all at the same time."""
    loaded = situation.loaded
    if loaded is None:
        return []
    try:
        probes = _probes(loaded)
    except ConfigurationError:
        return [
            warning("they were not asked, for the configuration is wrong", "see what is said of it above")
        ]
    for probe in probes:
        probe.start()
    wait_s = situation.wait_s * SHARE
    deadline = time.monotonic() + wait_s
    found = []
    for probe in probes:
        probe.join(max(0.0, deadline - time.monotonic()))
        silent = probe.failed(f"no answer within {wait_s:g} s", "see that this machine reaches the internet")
        found.append(probe.said or silent)
    return found or [ok("no market asks one over a network")]


def _probes(loaded: Loaded) -> list[Probe]:
    configured = providers_of(loaded)
    made = []
    for market, settings in parse_markets(loaded.trading.get("markets"), loaded.trading_file).items():
        kinds = provider_kinds(market, settings)
        for name, kind in kinds.items():
            if kind.remote and market in PROBES:
                setup = configured.setup(name, kind, market, settings)
                made.append(Probe(name, kind, setup, alone=len(kinds) == 1))
    return made


def _advice(error: TacoreError) -> str:
    if isinstance(error, ConfigurationError):
        return "mend that in config/trading_config.yaml (docs/vendors.md)"
    if error.details.get("reason") == "unauthorized":
        return "see its keys in docs/vendors.md"
    return "see that this machine reaches it; requests for its market fail until then"
