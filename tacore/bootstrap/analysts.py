"""The analysts of the job manager, one for each engine, from the settings."""

from collections.abc import Mapping
from pathlib import Path

from tacore.clock import Clock
from tacore.errors import Unavailable
from tacore.model.jobs import ENGINES, Ask
from tacore.ports import Analyst, MarketData
from tacore.ports.analyst import Run, Say
from tacore.settings.loaded import Loaded
from tacore.settings.names import env_name

PATHS = {"tradingagents_cn": "agents.cn_path", "tradingagents": "agents.tauric_path"}
"""The setting that names the checkout of each engine."""
CHECKOUTS = {"tradingagents_cn": "TradingAgents-CN", "tradingagents": "TauricResearch's TradingAgents"}


def analysts_of(loaded: Loaded, market_data: MarketData, clock: Clock) -> Mapping[str, Analyst]:
    """Build the analyst of each engine; one without a checkout says what to set when it is asked for."""
    return {engine: NoCheckout(engine) for engine in ENGINES}


class NoCheckout:
    """An engine that can't run, because nobody has said where its checkout is."""

    def __init__(self, engine: str) -> None:
        self.name = engine

    def check(self, ask: Ask) -> None:
        """Say what to set."""
        key = PATHS[self.name]
        raise Unavailable(
            f"engine {self.name} has no checkout here: set {env_name(key)} to the folder of a clone of "
            f"{CHECKOUTS[self.name]}",
            retryable=False,
            details={"engine": self.name, "set": [env_name(key)]},
        )

    def start(self, ask: Ask, folder: Path, say: Say) -> Run:
        """Say what to set; no run begins."""
        self.check(ask)
        raise Unavailable(f"engine {self.name} has no checkout here", retryable=False)

    def warm(self) -> None:
        """Nothing can be made ready."""

    def close(self) -> None:
        """Nothing runs."""
