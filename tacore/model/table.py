"""A market's feature table: numbers to filter by, and texts to show, a row per instrument in symbol order.

Apart from the other values because it needs numpy, which nothing on the way of a request should import.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Moments = NDArray[np.int64]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a table is of; ``full`` where it has the features that need history. Times are epoch microseconds.

    ``market_us`` is the market's time of its quotes, ``built_us`` wall time.
    """

    market: str
    source: str
    simulated: bool
    full: bool
    market_us: int
    built_us: int
    missing: dict[str, str] = {}
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """The columns; ``exact`` are numbers as the provider wrote them, empty where not known."""

    facts: Facts
    numbers: Mapping[str, Reals]
    texts: Mapping[str, Sequence[str]]
    exact: Mapping[str, Sequence[str]]
    as_of_us: Moments

    def __len__(self) -> int:
        return len(self.as_of_us)

    def row(self, symbol: str) -> int | None:
        """Find an instrument."""
        symbols = self.texts["symbol"]
        place = bisect_left(symbols, symbol)
        return place if place < len(symbols) and symbols[place] == symbol else None


def datetime_of(us: int) -> datetime:
    """Give epoch microseconds as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=int(us))


def epoch_us(moment: datetime) -> int:
    """Give a moment in epoch microseconds."""
    return (moment - _EPOCH) // _TICK
