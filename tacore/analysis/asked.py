"""What analyze.stock may be asked."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

TYPES = ("technical", "fundamental", "risk", "comprehensive", "agents")
SPELLINGS = {"tech": "technical", "fundamentals": "fundamental", "full": "comprehensive", "agent": "agents"}
DEFAULT_BARS = 504


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
    wait: Annotated[bool | None, Meta(description="Only for agents: wait for the decision")] = None
