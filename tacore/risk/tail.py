"""VaR and CVaR of a set of scenarios, and what each position adds to them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tacore.model.history import Reals

# What the positions return in weighted means of the scenarios: weights (k, S) in, returns (k, n) out.
MeanOf = Callable[[Reals], Reals]
_MOST_RESCALED = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """VaR and CVaR in money, and what one more unit of money in each position (n,) adds to them.

    Marginals times exposures add up to the total (Euler's theorem: both are homogeneous of degree one).
    """

    var: float
    cvar: float
    marginal_var: Reals
    marginal_cvar: Reals
    horizon_scaling: str = "none"
    warnings: tuple[str, ...] = ()


def no_tail(positions: int) -> Tail:
    """Give the tail of a portfolio that can't lose anything."""
    return Tail(0.0, 0.0, np.zeros(positions), np.zeros(positions))


def floored(tail: Tail) -> Tail:
    """Give a loss of 0 where the figure would be a gain; CVaR is never below VaR."""
    var, cvar = max(0.0, tail.var), max(0.0, tail.cvar)
    nothing = np.zeros_like(tail.marginal_var)
    marginal_var = tail.marginal_var if tail.var > 0 else nothing
    marginal_cvar = tail.marginal_cvar if tail.cvar > 0 else nothing
    if cvar < var:
        cvar, marginal_cvar = var, marginal_var
    return Tail(var, cvar, marginal_var, marginal_cvar, tail.horizon_scaling, tail.warnings)


def scenario_tail(gains: Reals, mean_of: MeanOf, exposures: Reals, confidence: float) -> Tail:
    """Measure scenarios whose gains, shaped (S,), are a portfolio's.

    VaR is the quantile with linear interpolation between order statistics (type 7 of Hyndman and Fan, The
    American Statistician 50, 1996); CVaR is the mean of the gains at or below its lower neighbour. A
    position's part of CVaR is its mean in those scenarios; its part of VaR is its mean under a Gaussian
    kernel around VaR (Epperlein and Smillie, Cracking VaR with kernels, Risk 19, 2006), scaled so that the
    parts add up to it.
    """
    count = len(gains)
    place = round((1 - confidence) * (count - 1), 9)
    low = int(place)
    order = np.argsort(gains, kind="stable")
    nearest = np.zeros(count)
    nearest[order[low]] = 1 - (place - low)
    nearest[order[min(low + 1, count - 1)]] += place - low
    beyond = np.zeros(count)
    beyond[order[: low + 1]] = 1 / (low + 1)
    var = -float(nearest @ gains)
    smooth, exact, mean_beyond = -mean_of(np.stack([_kernel(gains, var), nearest, beyond]))
    return Tail(
        var=var,
        cvar=-float(beyond @ gains),
        marginal_var=_scaled(smooth, exact, var, exposures),
        marginal_cvar=mean_beyond,
    )


def _kernel(gains: Reals, var: float) -> Reals:
    """Weigh scenarios by how near to VaR they are; all zero where none is near or nothing moves."""
    width = 1.06 * float(gains.std()) * len(gains) ** -0.2
    weights: Reals = np.exp(-0.5 * ((gains + var) / width) ** 2) if width > 0 else np.zeros(len(gains))
    return weights / max(float(weights.sum()), np.finfo(float).tiny)


def _scaled(smooth: Reals, exact: Reals, var: float, exposures: Reals) -> Reals:
    """Scale the kernel's marginals to VaR; where that fails, take the two scenarios next to VaR."""
    total = float(exposures @ smooth)
    if 0 < var < _MOST_RESCALED * total and total < _MOST_RESCALED * var:
        return smooth * (var / total)
    return exact
