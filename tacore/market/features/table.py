"""Make feature tables of instruments, their quotes and their history."""

from collections.abc import Sequence

import msgspec
import numpy as np

from tacore.market.features.catalogue import EXACT
from tacore.market.features.columns import history_columns, quote_columns
from tacore.model import Instrument, Quote
from tacore.model.history import History
from tacore.model.table import Facts, Table, datetime_of, epoch_us

SESSIONS = 260
"""Sessions of history a table is made of: a year, and the days that differences need."""
TEXTS = ("symbol", "name", "sector", "currency")


def make_table(
    instruments: Sequence[Instrument],
    quotes: Sequence[Quote | None],
    history: Sequence[History] | None,
    facts: Facts,
) -> Table:
    """Compute a table of instruments in symbol order.

    The parts of ``history`` have them all between them, in that order; None leaves out what needs it.
    """
    priced = [row for row, quote in enumerate(quotes) if quote is not None]
    listed = [instruments[row] for row in priced]
    known = [quote for quote in quotes if quote is not None]
    numbers = quote_columns(known)
    if history is not None:
        numbers |= history_columns(_priced(history, quotes), known, facts.market)
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
        as_of_us=np.array([epoch_us(each.as_of) for each in known], dtype=np.int64),
    )


def _priced(parts: Sequence[History], quotes: Sequence[Quote | None]) -> list[History]:
    """Leave out the rows that have no quote."""
    kept, first = [], 0
    for part in parts:
        count = len(part.symbols)
        rows = [row for row in range(count) if quotes[first + row] is not None]
        kept.append(part if len(rows) == count else part.take(rows))
        first += count
    return kept


def _text(value: object) -> str:
    return "" if value is None else str(value)
