"""What analyze.stock may be asked."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tacore.model.jobs import AnalystName, Engine

TYPES = ("technical", "fundamental", "risk", "comprehensive", "agents")
SPELLINGS = {"tech": "technical", "fundamentals": "fundamental", "full": "comprehensive", "agent": "agents"}
DEFAULT_BARS = 504
AGENTS_ONLY = (
    "analysts",
    "engine",
    "debate_rounds",
    "risk_rounds",
    "quick_model",
    "deep_model",
    "max_s",
    "max_tokens",
    "max_cost",
    "wait",
    "fresh",
)


class Params(msgspec.Struct, kw_only=True):
    """What to analyse, how, and as of when."""

    symbol: Annotated[str, Meta(description="One symbol, in any of its spellings")]
    market: Annotated[str | None, Meta(description="US, CN, HK, CRYPTO or SIM; left out: by the symbol")] = (
        None
    )
    analysis_type: Annotated[
        Literal["technical", "fundamental", "risk", "comprehensive", "agents"],
        Meta(description="What to look at; comprehensive is the first three together"),
    ] = "technical"
    date: Annotated[
        str | None, Meta(description="As of that day's close, 2013-02-28, and no bar after it; left out: now")
    ] = None
    timeframe: Annotated[
        Literal["1m", "5m", "15m", "1h", "1d", "1w"],
        Meta(description="A bar's width; risk is always of days"),
    ] = "1d"
    lookback: Annotated[int, Meta(ge=30, le=5000, description="How many of the newest bars to look at")] = (
        DEFAULT_BARS
    )
    benchmark: Annotated[
        str | None, Meta(description="A symbol to measure beta against; left out: the market's mean return")
    ] = None
    analysts: Annotated[list[AnalystName] | None, Meta(description="Only for agents: who looks at it")] = None
    engine: Annotated[Engine | None, Meta(description="Only for agents: whose they are")] = None
    debate_rounds: Annotated[int | None, Meta(description="Only for agents: rounds of bull and bear")] = None
    risk_rounds: Annotated[int | None, Meta(description="Only for agents: rounds of views of risk")] = None
    quick_model: Annotated[str | None, Meta(description="Only for agents: analysts' model")] = None
    deep_model: Annotated[str | None, Meta(description="Only for agents: judges' model")] = None
    max_s: Annotated[float | None, Meta(description="Only for agents: most seconds of running")] = None
    max_tokens: Annotated[int | None, Meta(description="Only for agents: most tokens")] = None
    max_cost: Annotated[Decimal | None, Meta(description="Only for agents: most money")] = None
    wait: Annotated[bool | None, Meta(description="Only for agents: wait for the decision")] = None
    fresh: Annotated[bool | None, Meta(description="Only for agents: decide anew")] = None

    def out_of_place(self) -> list[str]:
        """Say which params were given that only agents take."""
        given = [name for name in AGENTS_ONLY if getattr(self, name) is not None]
        return [f"{name}: only for analysis_type agents, ignored" for name in given]
