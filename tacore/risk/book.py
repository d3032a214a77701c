"""A snapshot as the arrays that measures are computed from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tacore.model.history import Reals
from tacore.model.risk import RiskSettings
from tacore.model.snapshot import Asset, Benchmark, Snapshot
from tacore.risk import liquidity, series, stress
from tacore.risk.window import Aligned, align, closes_on, common_sessions

_SESSIONS_PER_YEAR = 252
_DAYS_PER_YEAR = 365


@dataclass(frozen=True, eq=False)
class Book:
    """A snapshot's N assets on common sessions; n of them have the ``least`` returns needed."""

    snapshot: Snapshot
    settings: RiskSettings
    aligned: Aligned | None
    least: int

    @cached_property
    def assets(self) -> tuple[Asset, ...]:
        """All assets."""
        return self.snapshot.assets

    @cached_property
    def unit_values(self) -> Reals:
        """What one unit of each asset is worth in the base currency, shaped (N,)."""
        return np.array([each.price * each.rate for each in self.assets])

    @cached_property
    def prices(self) -> Reals:
        """Adjusted closes of the measured assets, shaped (n, T + 1)."""
        return self.aligned.prices if self.aligned else np.ones((0, 1))

    @cached_property
    def returns(self) -> Reals:
        """Returns of the measured assets, shaped (n, T)."""
        return self.aligned.returns if self.aligned else np.zeros((0, 0))

    @cached_property
    def benchmark(self) -> Reals | None:
        """The benchmark's returns, shaped (T,); None where it has none on these sessions."""
        found = self.snapshot.benchmark
        if found is None or self.aligned is None or not self.aligned.sessions.size:
            return None
        return _basket(found, self.aligned)

    @cached_property
    def betas(self) -> Reals:
        """Betas of all assets, shaped (N,); NaN where there is none."""
        made = np.full(len(self.assets), np.nan)
        if self.benchmark is not None and self.aligned is not None and self.returns.size:
            made[self.aligned.kept] = series.beta(self.returns, self.benchmark)
        return made

    @cached_property
    def volumes(self) -> Reals:
        """Mean volumes, shaped (N,)."""
        sessions = self.settings.liquidity.sessions
        means = [liquidity.mean_volume(part.recent, sessions) for part in self.snapshot.parts]
        return np.concatenate(means) if means else np.zeros(0)

    @cached_property
    def moves(self) -> Reals:
        """Moves of all assets in the stress scenarios, shaped (scenarios, N)."""
        return stress.moves(self.settings.stress, self.snapshot.parts, self.betas)

    @cached_property
    def sessions_per_year(self) -> int:
        """365 where every market trades each day, else 252."""
        return _DAYS_PER_YEAR if all(each.every_day for each in self.snapshot.parts) else _SESSIONS_PER_YEAR

    @cached_property
    def cash(self) -> float:
        """All cash."""
        return float(sum(self.snapshot.cash.values()))

    def measured(self, values: Reals) -> Reals:
        """Keep the values of the measured assets."""
        return values[self.aligned.kept] if self.aligned else values[:0]

    def short_histories(self) -> Mapping[int, int]:
        """Give the rows that were left out, with the returns that they have."""
        return self.aligned.short if self.aligned else {}


def open_book(snapshot: Snapshot, settings: RiskSettings, lookback_days: int) -> Book:
    """Lay a snapshot's histories on common sessions."""
    histories = [each.history for each in snapshot.parts]
    least = min(settings.min_observations, lookback_days)
    if not histories:
        return Book(snapshot, settings, None, least)
    others = [snapshot.benchmark.history] if snapshot.benchmark else []
    wanted = common_sessions(histories)[-(lookback_days + 1) :]
    # A benchmark that is younger must not shorten what everything else is measured on.
    others = [each for each in others if len(wanted) and (each.sessions[:1] <= wanted[0]).any()]
    return Book(snapshot, settings, align(histories, others, lookback_days, least), least)


def _basket(benchmark: Benchmark, aligned: Aligned) -> Reals | None:
    """Average the returns of the members that cover the sessions; a gap keeps the price before it."""
    if not np.isin(aligned.sessions, benchmark.history.sessions, assume_unique=True).all():
        return None
    prices = closes_on(benchmark.history, aligned.sessions)
    prices = prices[np.isfinite(prices[:, 0])]
    if not prices.size or prices.shape[1] < 3:  # noqa: PLR2004 - a variance needs two returns
        return None
    known = np.isfinite(prices)
    if not known.all():
        last = np.maximum.accumulate(np.where(known, np.arange(prices.shape[1]), 0), axis=1)
        prices = np.take_along_axis(prices, last, axis=1)
    made: Reals = (prices[:, 1:] / prices[:, :-1] - 1.0).mean(axis=0)
    return made
