"""Bring price files of common shapes into the history folder: read, check, write whole or not at all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from tacore.errors import NotFound
from tacore.market.calendars import Sessions
from tacore.market.files.checks import check
from tacore.market.files.columns import ADJUSTED, LINE, NUMBERS, SESSION, SYMBOL
from tacore.market.files.folder import file_of, stem_of
from tacore.market.files.problems import BadPrice, UnreadableFile
from tacore.market.files.table import read_table
from tacore.market.hours import HOURS
from tacore.market.symbols import canonical

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Into:
    """Where to, and how to read: ``symbol`` names a single file's, ``kind`` is csv or parquet."""

    market: str
    folder: Path
    sessions: Sessions
    symbol: str | None = None
    kind: str | None = None
    date_format: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one symbol: written, replaced, valid (nothing is written) or refused with problems.

    ``notes`` are no errors: sessions that are missing, rows on days without a session.
    """

    symbol: str
    state: str
    file: Path
    first: date | None = None
    last: date | None = None
    rows: int = 0
    gaps: int = 0
    problems: Sequence[BadPrice] = ()
    notes: Sequence[str] = field(default=())


def price_files(path: Path, kind: str | None = None) -> list[Path]:
    """Give a file, or a folder's price files; NotFound where there is none."""
    if path.is_file():
        return [path]
    if not path.exists():
        raise NotFound(f"{path}: no such file or folder")
    found = [each for each in sorted(path.iterdir()) if each.is_file() and (kind or stem_of(each))]
    if not found:
        raise NotFound(f"{path} has no price files (.csv, .csv.gz or .parquet)")
    return found


def import_file(path: Path, into: Into) -> Iterator[Imported]:
    """Import the one symbol of a file, or each of its symbol column."""
    try:
        table = read_table(path, HOURS[into.market].zone, kind=into.kind, date_format=into.date_format)
    except UnreadableFile as error:
        yield Imported(into.symbol or path.name, "refused", path, problems=[error.problem])
        return
    if SYMBOL not in table.frame.columns:
        symbol = into.symbol or stem_of(path) or path.stem
        yield _import(symbol, table.frame, table.problems, path, into)
        return
    for (symbol,), frame in table.frame.partition_by(SYMBOL, as_dict=True, maintain_order=True).items():
        if into.symbol is None or canonical(str(symbol), into.market) == canonical(into.symbol, into.market):
            theirs = set(frame[LINE].to_list())
            problems = [each for each in table.problems if each.line in theirs]
            yield _import(str(symbol or ""), frame, problems, path, into)


def _import(
    spelling: str, frame: pl.DataFrame, unread: Sequence[BadPrice], path: Path, into: Into
) -> Imported:
    symbol = canonical(spelling, into.market)
    problems = [*unread, *check(frame, path.name)]
    try:
        target = file_of(into.folder, symbol)
    except ValueError:
        reason = "is no symbol; --symbol names the one of a single file"
        return Imported(
            spelling, "refused", path, problems=[BadPrice(path.name, 0, SYMBOL, spelling, reason)]
        )
    if not problems and frame.is_empty():
        problems = [BadPrice(path.name, 0, "", "", "has no rows")]
    if problems:
        return Imported(symbol, "refused", path, rows=len(frame), problems=problems)
    frame = frame.sort(SESSION)
    days = frame[SESSION].to_list()
    gaps, notes = _gaps(days, into.sessions)
    state = "valid" if into.dry_run else _write(frame, target)
    return Imported(symbol, state, target, days[0], days[-1], len(days), gaps, notes=notes)


def _gaps(days: Sequence[date], sessions: Sessions) -> tuple[int, list[str]]:
    """Count the market's sessions that are missing, and say so; also of rows on days without one."""
    regular = sessions.days(days[0], days[-1])
    missing = sorted(set(regular) - set(days))
    odd = sorted(set(days) - set(regular))
    notes = [
        f"{len(found)} {what}: {', '.join(map(str, found[:_SHOWN]))}{' ...' if found[_SHOWN:] else ''}"
        for found, what in ((missing, "sessions are missing"), (odd, "rows are on days without a session"))
        if found
    ]
    return len(missing), notes


def _write(frame: pl.DataFrame, target: Path) -> str:
    state = "replaced" if target.exists() else "written"
    target.parent.mkdir(parents=True, exist_ok=True)
    columns = [each for each in (*NUMBERS, ADJUSTED) if each in frame.columns]
    unfinished = target.with_name(f".{target.name}.unfinished")
    frame.select(pl.col(SESSION).alias("date"), *columns).write_parquet(unfinished)
    unfinished.replace(target)
    return state
