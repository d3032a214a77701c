"""The settings of the cache: bounds of all, and for each kind of answer how long and how many are kept."""

from typing import Annotated

from pydantic import Field

from tacore.settings.section import Section
from tacore.settings.types import Number, Whole

_WEEK_S = 604_800
_Open = Annotated[
    Number,
    Field(
        ge=0,
        le=_WEEK_S,
        description="Age up to which a cached answer is given while its market trades; 0 keeps none.",
    ),
]
_Closed = Annotated[
    Number,
    Field(
        ge=0,
        le=_WEEK_S,
        description="The same while its market is closed, or a replay that stands still; 0 keeps none.",
    ),
]
_Entries = Annotated[
    Whole,
    Field(
        ge=1,
        le=10_000_000,
        description="Answers that one process keeps, each begun 16 KiB counting; the least used go first.",
    ),
]


class Kind(Section):
    """How long answers of a kind are kept (seconds), and how many of them."""

    ttl_open_s: _Open
    ttl_closed_s: _Closed
    max_entries: _Entries


class MarketDataKind(Kind):
    """Answers of get.market_data."""

    ttl_open_s: _Open = 1.0
    ttl_closed_s: _Closed = 300.0
    max_entries: _Entries = 2000


class QuoteKind(Kind):
    """Quotes of providers that are asked over the network."""

    ttl_open_s: _Open = 1.0
    ttl_closed_s: _Closed = 60.0
    max_entries: _Entries = 5000


class BarsKind(Kind):
    """Bars of providers that are asked over the network."""

    ttl_open_s: _Open = 30.0
    ttl_closed_s: _Closed = 3600.0
    max_entries: _Entries = 4000


class AnalysisKind(Kind):
    """Answers of analyze.stock."""

    ttl_open_s: _Open = 15.0
    ttl_closed_s: _Closed = 900.0
    max_entries: _Entries = 1000


class RiskKind(Kind):
    """Answers of evaluate.risk."""

    ttl_open_s: _Open = 15.0
    ttl_closed_s: _Closed = 900.0
    max_entries: _Entries = 1000


class Cache(Section):
    """Answers kept for the next who asks the same: in each process, and in Redis where redis.url is set."""

    wait_s: Number = Field(2.0, ge=0, le=60)
    """How long to wait for another that computes the same answer already, before computing it too."""
    lock_s: Number = Field(10.0, ge=0.1, le=600)
    """After which time others no longer wait for a worker that died while it computed an answer."""
    max_value_kb: Whole = Field(1024, ge=1, le=524_288)
    """Longest answer that is kept in Redis."""
    market_data: MarketDataKind = MarketDataKind()
    quote: QuoteKind = QuoteKind()
    bars: BarsKind = BarsKind()
    analysis: AnalysisKind = AnalysisKind()
    risk: RiskKind = RiskKind()

    def kinds(self) -> dict[str, Kind]:
        """Give the kinds by their names."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: each for name, each in found.items() if isinstance(each, Kind)}
