"""All measures of one set of exposures in a book: of what is held, and of what would be after a trade."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tacore.model.history import Reals
from tacore.risk import liquidity, series, stress
from tacore.risk.book import Book
from tacore.risk.historical import historical
from tacore.risk.monte_carlo import monte_carlo
from tacore.risk.normal import cornish_fisher, parametric
from tacore.risk.report import Measures, Options
from tacore.risk.score import level, score_parts
from tacore.risk.tail import Tail, floored, no_tail


@dataclass(frozen=True, eq=False)
class Holdings:
    """Quantities, exposures in money and days to liquidate of all assets, shaped (N,), with the cash."""

    quantities: Reals
    exposures: Reals
    days: Reals
    cash: float
    unmeasured: int

    @cached_property
    def value(self) -> float:
        """Cash and positions."""
        return self.cash + float(self.exposures.sum())

    @cached_property
    def gross(self) -> float:
        """The sum of absolute exposures."""
        return float(np.abs(self.exposures).sum())

    @cached_property
    def base(self) -> float:
        """What fractions are of: the value, or gross exposure where shorts leave no value."""
        return self.value if self.value > 0 else self.gross

    @cached_property
    def leverage(self) -> float | None:
        """Gross exposure over value; None where there is exposure and no value."""
        if self.value > 0:
            return self.gross / self.value
        return None if self.gross else 0.0

    @cached_property
    def weights(self) -> Reals:
        """Exposures as parts of gross exposure, signed."""
        return self.exposures / self.gross if self.gross else self.exposures * 0.0

    @cached_property
    def largest_weight(self) -> float:
        """The largest position as a part of the value."""
        return float(np.abs(self.exposures).max(initial=0.0)) / self.base if self.base else 0.0


def hold(book: Book, quantities: Reals, cash: float) -> Holdings:
    """Value quantities, shaped (N,), at the book's prices."""
    days = liquidity.days_to_liquidate(quantities, book.volumes, book.settings.liquidity.volume_share)
    unmeasured = sum(1 for each in book.snapshot.excluded if each.value is None)
    return Holdings(quantities, quantities * book.unit_values, days, cash, unmeasured)


def tail_of(book: Book, held: Holdings, options: Options) -> Tail | None:
    """Measure VaR and CVaR by the method asked for; None where no position can be measured."""
    exposures = book.measured(held.exposures)
    if not exposures.any():
        return None if held.exposures.any() or held.unmeasured else no_tail(len(exposures))
    confidence, horizon = options.confidence, options.horizon_days
    if options.method == "historical":
        return floored(historical(book.prices, exposures, confidence, horizon))
    if options.method == "parametric":
        return floored(parametric(book.returns, exposures, confidence, horizon))
    if options.method == "cornish_fisher":
        return floored(cornish_fisher(book.returns, exposures, confidence, horizon))
    made = monte_carlo(book.returns, exposures, confidence, horizon, options.seed, options.simulations)
    return floored(made)


def measure(book: Book, held: Holdings, tail: Tail | None) -> tuple[Measures, Mapping[str, float]]:
    """Give the measures, and the points that the score is the sum of."""
    base = held.base
    lost = stress.losses(book.moves, held.exposures)
    worst = float(np.nanmax(lost)) if np.isfinite(lost).any() else None
    swing, beta, drawdown = _of_returns(book, held) if tail else (None, None, None)
    spread = float((held.exposures**2).sum()) / max(held.gross, held.value) ** 2 if held.gross else 0.0
    parts = score_parts(
        book.settings.score,
        {
            "volatility": swing,
            "drawdown": None if drawdown is None else -drawdown,
            "concentration": spread,
            "leverage": held.leverage,
            "stress": 0.0 if not book.settings.stress else _part(worst, base),
        },
        _uncovered(book, held),
    )
    score = round(sum(parts.values()), 1)
    var, cvar = (tail.var, tail.cvar) if tail else (None, None)
    measures = Measures(
        value=held.value,
        var=var,
        cvar=cvar,
        var_pct=_pct(var, base),
        cvar_pct=_pct(cvar, base),
        volatility=swing,
        beta=beta,
        max_drawdown=drawdown,
        hhi=float((held.weights**2).sum()),
        largest_weight=held.largest_weight,
        gross=held.gross,
        net=float(held.exposures.sum()),
        leverage=held.leverage,
        days_to_liquidate=_longest(held.days[held.quantities != 0]),
        worst_stress_loss=worst,
        worst_stress_pct=_pct(worst, base),
        risk_score=score,
        risk_level=level(book.settings.score, score),
    )
    return measures, parts


def _of_returns(book: Book, held: Holdings) -> tuple[float, float | None, float]:
    """Give volatility, beta and drawdown of today's weights held through the lookback."""
    exposures = book.measured(held.exposures)
    if not exposures.any():
        return 0.0, 0.0, 0.0
    returns = exposures @ book.returns / held.base
    betas = book.measured(book.betas)
    beta = float(exposures @ betas) / held.base if np.isfinite(betas).all() else None
    return float(series.volatility(returns, book.sessions_per_year)), beta, series.max_drawdown(returns)


def _uncovered(book: Book, held: Holdings) -> float:
    """Give the part of the portfolio that is not measured, by value, and by number where value is unknown."""
    covered = float(np.abs(book.measured(held.exposures)).sum())
    stated = sum(abs(each.value) for each in book.snapshot.excluded if each.value is not None)
    whole = held.gross + stated
    by_value = 1 - covered / whole if whole else 0.0
    count = held.unmeasured + int((held.exposures != 0).sum())
    by_number = held.unmeasured / count if count else 0.0
    return min(1.0, max(0.0, by_number + (1 - by_number) * by_value))


def _longest(days: Reals) -> float | None:
    known = days[np.isfinite(days)]
    return float(known.max()) if known.size else None


def _part(amount: float | None, base: float) -> float | None:
    if not base:
        return 0.0
    return None if amount is None else amount / base


def _pct(amount: float | None, base: float) -> float | None:
    part = _part(amount, base)
    return None if part is None else 100 * part
