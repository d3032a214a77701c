"""Returns of the sample's real history, for risk to be measured on and for other libraries to agree with."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np

from tacore.market.providers.sample import SampleHistory
from tacore.model.history import Reals

SPLIT_INSIDE = datetime(2005, 6, 30, 22, tzinfo=UTC)  # Apple split two for one on 2005-02-28
LAST = datetime(2013, 3, 1, 22, tzinfo=UTC)
SHARES = ("AAPL", "GOOG", "IBM", "MSFT")


@cache
def closes(symbols: Sequence[str] = SHARES, now: datetime = LAST, sessions: int = 505) -> Reals:
    """Read adjusted closes from the provider's bars, shaped (n, sessions), apart from its arrays."""
    sample = SampleHistory()
    rows = [sample.bars(sample.resolve(each, "US"), "1d", now=now, limit=sessions) for each in symbols]
    return np.array([[float(bar.adjusted_close) for bar in row] for row in rows])


def returns(symbols: Sequence[str] = SHARES, now: datetime = LAST, sessions: int = 505) -> Reals:
    """Give simple returns, shaped (n, sessions - 1)."""
    prices = closes(tuple(symbols), now, sessions)
    made: Reals = prices[:, 1:] / prices[:, :-1] - 1
    return made


def by_name(rows: Sequence[Any], key: str = "symbol") -> dict[str, Any]:
    """Index rows of an answer by a field."""
    return {each[key]: each for each in rows}
