"""Historical simulation: today's exposures live through the returns of the lookback again."""

import numpy as np

from tacore.model.history import Reals
from tacore.risk.tail import Tail, scenario_tail

_LEAST_BLOCKS = 10


def historical(prices: Reals, exposures: Reals, confidence: float, horizon: int) -> Tail:
    """Measure over ``horizon`` sessions, on adjusted closes shaped (n, T + 1).

    Overlapping returns over the whole horizon keep what the square root of time assumes away: fat tails,
    trends, volatility that clusters. With fewer than ten horizons in the lookback they are too few and too
    alike; then the one-session figure times the square root of the horizon is given.
    """
    sessions = prices.shape[1] - 1
    overlapping = horizon > 1 and sessions >= _LEAST_BLOCKS * horizon
    step = horizon if overlapping else 1
    returns = prices[:, step:] / prices[:, :-step] - 1.0
    tail = scenario_tail(exposures @ returns, lambda weights: weights @ returns.T, exposures, confidence)
    scale = 1.0 if overlapping else float(np.sqrt(horizon))
    beyond = (1 - confidence) * returns.shape[1]
    few = f"at confidence {confidence:g} less than one of {returns.shape[1]} observations lies beyond VaR"
    return Tail(
        var=tail.var * scale,
        cvar=tail.cvar * scale,
        marginal_var=tail.marginal_var * scale,
        marginal_cvar=tail.marginal_cvar * scale,
        horizon_scaling="none" if horizon == 1 else "overlapping" if overlapping else "sqrt_time",
        warnings=(f"{few}: both are close to the worst one",) if beyond < 1 else (),
    )
