"""The ``risk`` section of trading_config.yaml: benchmarks, rates, limits, the score's rule, stress scenarios.

Apart from the other values because it needs pydantic, which nothing on the way of a request should import.
"""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from tacore.model.markets import MARKETS
from tacore.model.sections import WHERE, Section, parse

Shock = Annotated[float, Field(ge=-1, le=10, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


class FxSettings(Section):
    """Rates between currencies: constants until a provider of rates is there."""

    as_of: date
    """The day that the rates are of."""

    to_usd: dict[str, Positive]
    """What one unit of a currency is worth in US dollars."""


class LiquiditySettings(Section):
    """How fast a position could be sold."""

    volume_share: float = Field(default=0.2, gt=0, le=1)
    """The share of a session's volume that may be taken."""

    sessions: int = Field(default=20, ge=1, le=250)
    """How many sessions the volume is the mean of."""


class LimitSettings(Section):
    """What a proposed trade is held against; null means no limit."""

    max_weight: Positive | None = 0.35
    """Largest position as a part of the value."""

    max_var_pct: Positive | None = 5.0
    """VaR in percent of the value, at the request's confidence and horizon."""

    max_leverage: Positive | None = 2.0
    """Gross exposure over value."""

    max_days_to_liquidate: Positive | None = 5.0
    """Days that the slowest position needs."""

    max_stress_loss_pct: Positive | None = 40.0
    """Loss of the worst scenario in percent of the value."""

    max_risk_score: Positive | None = 65.0
    """The risk score."""


class Scale(Section):
    """How a measure becomes points: none up to ``none_at``, all from ``full_at`` on, linear between."""

    points: float = Field(ge=0, le=100)
    """The most points that it gives; the points of all scales add up to 100."""

    none_at: float = Field(ge=0, le=1000)
    """Up to here it gives none."""

    full_at: float = Field(gt=0, le=1000)
    """From here on it gives all."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.full_at <= self.none_at:
            raise ValueError("full_at must be above none_at")
        return self


class ScoreSettings(Section):
    """The rule of risk_score and risk_level."""

    medium_from: float = Field(default=35.0, ge=0, le=100)
    """From this score on the level is medium."""

    high_from: float = Field(default=65.0, ge=0, le=100)
    """From this score on the level is high."""

    volatility: Scale
    """Annualised volatility, as a part of the value."""

    drawdown: Scale
    """Depth of the maximum drawdown."""

    concentration: Scale
    """Sum of the squared weights in the value (cash counts as spread)."""

    leverage: Scale
    """Gross exposure over value."""

    stress: Scale
    """Loss of the worst stress scenario, as a part of the value."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        scales = (self.volatility, self.drawdown, self.concentration, self.leverage, self.stress)
        if abs(sum(each.points for each in scales) - 100) > 1e-9:  # noqa: PLR2004 - a rounding error
            raise ValueError("the points of the five scales must add up to 100")
        if self.high_from < self.medium_from:
            raise ValueError("high_from must not be below medium_from")
        return self


class WindowSettings(Section):
    """A stretch of history to live through again, from close to close."""

    start: date
    """The session whose close it starts from, or the last one before."""

    end: date
    """The session whose close it ends with, or the last one before."""

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if not 0 < (self.end - self.start).days <= 1000:  # noqa: PLR2004 - the days that a provider is asked for
            raise ValueError("end must lie after start, by at most 1000 days")
        return self


class ScenarioSettings(Section):
    """What could happen: shocks (-0.2 is a loss of 20 %), or a window of history; never both."""

    description: str = ""
    """What it stands for."""

    market: Shock | None = None
    """A move of the benchmark, which reaches a position through its beta."""

    sectors: dict[str, Shock] = Field(default_factory=dict)
    """Moves of sectors; these go before ``market``."""

    symbols: dict[str, Shock] = Field(default_factory=dict)
    """Moves of symbols, in their market's spelling; these go before all."""

    window: WindowSettings | None = None
    """A stretch of history."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        shocks = self.market is not None or bool(self.sectors) or bool(self.symbols)
        if shocks == (self.window is not None):
            raise ValueError("either shocks (market, sectors, symbols) or a window is needed")
        return self


class RiskSettings(Section):
    """How evaluate.risk measures, and what it holds the result against."""

    benchmarks: dict[str, list[str]] = Field(default_factory=dict)
    """By market, what beta is against: one symbol, or several as a basket of equal weights."""

    fx: FxSettings
    """Rates between currencies."""

    min_observations: int = Field(default=60, ge=20, le=2520)
    """Returns that a position needs to be measured (a shorter lookback needs as many as it has)."""

    value_tolerance_pct: float = Field(default=5.0, ge=0, le=1000)
    """How far a value that the client states may be from quantity times price before a warning says so."""

    liquidity: LiquiditySettings = LiquiditySettings()
    """How fast a position could be sold."""

    limits: LimitSettings = LimitSettings()
    """What a proposed trade is held against."""

    score: ScoreSettings
    """The rule of risk_score and risk_level."""

    stress: dict[str, ScenarioSettings] = Field(default_factory=dict)
    """Scenarios by name."""

    @model_validator(mode="after")
    def _known_markets(self) -> Self:
        for market in self.benchmarks:
            if market not in MARKETS:
                raise ValueError(f"benchmarks: there is no market {market}; allowed: {', '.join(MARKETS)}")
        return self


def parse_risk(raw: object, where: str = WHERE) -> RiskSettings:
    """Check the ``risk`` mapping of a configuration file, as `tacore.model.sections.parse` says."""
    return parse(RiskSettings, "risk", raw, where, _fields_at)


def _fields_at(location: tuple[int | str, ...]) -> list[str]:
    """Name the keys that a section may have."""
    kinds: dict[str, type[BaseModel]] = {
        "": RiskSettings,
        "fx": FxSettings,
        "liquidity": LiquiditySettings,
        "limits": LimitSettings,
        "score": ScoreSettings if len(location) == 1 else Scale,
        "stress": WindowSettings if location[-1:] == ("window",) else ScenarioSettings,
    }
    return list(kinds[str(location[0]) if location else ""].model_fields)
