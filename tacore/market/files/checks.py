"""What must hold of prices: whole, ordered, positive, and with high and low around open and close."""

from collections.abc import Sequence

import polars as pl

from tacore.market.files.columns import ADJUSTED, LINE, SESSION
from tacore.market.files.problems import BadPrice

# The column that is wrong, when it is, what to say, and the other columns to show.
_RULES: tuple[tuple[str, pl.Expr, str, tuple[str, ...]], ...] = (
    *((each, pl.col(each) <= 0, "a price is above zero", ()) for each in ("open", "high", "low", "close")),
    ("volume", pl.col("volume") < 0, "a volume is not below zero", ()),
    ("high", pl.col("high") < pl.max_horizontal("open", "close"), "is below", ("open", "close")),
    ("low", pl.col("low") > pl.min_horizontal("open", "close"), "is above", ("open", "close")),
)
_ADJUSTED = (ADJUSTED, pl.col(ADJUSTED) <= 0, "a price is above zero", ())


def check(frame: pl.DataFrame, file: str) -> list[BadPrice]:
    """Tell what is wrong with the rows of one symbol, by line."""
    problems = _repeated(frame, file)
    rules = (*_RULES, _ADJUSTED) if ADJUSTED in frame.columns else _RULES
    for column, wrong, reason, others in rules:
        for row in frame.filter(wrong.fill_null(value=False)).iter_rows(named=True):
            beside = " or ".join(f"{each} {row[each]}" for each in others)
            said = f"{reason} {beside}".rstrip()
            problems.append(BadPrice(file, row[LINE], column, str(row[column]), said))
    return sorted(problems, key=lambda each: each.line)


def sessions_of(frame: pl.DataFrame) -> Sequence[str]:
    """Give the dates of a frame, as text."""
    return frame[SESSION].dt.to_string("%Y-%m-%d").to_list()


def _repeated(frame: pl.DataFrame, file: str) -> list[BadPrice]:
    firsts: dict[object, int] = {}
    problems = []
    for line, session in frame.select(LINE, SESSION).drop_nulls().iter_rows():
        if session in firsts:
            reason = f"is on line {firsts[session]} already"
            problems.append(BadPrice(file, line, "date", session.isoformat(), reason))
        firsts.setdefault(session, line)
    return problems
