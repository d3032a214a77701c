"""A plain table for a terminal; rich would cost 70 ms."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli.numbers import dump
from tacore.cli.rows import Row

GAP = "  "
NARROWEST = 6
BOLD, DIM, RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def table(
    rows: Sequence[Row], columns: Sequence[str], width: int, *, color: bool
) -> tuple[list[str], list[str]]:
    """Lay rows out in columns; give the lines, and the columns that had no room."""
    cells = [[cell(row.get(column)) for column in columns] for row in rows]
    widths = [max([measure(name), *(measure(line[at]) for line in cells)]) for at, name in enumerate(columns)]
    shown = _fit(widths, width)
    right = [_is_numeric(rows, column) for column in columns[:shown]]
    header = GAP.join(_pad(name, widths[at], right[at]) for at, name in enumerate(columns[:shown]))
    lines = [f"{BOLD}{header.rstrip()}{RESET}" if color else header.rstrip()]
    for line in cells:
        lines.append(GAP.join(_pad(line[at], widths[at], right[at]) for at in range(shown)).rstrip())
    return lines, list(columns[shown:])


def sheet(row: Row, width: int, *, color: bool) -> list[str]:
    """Show one row, a field a line."""
    label = max([measure(str(key)) for key in row], default=0)
    lines = []
    for key, value in row.items():
        name = _pad(str(key), label, right=False)
        text = _cut(cell(value, long=True), max(NARROWEST, width - label - len(GAP)))
        lines.append(f"{DIM}{name}{RESET}{GAP}{text}" if color else f"{name}{GAP}{text}")
    return lines


def cell(value: Any, *, long: bool = False) -> str:  # noqa: ANN401  any JSON value
    """Write a value in one line; what is nested is counted unless it may be ``long``."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value)
    if isinstance(value, list) and all(not isinstance(each, list | Mapping) for each in value):
        return ", ".join(cell(each) for each in value)
    if isinstance(value, list) and not long:
        return f"[{len(value)}]"
    return dump(value)


def measure(text: str) -> int:
    """Count the cells of a terminal that a text takes; East Asian wide letters take two."""
    if text.isascii():
        return len(text)
    return sum(_letter(letter) for letter in text)


def _letter(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _fit(widths: list[int], width: int) -> int:
    """Narrow the widest columns until all fit, else drop the last; gives how many are shown."""
    shown = len(widths)
    while shown > 1 and sum(min(each, NARROWEST) for each in widths[:shown]) + len(GAP) * (shown - 1) > width:
        shown -= 1
    while sum(widths[:shown]) + len(GAP) * (shown - 1) > width and max(widths[:shown]) > NARROWEST:
        widest = max(range(shown), key=lambda at: widths[at])
        widths[widest] -= 1
    return shown


def _pad(text: str, width: int, right: bool) -> str:
    text = _cut(text, width)
    fill = " " * (width - measure(text))
    return fill + text if right else text + fill


def _cut(text: str, width: int) -> str:
    if measure(text) <= width:
        return text
    kept, used = [], 1
    for letter in text:
        used += _letter(letter)
        if used > width:
            break
        kept.append(letter)
    return "".join(kept) + "…"


def _is_numeric(rows: Sequence[Row], column: str) -> bool:
    values = [row.get(column) for row in rows if row.get(column) is not None]
    return bool(values) and all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in values
    )
