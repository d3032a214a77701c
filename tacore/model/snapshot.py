"""What the market knew of a portfolio's instruments at one moment: all that risk is computed from.

Apart from the other values because it needs numpy, which nothing on the way of a request should import.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tacore.model.history import History, Reals


@dataclass(frozen=True, slots=True)
class Asset:
    """An instrument that has a price.

    ``price`` is raw, in ``currency``; ``rate`` is what one unit of that is worth in the base currency.
    """

    symbol: str
    market: str
    currency: str
    sector: str | None
    price: float
    rate: float
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Excluded:
    """A position that is not measured: why, and what it is worth in the base currency where that is known."""

    symbol: str
    reason: str
    value: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The assets of one market with their daily history, one row per asset.

    ``history`` is what returns come from. ``recent`` has the newest sessions, for volumes; it is another one
    where markets keep different times. ``windows`` has a history for each window of the stress scenarios.
    """

    market: str
    source: str
    simulated: bool
    replay: bool
    market_time: datetime
    assets: tuple[Asset, ...]
    history: History
    recent: History
    windows: Mapping[str, History]
    every_day: bool


@dataclass(frozen=True, slots=True, eq=False)
class Benchmark:
    """What beta is against: the equal-weighted mean of its rows' returns."""

    symbols: tuple[str, ...]
    market: str
    history: History


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A portfolio at the market's prices.

    ``quantities`` are shaped (N,), one per asset, parts one after another; ``cash`` is in the base currency
    by the currency it is held in. ``trade_row`` is the row of the asset that a proposed trade is in.
    """

    base_currency: str
    parts: tuple[Part, ...]
    quantities: Reals
    cash: Mapping[str, float]
    benchmark: Benchmark | None = None
    trade_row: int | None = None
    excluded: tuple[Excluded, ...] = ()
    warnings: tuple[str, ...] = ()
    rates: Mapping[str, float] | None = None

    @property
    def assets(self) -> tuple[Asset, ...]:
        """All assets, parts one after another."""
        return tuple(asset for part in self.parts for asset in part.assets)
