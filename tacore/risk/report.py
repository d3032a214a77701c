"""What an assessment says; the fields are those of the answer. Money is in the base currency."""

from typing import Annotated

import msgspec
from msgspec import Meta


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to measure; the defaults are those of the request."""

    confidence: float = 0.95
    horizon_days: int = 1
    method: str = "historical"
    lookback_days: int = 504
    seed: int = 0
    simulations: int = 10_000


class Measures(msgspec.Struct, kw_only=True):
    """The main figures of one portfolio; null where one has no meaning."""

    value: Annotated[float, Meta(description="Cash and all positions that have a price")]
    var: Annotated[float | None, Meta(description="Loss that is exceeded with probability 1 - confidence")]
    cvar: Annotated[float | None, Meta(description="Mean loss beyond that")]
    var_pct: Annotated[float | None, Meta(description="VaR in percent of the value")]
    cvar_pct: float | None
    volatility: Annotated[float | None, Meta(description="Annualised, as a part of the value")]
    beta: float | None
    max_drawdown: Annotated[float | None, Meta(description="Of today's weights over the lookback; negative")]
    hhi: float
    largest_weight: Annotated[float, Meta(description="Largest position as a part of the value")]
    gross: float
    net: float
    leverage: float | None
    days_to_liquidate: Annotated[float | None, Meta(description="Of the slowest position")]
    worst_stress_loss: float | None
    worst_stress_pct: float | None
    risk_score: Annotated[float, Meta(description="0 to 100")]
    risk_level: Annotated[str, Meta(description="low, medium or high")]


class Contribution(msgspec.Struct, kw_only=True):
    """What one position adds; ``var`` and ``cvar`` of all add up to the portfolio's."""

    symbol: str
    market: str
    quantity: float
    price: Annotated[float, Meta(description="The last raw price, in currency")]
    currency: str
    value: float
    weight: Annotated[float, Meta(description="Value as a part of gross exposure, signed")]
    volatility: float
    beta: float | None
    var: float
    cvar: float
    marginal_var: Annotated[float, Meta(description="VaR that one more unit of money in it adds")]
    var_share: Annotated[float | None, Meta(description="Part of the portfolio's VaR")]
    days_to_liquidate: float | None


class Weight(msgspec.Struct):
    """A position's part of gross exposure."""

    symbol: str
    weight: float


class Concentration(msgspec.Struct, kw_only=True):
    """How much hangs on few positions, by absolute weights in gross exposure."""

    hhi: Annotated[float, Meta(description="Herfindahl-Hirschman index: 1 is one position")]
    effective_positions: float
    largest: list[Weight]


class Exposure(msgspec.Struct, kw_only=True):
    """What is held; ``cash`` is by the currency that it is held in."""

    long: float
    short: float
    gross: float
    net: float
    leverage: float | None
    cash: dict[str, float]


class Liquidity(msgspec.Struct, kw_only=True):
    """How long selling takes at a share of the mean volume of some sessions."""

    volume_share: float
    sessions: int
    days_to_liquidate: Annotated[float | None, Meta(description="Of the slowest position")]
    slowest: str | None
    unknown: Annotated[list[str], Meta(description="Positions without volume")]


class Impact(msgspec.Struct):
    """What a scenario does to one position: a loss is positive."""

    symbol: str
    loss: float


class Scenario(msgspec.Struct, kw_only=True):
    """One stress scenario; without a loss there is a reason."""

    name: str
    description: str
    loss: float | None
    loss_pct: float | None
    worst: list[Impact] = []
    excluded: Annotated[list[str], Meta(description="Positions that it says nothing of")] = []
    reason: str | None = None


class Exceeded(msgspec.Struct, kw_only=True):
    """A limit that the trade would exceed."""

    limit: str
    allowed: float
    before: float | None
    after: float | None


class Exclusion(msgspec.Struct):
    """A position that is not in the measures, with its value where that is known."""

    symbol: str
    reason: str
    value: float | None = None


class Window(msgspec.Struct, kw_only=True):
    """The returns that were used: how many, and the sessions they reach from and to."""

    observations: int
    start: str | None
    end: str | None


class Assessment(msgspec.Struct, kw_only=True):
    """Everything computed of a portfolio, and of a proposed trade in it."""

    measures: Measures
    after: Measures | None
    exceeds: list[Exceeded]
    horizon_scaling: str
    score_parts: dict[str, float]
    window: Window
    concentration: Concentration
    exposure: Exposure
    liquidity: Liquidity
    contributions: list[Contribution]
    stress: list[Scenario]
    measured: int
    excluded: list[Exclusion]
    relative_to: str
    warnings: list[str]
