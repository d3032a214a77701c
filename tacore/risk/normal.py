"""VaR and CVaR in closed form: normal, and corrected for skewness and kurtosis.

The mean is taken as zero (RiskMetrics Technical Document, 4th edition, 1996, section 4.1: at these horizons a
sample's mean is mostly noise); variances and covariances are about the sample's mean.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tacore.model.history import Reals
from tacore.risk.tail import Tail, no_tail

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """A portfolio's moments in money, with their derivatives by the exposures, shaped (n,)."""

    deviation: float
    skewness: float
    kurtosis: float
    by_deviation: Reals
    by_skewness: Reals
    by_kurtosis: Reals


def moments(returns: Reals, exposures: Reals) -> Moments | None:
    """Take the moments of returns shaped (n, T); ``kurtosis`` is in excess. None where nothing moves.

    The deviation has T - 1 degrees of freedom, skewness and kurtosis are the sample's.
    """
    count = returns.shape[1]
    centred = returns - returns.mean(axis=1, keepdims=True)
    gains = exposures @ centred
    variance = float(gains @ gains) / count
    size = float(np.abs(exposures).max(initial=0.0))
    if variance <= (1e-12 * size) ** 2:
        return None
    scale = np.sqrt(variance)
    unit = gains / scale
    first, second, third = (centred @ unit**power / count / scale for power in (1, 2, 3))
    skewness, kurtosis = float((unit**3).mean()), float((unit**4).mean()) - 3
    freedom = np.sqrt(count / (count - 1))
    return Moments(
        deviation=float(scale * freedom),
        skewness=skewness,
        kurtosis=kurtosis,
        by_deviation=first * scale * freedom,
        by_skewness=3 * second - 3 * skewness * first,
        by_kurtosis=4 * third - 4 * (kurtosis + 3) * first,
    )


def parametric(returns: Reals, exposures: Reals, confidence: float, horizon: int) -> Tail:
    """Take returns as jointly normal: VaR = z s √h and CVaR = φ(z) / (1 - c) s √h, s the deviation."""
    found = moments(returns, exposures)
    if found is None:
        return no_tail(len(exposures))
    z = _NORMAL.inv_cdf(confidence)
    root = float(np.sqrt(horizon))
    mean_beyond = _NORMAL.pdf(z) / (1 - confidence)
    return Tail(
        var=z * found.deviation * root,
        cvar=mean_beyond * found.deviation * root,
        marginal_var=found.by_deviation * (z * root),
        marginal_cvar=found.by_deviation * (mean_beyond * root),
        horizon_scaling="none" if horizon == 1 else "sqrt_time",
    )


def cornish_fisher(returns: Reals, exposures: Reals, confidence: float, horizon: int) -> Tail:
    """Correct the normal quantile for skewness and kurtosis (Cornish and Fisher, 1938).

    CVaR is the mean of the corrected quantiles beyond (Maillard, A user's guide to the Cornish Fisher
    expansion, 2012). Over h sessions skewness shrinks by √h and kurtosis by h, as for independent returns.
    """
    found = moments(returns, exposures)
    if found is None:
        return no_tail(len(exposures))
    root = float(np.sqrt(horizon))
    skewness, kurtosis = found.skewness / root, found.kurtosis / horizon
    var, marginal_var = _bent(found, _quantile(confidence, skewness, kurtosis), horizon)
    cvar, marginal_cvar = _bent(found, _mean_beyond(confidence, skewness, kurtosis), horizon)
    return Tail(
        var=var,
        cvar=cvar,
        marginal_var=marginal_var,
        marginal_cvar=marginal_cvar,
        horizon_scaling="none" if horizon == 1 else "sqrt_time",
        warnings=() if in_domain(skewness, kurtosis) else (_outside(skewness, kurtosis),),
    )


def _bent(found: Moments, shape: tuple[float, float, float], horizon: int) -> tuple[float, Reals]:
    """Give a loss from its size in deviations (and derivatives), and its derivatives by exposures."""
    root = float(np.sqrt(horizon))
    size, by_skewness, by_kurtosis = shape
    bent = by_skewness * found.by_skewness / root + by_kurtosis * found.by_kurtosis / horizon
    return size * found.deviation * root, root * (size * found.by_deviation + found.deviation * bent)


def in_domain(skewness: float, kurtosis: float) -> bool:
    """Tell whether the corrected quantile rises with the normal one everywhere (Maillard, 2012)."""
    curved = kurtosis / 8 - skewness**2 / 6
    level = 1 - kurtosis / 8 + 5 * skewness**2 / 36
    return curved >= 0 and level > 0 and (skewness / 3) ** 2 <= 4 * curved * level


def _outside(skewness: float, kurtosis: float) -> str:
    return (
        f"skewness {skewness:.2f} and excess kurtosis {kurtosis:.2f} lie outside the domain in which a "
        "Cornish-Fisher quantile is one; historical or monte_carlo is safer here"
    )


def _quantile(confidence: float, skewness: float, kurtosis: float) -> tuple[float, float, float]:
    """Give the loss at a confidence in deviations, and its derivatives by skewness and kurtosis."""
    z = _NORMAL.inv_cdf(1 - confidence)
    by_square = -(z**2 - 1) / 6
    by_cube = (2 * z**3 - 5 * z) / 36
    by_kurtosis = -(z**3 - 3 * z) / 24
    value = -z + by_square * skewness + by_kurtosis * kurtosis + by_cube * skewness**2
    return value, by_square + 2 * by_cube * skewness, by_kurtosis


def _mean_beyond(confidence: float, skewness: float, kurtosis: float) -> tuple[float, float, float]:
    """Give the mean loss beyond a confidence in deviations, and its derivatives likewise."""
    z = _NORMAL.inv_cdf(1 - confidence)
    height = _NORMAL.pdf(z) / (1 - confidence)
    by_linear, by_kurtosis, by_square = z / 6, (z**2 - 1) / 24, -(2 * z**2 - 1) / 36
    value = height * (1 + by_linear * skewness + by_kurtosis * kurtosis + by_square * skewness**2)
    return value, height * (by_linear + 2 * by_square * skewness), height * by_kurtosis
