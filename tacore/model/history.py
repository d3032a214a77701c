"""Daily history of many instruments as arrays: what features, indicators and risk are computed from.

Apart from the other values because it needs numpy, which nothing on the way of a request should import.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Sessions of N instruments on one calendar of T dates, oldest first.

    ``sessions`` is shaped (T,), datetime64[D]: the exchange's dates. The prices and ``volume`` are shaped
    (N, T), NaN where an instrument had no session. ``open``, ``high``, ``low`` and ``close`` are raw;
    ``adjusted_close`` has later splits and dividends taken out of ``close``. ``sources`` and ``simulated``
    tell of each instrument which provider its values come from, and whether it invents them.
    """

    symbols: tuple[str, ...]
    sources: tuple[str, ...]
    simulated: tuple[bool, ...]
    sessions: Days
    open: Reals
    high: Reals
    low: Reals
    close: Reals
    volume: Reals
    adjusted_close: Reals

    def take(self, rows: Sequence[int]) -> "History":
        """Give some of the instruments, in that order."""
        picked = np.asarray(rows, dtype=np.intp)
        return History(
            symbols=tuple(self.symbols[row] for row in rows),
            sources=tuple(self.sources[row] for row in rows),
            simulated=tuple(self.simulated[row] for row in rows),
            sessions=self.sessions,
            open=self.open[picked],
            high=self.high[picked],
            low=self.low[picked],
            close=self.close[picked],
            volume=self.volume[picked],
            adjusted_close=self.adjusted_close[picked],
        )


def joined(parts: Sequence[History]) -> History:
    """Put histories of one calendar under each other; there is at least one."""
    first, *rest = parts
    if not rest:
        return first
    return History(
        symbols=tuple(each for part in parts for each in part.symbols),
        sources=tuple(each for part in parts for each in part.sources),
        simulated=tuple(each for part in parts for each in part.simulated),
        sessions=first.sessions,
        open=np.concatenate([part.open for part in parts]),
        high=np.concatenate([part.high for part in parts]),
        low=np.concatenate([part.low for part in parts]),
        close=np.concatenate([part.close for part in parts]),
        volume=np.concatenate([part.volume for part in parts]),
        adjusted_close=np.concatenate([part.adjusted_close for part in parts]),
    )
