"""A market's feature table: numbers to filter by, and texts to show, a row per instrument in symbol order."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from tacore.market.features.catalogue import EXACT
from tacore.market.features.columns import history_columns, quote_columns
from tacore.market.features.indicators import Reals
from tacore.model import Instrument, Quote
from tacore.model.history import History

SESSIONS = 260
"""Sessions of history a table is made of: a year, and the days that differences need."""
TEXTS = ("symbol", "name", "sector", "currency")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
Moments = NDArray[np.int64]


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


def make_table(
    instruments: Sequence[Instrument],
    quotes: Sequence[Quote | None],
    history: History | None,
    facts: Facts,
) -> Table:
    """Compute a table; instruments come in symbol order, with a quote and, if any, a row of history each."""
    priced = [row for row, quote in enumerate(quotes) if quote is not None]
    listed = [instruments[row] for row in priced]
    known = [quote for quote in quotes if quote is not None]
    numbers = quote_columns(known)
    if history is not None:
        rows = history if len(priced) == len(quotes) else history.take(priced)
        numbers |= history_columns(rows, known, facts.market)
    when = datetime_of(facts.market_us).isoformat()
    missing = {
        each.symbol: f"no price yet at {when}"
        for each, quote in zip(instruments, quotes, strict=True)
        if quote is None
    }
    return Table(
        facts=msgspec.structs.replace(facts, missing=missing, full=history is not None),
        numbers=numbers,
        texts={name: [str(getattr(each, name) or "") for each in listed] for name in TEXTS},
        exact={name: [_text(getattr(each, name)) for each in known] for name in EXACT},
        as_of_us=np.array([(each.as_of - _EPOCH) // _TICK for each in known], dtype=np.int64),
    )


def datetime_of(us: int) -> datetime:
    """Give epoch microseconds as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=int(us))


def epoch_us(moment: datetime) -> int:
    """Give a moment in epoch microseconds."""
    return (moment - _EPOCH) // _TICK


def _text(value: object) -> str:
    return "" if value is None else str(value)
