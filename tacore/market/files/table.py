"""Read a price file of any common shape into one: a row per session, exact decimals, and each row's line."""

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

import polars as pl

from tacore.market.files.columns import ADJUSTED, LINE, NEEDED, NUMBERS, SESSION, SYMBOL, recognise
from tacore.market.files.problems import BadPrice, UnreadableFile
from tacore.market.files.sessions import longest, session_dates

_RAW = "raw_"
_MOST_PLACES = 12
_DIGITS = 38


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file, and what could not be read in them.

    Columns: line, session (Date), symbol (where the file has one), open, high, low, close, volume and perhaps
    adjusted_close (Decimal), each null where it could not be read, and as ``raw_NAME`` what was there.
    """

    frame: pl.DataFrame
    problems: tuple[BadPrice, ...]
    adjusted: bool


def read_table(path: Path, zone: str, *, kind: str | None = None, date_format: str | None = None) -> Table:
    """Read a file as CSV or Parquet, by ``kind`` or its name; dates are those of the zone.

    Raises UnreadableFile where it is no table, or lacks a column.
    """
    raw = _parquet(path) if (kind or kind_of(path)) == "parquet" else _csv(path)
    names = recognise(raw.columns)
    lacking = [each for each in NEEDED if each not in names]
    if lacking:
        reason = f"no such column; the file has {', '.join(each for each in raw.columns if each != LINE)}"
        raise UnreadableFile(BadPrice(path.name, 0, ", ".join(lacking), "", reason))
    frame = raw.select(
        pl.col(LINE),
        *(pl.col(name).alias(_RAW + column) for column, name in names.items() if column != SESSION),
        *(pl.col(names[each]).cast(pl.String).alias(_RAW + each) for each in (SESSION,)),
        _dates(path, raw[names[SESSION]], zone, date_format).alias(SESSION),
    )
    numbers = [each for each in (*NUMBERS, ADJUSTED) if each in names]
    frame = frame.with_columns(_decimals(frame[_RAW + each]).alias(each) for each in numbers)
    if SYMBOL in names:
        frame = frame.with_columns(pl.col(_RAW + SYMBOL).cast(pl.String).str.strip_chars().alias(SYMBOL))
    return Table(frame, tuple(_unread(frame, path.name, (SESSION, *numbers))), ADJUSTED in names)


def _dates(path: Path, raw: pl.Series, zone: str, date_format: str | None) -> pl.Series:
    try:
        return session_dates(raw, zone, date_format)
    except pl.exceptions.PolarsError as error:
        problem = BadPrice(path.name, 0, raw.name, date_format or "", _first_line(error))
        raise UnreadableFile(problem) from error


def kind_of(path: Path) -> str:
    """Tell what a file is by its name: csv or parquet."""
    return "parquet" if path.suffix.lower() == ".parquet" else "csv"


def _parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path).with_row_index(LINE, offset=1)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UnreadableFile(
            BadPrice(path.name, 0, "", "", f"is no Parquet file: {_first_line(error)}")
        ) from error


def _csv(path: Path) -> pl.DataFrame:
    try:
        with _opened(path) as file:
            heading = file.readline()
        separator = max(",;\t", key=heading.count)
        # As text: a float would lose digits of the price.
        return pl.read_csv(path, separator=separator, infer_schema=False).with_row_index(LINE, offset=2)
    except pl.exceptions.NoDataError as error:
        raise UnreadableFile(BadPrice(path.name, 0, "", "", "is empty")) from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(BadPrice(path.name, 0, "", "", "is no text in UTF-8")) from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UnreadableFile(_ragged(path) or BadPrice(path.name, 0, "", "", _first_line(error))) from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _ragged(path: Path) -> BadPrice | None:
    """Find the first line with more fields than the heading."""
    try:
        with _opened(path) as file:
            rows = csv.reader(file)
            width = len(next(rows))
            for row in rows:
                if len(row) > width:
                    reason = f"has {len(row)} fields, the heading {width}"
                    return BadPrice(path.name, rows.line_num, "", "", reason)
    except (OSError, UnicodeDecodeError, csv.Error, StopIteration):
        return None
    return None


def _decimals(raw: pl.Series) -> pl.Series:
    """Read numbers exactly; currency signs and thousands' commas are left out, what is none becomes null."""
    if isinstance(raw.dtype, pl.Decimal):
        return raw
    text = raw.cast(pl.String).str.replace_all(r"[$¥€,\s]", "")
    places = longest(text.str.extract(r"\.(\d+)$"))
    exponents = text.str.contains("[eE]").any()
    scale = _MOST_PLACES if exponents else min(places, _MOST_PLACES)
    return text.cast(pl.Decimal(_DIGITS, scale), strict=False)


def _unread(frame: pl.DataFrame, file: str, columns: Sequence[str]) -> list[BadPrice]:
    problems = []
    for column in columns:
        bad = frame.filter(pl.col(column).is_null()).select(LINE, _RAW + column)
        for line, value in bad.iter_rows():
            shown = "" if value is None else str(value).strip()
            reason = ("is no date" if column == SESSION else "is no number") if shown else "is missing"
            called = "date" if column == SESSION else column
            problems.append(BadPrice(file, line, called, shown, reason))
    return problems


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
