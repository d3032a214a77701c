"""Histories made of bars, for providers that have nothing quicker."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tacore.model import Bar

if TYPE_CHECKING:
    from tacore.model.history import History


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
