"""A plain table for a terminal; rich would cost 70 ms.

A number, a moment, and what the first column tells apart are never cut, for what is left of one misleads:
other text gives way, then the last columns go.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tacore.cli.numbers import dump, shortened
from tacore.cli.printable import printable
from tacore.cli.rows import Row
from tacore.cli.text_width import cut, measure, pad, wrapped

GAP = "  "
NARROWEST, NARROWEST_WRAPPED = 12, 24
SENTENCE = 48
FEW = 3
BOLD, DIM, RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d")


class Column(NamedTuple):
    """One column: its cells, to which side they keep, whether they may be cut, or go on in the next line."""

    name: str
    cells: Sequence[str]
    right: bool
    firm: bool
    wrap: bool

    @property
    def content(self) -> int:
        """Give the width of the cells, and of the longest word of the header."""
        return max([measure(each) for each in (*self.cells, *_words(self.name))])

    @property
    def natural(self) -> int:
        """Give the width with nothing cut or wrapped."""
        return max(self.content, measure(self.name))


def table(
    rows: Sequence[Row], columns: Sequence[str], width: int, *, color: bool, wrap: bool = False
) -> tuple[list[str], list[str]]:
    """Lay rows out in columns; give the lines, and the columns that had no room.

    Text that has no room is cut; a sentence, or with ``wrap`` any text, goes on in the next line.
    """
    made = [_column(rows, name, wrap=wrap) for name in columns]
    widths = _fit(made, width)
    shown = list(zip(made, widths, strict=False))
    heads = _stacked([(_header(each.name, wide), wide, each.right) for each, wide in shown], bottom=True)
    lines = [f"{BOLD}{line}{RESET}" if color else line for line in heads]
    for at in range(len(rows)):
        cells = [(each, each.cells[at], wide) for each, wide in shown]
        lines += _stacked(
            [(wrapped(text, wide) if each.wrap else [text], wide, each.right) for each, text, wide in cells]
        )
    return lines, list(columns[len(shown) :])


def cell(value: Any) -> str:  # noqa: ANN401  any JSON value
    """Write a value in one line, for a person: long numbers are shortened, long lists are counted."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return _list(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{printable(str(key))} {cell(each)}" for key, each in value.items())
    return shortened(dump(value))


def _list(value: list[Any]) -> str:
    if all(not isinstance(each, list | Mapping) for each in value):
        texts = [cell(each) for each in value]
        return ("; " if any(" " in each for each in texts) else ", ").join(texts)
    small = [each for each in value if isinstance(each, Mapping) and len(each) < FEW and _plain(each)]
    if len(small) < len(value) or len(value) > FEW:
        return f"[{len(value)}]"
    return ", ".join(" ".join(cell(each) for each in item.values()) for item in small)


def _plain(value: Row) -> bool:
    return not any(isinstance(each, list | Mapping) for each in value.values())


def _column(rows: Sequence[Row], name: str, *, wrap: bool) -> Column:
    values = [row.get(name) for row in rows]
    known = [each for each in values if each is not None]
    numbers = sum(isinstance(each, int | float) and not isinstance(each, bool) for each in known)
    moments = sum(isinstance(each, str) and _MOMENT.match(each) is not None for each in known)
    right = bool(known) and numbers * 2 > len(known)
    firm = bool(known) and numbers + moments == len(known)
    cells = [cell(each) for each in values]
    sentence = any(measure(each) > SENTENCE and " " in each for each in cells)
    return Column(name, cells, right, firm, wrap or sentence)


def _floor(column: Column, *, first: bool) -> int:
    if column.firm or (first and not column.wrap):
        return column.content
    return min(column.content, NARROWEST_WRAPPED if column.wrap else NARROWEST)


def _fit(columns: Sequence[Column], width: int) -> list[int]:
    """Give the widths of the columns that are shown.

    Headers are broken at their underscores first, then the widest text is narrowed, then the last columns go.
    """
    floors = [_floor(each, first=at == 0) for at, each in enumerate(columns)]
    shown = len(columns)
    while shown > 1 and _total(floors[:shown]) > width:
        shown -= 1
    widths = [each.natural for each in columns[:shown]]
    if _total(widths) > width:
        widths = [each.content for each in columns[:shown]]
    while _total(widths) > width:
        loose = [at for at in range(shown) if widths[at] > floors[at]]
        if not loose:
            return [width]
        widths[max(loose, key=lambda at: widths[at])] -= 1
    return widths


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _words(name: str) -> list[str]:
    return re.findall(r"[^_.]+[_.]*|[_.]+", name) or [name]


def _header(name: str, width: int) -> list[str]:
    lines = [""]
    for word in _words(printable(name)):
        if lines[-1] and measure(lines[-1] + word) > width:
            lines.append("")
        lines[-1] += word
    return lines


def _stacked(parts: Sequence[tuple[Sequence[str], int, bool]], *, bottom: bool = False) -> list[str]:
    """Put cells of several lines side by side."""
    height = max(len(lines) for lines, _, _ in parts)
    made = []
    for at in range(height):
        row = []
        for lines, width, right in parts:
            here = at - (height - len(lines) if bottom else 0)
            row.append(pad(cut(lines[here] if 0 <= here < len(lines) else "", width), width, right=right))
        made.append(GAP.join(row).rstrip())
    return made
