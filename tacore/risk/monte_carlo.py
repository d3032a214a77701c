"""Monte Carlo: normal scenarios drawn from the sample's covariance, the same for the same seed."""

from collections.abc import Iterator

import numpy as np

from tacore.model.history import Reals
from tacore.risk.tail import Tail, scenario_tail

_AT_ONCE = 6_000_000  # numbers: 48 MB, which hold the default simulations of any portfolio with 504 returns


def simulated_numbers(positions: int, sessions: int, simulations: int) -> int:
    """Tell how many random numbers a simulation draws."""
    return simulations * min(positions, sessions)


def monte_carlo(
    returns: Reals, exposures: Reals, confidence: float, horizon: int, seed: int, simulations: int
) -> Tail:
    """Simulate the sum of ``horizon`` normal returns with zero mean and the covariance of returns (n, T)."""
    loads: Reals = loadings(returns) * np.sqrt(horizon)
    drawn = _Draws(seed, simulations, loads.shape[1])
    of_portfolio = exposures @ loads
    gains = np.concatenate([block @ of_portfolio for block in drawn])

    def mean_of(weights: Reals) -> Reals:
        factors = np.zeros((len(weights), loads.shape[1]))
        first = 0
        for block in drawn:
            factors += weights[:, first : first + len(block)] @ block
            first += len(block)
        means: Reals = factors @ loads.T
        return means

    tail = scenario_tail(gains, mean_of, exposures, confidence)
    scaling = "none" if horizon == 1 else "sqrt_time"
    return Tail(tail.var, tail.cvar, tail.marginal_var, tail.marginal_cvar, scaling)


def loadings(returns: Reals) -> Reals:
    """Give A, shaped (n, k), with A Aᵀ the sample covariance (T - 1 degrees of freedom).

    With more positions than sessions the centred returns are such a matrix themselves. Else it is the
    Cholesky factor, or where the covariance is not positive definite (a position twice, one that never
    moves) the one from its eigenvalues, the negative ones of rounding taken as zero.
    """
    positions, sessions = returns.shape
    centred = np.asarray(returns - returns.mean(axis=1, keepdims=True), dtype=np.float64)
    centred /= np.sqrt(sessions - 1)
    if positions > sessions:
        return centred
    covariance = centred @ centred.T
    try:
        factor = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        factor = vectors * np.sqrt(np.clip(values, 0.0, None))
    return factor


class _Draws:
    """Standard normal numbers in blocks of rows; drawn again each time unless one block holds them all."""

    def __init__(self, seed: int, rows: int, columns: int) -> None:
        self._seed = seed
        self._columns = columns
        most = max(1, _AT_ONCE // columns)
        self._sizes = [min(most, rows - done) for done in range(0, rows, most)]
        self._only = self._block(0) if len(self._sizes) == 1 else None

    def __iter__(self) -> Iterator[Reals]:
        if self._only is not None:
            yield self._only
            return
        for number in range(len(self._sizes)):
            yield self._block(number)

    def _block(self, number: int) -> Reals:
        source = np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(number,)))
        return source.standard_normal((self._sizes[number], self._columns))
