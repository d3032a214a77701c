"""The sessions of real exchanges, from exchange_calendars, kept in a file because that library loads slowly.

It imports pandas (over a second, 60 MB): a process that only asks whether a market is open reads the file.
"""

import warnings
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FIRST = date(1990, 1, 1)
_COLUMNS = ("open", "break_start", "break_end", "close")


@dataclass(frozen=True, slots=True)
class Rows:
    """Every session of an exchange, oldest first: epoch microseconds UTC; breaks are 0 where it has none."""

    opens: tuple[int, ...]
    break_starts: tuple[int, ...]
    break_ends: tuple[int, ...]
    closes: tuple[int, ...]


def compute(exchange: str) -> NDArray[np.int64]:
    """Ask the library for every session from 1990, as far ahead as it knows; shaped (4, sessions)."""
    import pandas.errors  # noqa: PLC0415 - slow

    with warnings.catch_warnings():
        if warned := getattr(pandas.errors, "Pandas4Warning", None):
            # The library uses what pandas 4 and a later numpy will drop; nothing else is silenced.
            warnings.simplefilter("ignore", warned)
        warnings.filterwarnings("ignore", "The 'generic' unit for NumPy timedelta", DeprecationWarning)
        import exchange_calendars  # noqa: PLC0415 - slow

        known_from = exchange_calendars.get_calendar(exchange).bound_min()
        start = FIRST if known_from is None else max(FIRST, known_from.date())
        schedule = exchange_calendars.get_calendar(exchange, start=start.isoformat()).schedule
        columns = [schedule[name].dt.tz_localize(None).to_numpy() for name in _COLUMNS]
    moments = np.array(columns).astype("datetime64[us]")
    return np.where(np.isnat(moments), 0, moments.astype(np.int64))


def file_name(exchange: str, today: date) -> str:
    """Name the file: a new version of the library, and a new month, make a new one."""
    return f"{exchange}-{version('exchange-calendars')}-{today:%Y-%m}.npy"


def write(exchange: str, path: Path) -> None:
    """Compute and keep an exchange's sessions; the file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        np.save(file, compute(exchange), allow_pickle=False)
    unfinished.replace(path)


def read(path: Path) -> Rows:
    """Give what ``write`` kept."""
    return as_rows(np.load(path, allow_pickle=False))


def as_rows(values: NDArray[np.int64]) -> Rows:
    """Give the rows of an array."""
    return Rows(*(tuple(each) for each in values.tolist()))
