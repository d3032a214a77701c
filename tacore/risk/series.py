"""Figures of a series of returns: volatility, beta, drawdown."""

import numpy as np

from tacore.model.history import Reals


def volatility(returns: Reals, sessions_per_year: int) -> Reals:
    """Give the annualised standard deviation (T - 1 degrees of freedom) along the last axis."""
    if returns.shape[-1] < 2:  # noqa: PLR2004 - a deviation needs two
        return np.zeros(returns.shape[:-1])
    made: Reals = returns.std(axis=-1, ddof=1) * np.sqrt(sessions_per_year)
    return made


def beta(returns: Reals, benchmark: Reals) -> Reals:
    """Give covariance with the benchmark, shaped (T,), over its variance, along the last axis.

    NaN where the benchmark does not move.
    """
    centred = benchmark - benchmark.mean()
    variance = float(centred @ centred)
    if variance <= np.finfo(float).tiny:
        return np.full(returns.shape[:-1], np.nan)
    made: Reals = returns @ centred / variance
    return made


def max_drawdown(returns: Reals) -> float:
    """Give the deepest fall from a peak of compounded returns, from 0 to -1, the start counted as a peak."""
    wealth = np.concatenate(([1.0], np.cumprod(np.maximum(1.0 + returns, 0.0))))
    return float((wealth / np.maximum.accumulate(wealth) - 1.0).min())
