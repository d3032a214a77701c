"""What an instrument's beta is measured against: the mean return of many, or one's own, by session."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tacore.analysis.series import factors
from tacore.model.history import History


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Daily returns by session, and what they are of, in words."""

    name: str
    returns: Mapping[str, float]


def benchmark_of(name: str, histories: Iterable[History]) -> Benchmark:
    """Average the adjusted returns of all instruments of some histories, each session by those that traded.

    A return spans two sessions of the instrument's own, so that a pause does not make a fall out of nothing.
    """
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for history in histories:
        sessions = np.datetime_as_string(history.sessions, unit="D").tolist() if len(history.sessions) else []
        total, traded = _returns(history)
        for session, value, count in zip(sessions, total, traded, strict=True):
            if count:
                sums[session] = sums.get(session, 0.0) + value
                counts[session] = counts.get(session, 0) + count
    return Benchmark(name, {session: sums[session] / counts[session] for session in sorted(sums)})


def _returns(history: History) -> tuple[list[float], list[int]]:
    """Give the sum of all returns and their number, for each session."""
    totals = np.zeros(len(history.sessions))
    counts = np.zeros(len(history.sessions), dtype=np.int64)
    for close, adjusted_close in zip(history.close, history.adjusted_close, strict=True):
        traded = np.flatnonzero(np.isfinite(close) & np.isfinite(adjusted_close))
        if len(traded) > 1:
            prices = close[traded] * factors(close[traded], adjusted_close[traded])
            totals[traded[1:]] += prices[1:] / prices[:-1] - 1
            counts[traded[1:]] += 1
    return totals.tolist(), counts.tolist()
