"""The risk of one instrument by itself: what its daily returns were, and against a benchmark's."""

from dataclasses import dataclass

import numpy as np

from tacore.analysis.answer import Drawdown, Risk
from tacore.analysis.benchmark import Benchmark
from tacore.analysis.series import Series
from tacore.analysis.weighing import Rule, Weighed, weigh
from tacore.model.history import Reals

LEAST = 20  # returns, below which nothing here means anything
_TAIL_PCT = 5.0


def _itself(value: float) -> float:
    return value


# Risk alone never speaks for buying: every vote is 0 to -1. Both words are the same, for `up` is never said.
RULES: tuple[Rule, ...] = tuple(
    Rule(name, "risk", weight, (name,), _itself, curve, text, text)
    for name, weight, curve, text in (
        ("volatility_pct", 40, ((30, 0), (80, -1)), "volatility of {value:.0f} % a year"),
        ("var_95_pct", 30, ((3, 0), (8, -1)), "one day in twenty lost {value:.1f} % or more"),
        ("max_drawdown_pct", 30, ((30, 0), (80, -1)), "its deepest fall was {value:.0f} %"),
    )
)
_MEDIUM = 5.0  # points; high begins where the rules say sell


@dataclass(frozen=True, slots=True)
class OwnRisk:
    """The measures, and what they come to."""

    measures: Risk
    weighed: Weighed


def own_risk(series: Series, sessions_per_year: float, benchmark: Benchmark) -> OwnRisk | None:
    """Measure a series of daily bars; None where it has fewer than LEAST returns."""
    returns = series.close[1:] / series.close[:-1] - 1
    if len(returns) < LEAST:
        return None
    fall = max_drawdown(series)
    loss, tail = var_cvar(returns)
    measured = {
        "volatility_pct": float(returns.std(ddof=1) * np.sqrt(sessions_per_year) * 100),
        "var_95_pct": loss * 100,
        "max_drawdown_pct": fall.pct if fall else 0.0,
    }
    weighed = weigh(RULES, measured, series.bars[-1])
    skew, kurtosis = moments(returns)
    slope, common = beta(series.bars[1:], returns, benchmark)
    return OwnRisk(
        Risk(
            level="high" if weighed.signal == "sell" else "medium" if weighed.score <= -_MEDIUM else "low",
            start=series.bars[0],
            end=series.bars[-1],
            returns=len(returns),
            volatility_pct=measured["volatility_pct"],
            downside_deviation_pct=downside_deviation(returns, sessions_per_year) * 100,
            var_95_pct=loss * 100,
            cvar_95_pct=tail * 100,
            max_drawdown=fall,
            skew=skew,
            excess_kurtosis=kurtosis,
            beta=slope,
            benchmark=benchmark.name,
            benchmark_returns=common,
        ),
        weighed,
    )


def max_drawdown(series: Series) -> Drawdown | None:
    """Find the deepest fall from a peak; None where the closes never fell."""
    close = series.close
    falls = 1 - close / np.maximum.accumulate(close)
    trough = int(falls.argmax())
    if falls[trough] <= 0:
        return None
    peak = int(close[: trough + 1].argmax())
    back = np.flatnonzero(close[trough:] >= close[peak])
    return Drawdown(
        pct=float(falls[trough] * 100),
        start=series.bars[peak],
        end=series.bars[trough],
        recovered=series.bars[trough + int(back[0])] if len(back) else None,
    )


def var_cvar(returns: Reals) -> tuple[float, float]:
    """Give the historical one-day loss at 95 %, and the mean of the worst twentieth; losses are positive."""
    loss = -float(np.percentile(returns, _TAIL_PCT))
    count = int((len(returns) - 1) * _TAIL_PCT / 100) + 1
    return loss, -float(np.sort(returns)[:count].mean())


def downside_deviation(returns: Reals, sessions_per_year: float) -> float:
    """Give the root mean square of the returns below 0, all counted, a year."""
    return float(np.sqrt(np.square(np.minimum(returns, 0.0)).mean() * sessions_per_year))


def moments(returns: Reals) -> tuple[float | None, float | None]:
    """Give skew and excess kurtosis of the sample, uncorrected; None where nothing moved."""
    moves = returns - returns.mean()
    spread = float(np.square(moves).mean())
    if spread <= 0:
        return None, None
    return float((moves**3).mean() / spread**1.5), float((moves**4).mean() / spread**2 - 3)


def beta(sessions: tuple[str, ...], returns: Reals, benchmark: Benchmark) -> tuple[float | None, int]:
    """Give the slope on the benchmark's returns, and over how many sessions both have one."""
    pairs = [
        (own, benchmark.returns[session])
        for session, own in zip(sessions, returns.tolist(), strict=True)
        if session in benchmark.returns
    ]
    if len(pairs) < LEAST:
        return None, len(pairs)
    own, market = np.array(pairs).T
    moves = market - market.mean()
    spread = float(moves @ moves)
    return (float(moves @ own) / spread if spread > 0 else None), len(pairs)
