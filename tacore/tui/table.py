"""Tables without a terminal: columns, rows, what a filter lets pass, and in which order."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from tacore.errors import bad_param
from tacore.tui.snapshot import Snapshot

REST = 0
"""The width of the column that takes what is left."""


class Column(NamedTuple):
    """A column of a table; where there is room it grows to ``most``, and no other takes its place.

    Where there is none, columns of the highest ``level`` go first.
    """

    name: str
    title: str
    width: int
    right: bool = False
    level: int = 0
    most: int = 0


class Cell(NamedTuple):
    """What stands in a cell, what it is ordered by, and its tone: good, warn, bad, dim or none."""

    text: str
    value: Any = None
    tone: str = ""


class Row(NamedTuple):
    """A row; ``key`` tells it from all others as long as the table lives, ``source`` is what it shows."""

    key: str
    cells: tuple[Cell, ...]
    source: Any


class Order(NamedTuple):
    """By which column rows are ordered; None is as they come."""

    column: str | None = None
    descending: bool = False


class Table(NamedTuple):
    """A kind of table of a snapshot's ``part``; a ``stream`` gets its new rows on top."""

    name: str
    part: str
    columns: tuple[Column, ...]
    row: Callable[[Any], Row]
    first: Order = Order()
    stream: bool = False

    def rows(self, snapshot: Snapshot, known: Iterable[Row] = ()) -> list[Row]:
        """Give a row for each of the part's things; those of ``known`` are used again for the same things."""
        there = {id(row.source): row for row in known}
        return [there.get(id(each)) or self.row(each) for each in getattr(snapshot, self.part)]

    def position(self, column: str) -> int:
        """Tell where a column is."""
        return [each.name for each in self.columns].index(column)


Test = Callable[[Row], bool]


def reads(table: Table, text: str) -> list[Test]:
    """Read a filter of words, and of ``column:text``; InvalidParams names a column that is none."""
    names = [each.name for each in table.columns]
    return [_test(names, word.lower()) for word in text.split()]


def _test(names: list[str], word: str) -> Test:
    name, colon, value = word.partition(":")
    if colon and name.isidentifier():
        if name not in names:
            raise bad_param(name, "is no column here", value=word, allowed=names, near=name)
        at = names.index(name)
        return lambda row: value in row.cells[at].text.lower()
    return lambda row: any(word in cell.text.lower() for cell in row.cells)


def arranged(table: Table, rows: Iterable[Row], tests: Sequence[Test], order: Order) -> list[Row]:
    """Give the rows that pass, in order; rows without a value come last either way."""
    passing = [row for row in rows if all(test(row) for test in tests)]
    if order.column is None:
        return passing
    at = table.position(order.column)
    known = [row for row in passing if row.cells[at].value is not None]
    none = [row for row in passing if row.cells[at].value is None]
    return sorted(known, key=lambda row: row.cells[at].value, reverse=order.descending) + none


class Fit(NamedTuple):
    """The columns that have room, by position, with their widths, and the gap between them."""

    columns: tuple[int, ...]
    widths: tuple[int, ...]
    gap: int


ROOMY = 110
LEAST_REST = 10


def fit(columns: Sequence[Column], width: int) -> Fit:
    """Lay columns out in a width; those of the highest level go first, from the right.

    At most one column takes the rest, and stands behind those that grow.
    """
    gap = 2 if width >= ROOMY else 1
    shown = list(range(len(columns)))
    while len(shown) > 1 and _least(columns, shown, gap) > width:
        worst = max(columns[at].level for at in shown)
        if worst == 0:
            break
        shown.remove(max(at for at in shown if columns[at].level == worst))
    left = max(0, width - _least(columns, shown, gap))
    widths = [columns[at].width or LEAST_REST for at in shown]
    for place, at in enumerate(shown):
        more = left if columns[at].width == REST else min(left, max(0, columns[at].most - widths[place]))
        widths[place] += more
        left -= more
    return Fit(tuple(shown), tuple(widths), gap)


def _least(columns: Sequence[Column], shown: Sequence[int], gap: int) -> int:
    return sum(columns[at].width or LEAST_REST for at in shown) + gap * (len(shown) - 1)
