"""What an analysis answers with, as clients read it; no numpy, for the broker describes these types."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from tacore.model import Fundamentals
from tacore.model.cached import CachedAnswer

Side = Literal["for", "against"]
Signal = Literal["buy", "hold", "sell"]
Leaning = Literal["bullish", "bearish", "neutral"]


class Reading(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A number and the bar it is from; ``previous`` is of the bar before, ``reason`` why there is none."""

    value: float | None
    bar: str
    previous: float | None = None
    reason: str | None = None


class Evidence(msgspec.Struct, kw_only=True):
    """What speaks for a higher price or against it; ``points`` is weight times vote, -weight to weight."""

    side: Side
    what: str
    rule: str
    group: str
    value: float
    bar: str
    weight: float
    points: float


class Judgement(msgspec.Struct, kw_only=True):
    """One group of rules by itself; ``score`` is -100 to 100, null where no rule of it had its numbers."""

    verdict: str
    score: float | None
    why: str
    evidence_for: list[str] = msgspec.field(name="for")
    evidence_against: list[str] = msgspec.field(name="against")


class Level(msgspec.Struct, kw_only=True):
    """A price at which swings turned, how often, and the first and last bar that did."""

    price: float
    touches: int
    first: str
    last: str
    distance_pct: float


class Levels(msgspec.Struct, kw_only=True):
    """Support below the last price and resistance above it, nearest first."""

    price: float
    tolerance: float
    support: list[Level]
    resistance: list[Level]
    shown: str


class Pattern(msgspec.Struct, kw_only=True):
    """A candlestick pattern and the bar that completed it; ``bars_ago`` is 0 for the last bar."""

    name: str
    leaning: Leaning
    bar: str
    bars_ago: int


class Drawdown(msgspec.Struct, kw_only=True):
    """The deepest fall of the closes: from its peak to its trough, and when the peak was reached again."""

    pct: float
    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    recovered: str | None


class Risk(msgspec.Struct, kw_only=True):
    """The instrument's own risk over daily sessions; losses are positive, all but beta and moments in %."""

    level: Literal["low", "medium", "high"]
    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    returns: int
    volatility_pct: float
    downside_deviation_pct: float
    var_95_pct: float
    cvar_95_pct: float
    max_drawdown: Drawdown | None
    skew: float | None
    excess_kurtosis: float | None
    beta: float | None
    benchmark: str
    benchmark_returns: int


class Part(msgspec.Struct, kw_only=True):
    """One kind of analysis within the answer: its verdict, or why there is none."""

    status: Literal["ok", "unavailable"]
    reason: str | None = None
    signal: Signal | None = None
    score: float | None = None
    confidence: float | None = None
    reasons: list[str] = []


class Answer(CachedAnswer, msgspec.Struct, kw_only=True):
    """The verdict, what it rests on, and where that comes from."""

    symbol: str
    name: str
    currency: str
    market: str
    source: str
    simulated: bool
    replay: bool
    as_of: datetime | None
    age_s: Decimal | None
    market_time: datetime
    analysis_type: str
    timeframe: str
    date: str
    bars_used: int
    price: float | None
    signal: Signal
    recommendation: Signal
    confidence: float
    score: float
    reasons: list[str]
    parts: dict[str, Part]
    disagreements: list[str]
    indicators: dict[str, Reading] = {}
    judgements: dict[str, Judgement] = {}
    levels: Levels | None = None
    patterns: list[Pattern] = []
    evidence: list[Evidence] = []
    risk: Risk | None = None
    fundamentals: Fundamentals | None = None
    note: str | None = None
    warnings: list[str] = []
