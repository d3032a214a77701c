"""Histories made of bars, for providers that have nothing quicker, and of other histories."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tacore.model import Bar

if TYPE_CHECKING:
    from tacore.model.history import Days, History


def history_of(
    symbols: Sequence[str], bars: Sequence[Sequence[Bar]], *, source: str, simulated: bool, sessions: int
) -> "History":
    """Lay daily bars, one sequence per symbol, on the calendar of all their sessions; the newest are kept."""
    import numpy as np  # noqa: PLC0415 - keeps numpy out of the broker

    from tacore.model.history import History  # noqa: PLC0415 - numpy

    days = sorted({bar.session for each in bars for bar in each})[-sessions:] if sessions else []
    place = {day: column for column, day in enumerate(days)}
    values = np.full((6, len(symbols), len(days)), np.nan)
    for row, each in enumerate(bars):
        for bar in each:
            if (column := place.get(bar.session)) is not None:
                values[:, row, column] = (
                    bar.open,
                    bar.high,
                    bar.low,
                    bar.close,
                    bar.volume,
                    bar.adjusted_close,
                )
    return History(
        tuple(symbols),
        (source,) * len(symbols),
        (simulated,) * len(symbols),
        np.array(days, dtype="datetime64[D]"),
        *values,
    )


def merge_histories(
    symbols: Sequence[str], parts: Sequence[tuple[Sequence[int], "History"]], *, sessions: int
) -> "History":
    """Lay histories on the calendar of all their sessions; the newest are kept.

    Each part says which of the ``symbols`` its rows are; a symbol in none of them has no value and no source.
    """
    import numpy as np  # noqa: PLC0415 - keeps numpy out of the broker

    from tacore.model.history import History  # noqa: PLC0415 - numpy

    days = np.unique(np.concatenate([each.sessions for _, each in parts])) if parts else _no_days()
    days = days[-sessions:] if sessions else days[:0]
    values = np.full((6, len(symbols), len(days)), np.nan)
    sources, simulated = [""] * len(symbols), [False] * len(symbols)
    for rows, each in parts:
        kept = np.isin(each.sessions, days)
        columns = np.searchsorted(days, each.sessions[kept])
        for number, name in enumerate(("open", "high", "low", "close", "volume", "adjusted_close")):
            values[number, np.asarray(rows, dtype=np.intp)[:, None], columns] = getattr(each, name)[:, kept]
        for row, source, invented in zip(rows, each.sources, each.simulated, strict=True):
            sources[row], simulated[row] = source, invented
    return History(tuple(symbols), tuple(sources), tuple(simulated), days, *values)


def _no_days() -> "Days":
    import numpy as np  # noqa: PLC0415 - keeps numpy out of the broker

    return np.empty(0, dtype="datetime64[D]")
