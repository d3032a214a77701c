"""One answer as a sheet: its plain fields a line each, then its nested parts as sections and tables.

Nothing here knows a method. A list of objects, and an object of objects that are alike, is a table; objects
beside each other that have the same fields (before, after, difference) are the columns of one; another object
is a sheet of its own, indented; what is empty is named in one line.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from tacore.cli.rows import Row, columns_of, entries, is_rows
from tacore.cli.table import DIM, GAP, RESET, cell, table
from tacore.cli.text_width import measure, pad, wrapped

INDENT = "  "
NARROWEST = 20
MANY = 4
LINES_OF_AN_OBJECT = 3


class Page(NamedTuple):
    """How wide and in which colours; ``hidden`` collects the columns that had no room."""

    width: int
    color: bool
    hidden: list[str]

    def inside(self) -> "Page":
        """Give the page of an indented part."""
        return self._replace(width=max(NARROWEST, self.width - len(INDENT)))

    def dim(self, text: str) -> str:
        """Write what only names things."""
        return f"{DIM}{text}{RESET}" if self.color else text


def sheet(row: Row, width: int, *, color: bool) -> tuple[list[str], list[str]]:
    """Show one answer; give the lines, and the columns of its tables that had no room."""
    page = Page(width, color, [])
    return _sheet(row, page, ""), page.hidden


def _sheet(row: Row, page: Page, path: str) -> list[str]:
    empty = [key for key, value in row.items() if _is_empty(value)]
    left = {key: value for key, value in row.items() if key not in empty}
    label = max([measure(key) for key in left], default=0)
    apart = {name for group in _together(left) if len(group) > 1 for name in group}
    plain = {
        key: None if key in apart else _texts(value, page.width - label - len(GAP))
        for key, value in left.items()
    }
    lines = _fields({key: value for key, value in plain.items() if value is not None}, page)
    if empty:
        lines += [page.dim(line) for line in wrapped(f"nothing in {', '.join(empty)}", page.width)]
    for names in _together({key: left[key] for key, value in plain.items() if value is None}):
        inner = page.inside()
        part = [INDENT + line if line else "" for line in _section(names, left, inner, path)]
        lines += ["", page.dim(", ".join(names)), *part]
    return lines


def _fields(fields: Mapping[str, Sequence[str]], page: Page) -> list[str]:
    label = max([measure(key) for key in fields], default=0)
    lines = []
    for key, texts in fields.items():
        names = [page.dim(pad(key, label, right=False)), *[" " * label] * (len(texts) - 1)]
        lines += [f"{name}{GAP}{text}" for name, text in zip(names, texts, strict=True)]
    return lines


def _texts(value: Any, width: int) -> list[str] | None:  # noqa: ANN401  any JSON value
    """Give the lines of what needs no section: plain values, lists of them, small objects."""
    width = max(NARROWEST, width)
    if isinstance(value, Mapping):
        if any(isinstance(each, Mapping) or is_rows(each) for each in value.values()):
            return None
        lines = _filled([f"{key} {cell(each)}" for key, each in value.items() if not _is_empty(each)], width)
        return lines if len(lines) <= LINES_OF_AN_OBJECT else None
    if is_rows(value):
        text = cell(value)
        return [text] if not text.startswith("[") and measure(text) <= width else None
    text = cell(value)
    if isinstance(value, list) and measure(text) > width:
        return [line for each in value for line in wrapped(cell(each), width)]
    return wrapped(text, width)


def _filled(words: Sequence[str], width: int) -> list[str]:
    lines = [""]
    for word in words:
        if lines[-1] and measure(lines[-1]) + len(GAP) + measure(word) > width:
            lines.append("")
        lines[-1] += GAP + word if lines[-1] else word
    return [part for line in lines for part in wrapped(line, width)]


def _together(parts: Row) -> list[list[str]]:
    """Group the names of sections: neighbours that are objects with the same fields stand in one."""
    groups = [[name] for name in list(parts)[:1]]
    for before, name in pairwise(parts):
        if _alike(parts[before], parts[name]):
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def _alike(one: object, other: object) -> bool:
    if not isinstance(one, Mapping) or not isinstance(other, Mapping) or min(len(one), len(other)) < MANY:
        return False
    same = len(one.keys() & other.keys())
    return same * 2 > max(len(one), len(other))


def _section(names: Sequence[str], parts: Row, page: Page, path: str) -> list[str]:
    where = path + names[0]
    if len(names) > 1:
        keys = columns_of(parts[name] for name in names)
        return _table(
            [{"": key} | {name: parts[name].get(key) for name in names} for key in keys], page, where
        )
    value = parts[names[0]]
    if is_rows(value) and (isinstance(value, list) or _uniform(value)):
        return _table(list(value) if isinstance(value, list) else entries(names[0], value), page, where)
    if isinstance(value, Mapping):
        return _sheet(value, page, f"{where}.")
    return [line for each in value for line in wrapped(cell(each), page.width)]


def _uniform(value: Row) -> bool:
    """Tell whether an object's entries are rows of one table: alike, and not deep."""
    deep = any(
        isinstance(each, Mapping) or is_rows(each) for entry in value.values() for each in entry.values()
    )
    fields = [entry.keys() for entry in value.values()]
    return len(fields) > 1 and not deep and all(len(each & fields[0]) * 2 > len(each) for each in fields)


def _table(rows: Sequence[Row], page: Page, where: str) -> list[str]:
    shown = [name for name in columns_of(rows) if any(not _is_empty(row.get(name)) for row in rows)]
    if not shown:
        return [f"{len(rows)} empty"]
    lines, hidden = table(rows, shown, page.width, color=False, wrap=True)
    if hidden:
        turned = _turned(rows, shown, page)
        if turned:
            return turned
    page.hidden.extend(f"{where}.{name}" for name in hidden)
    return [page.dim(lines[0]), *lines[1:]]


def _turned(rows: Sequence[Row], names: Sequence[str], page: Page) -> list[str]:
    """Lay out a table that is too wide with a line for each field and a column for each row, if that fits."""
    first, *rest = names
    heads = [cell(row.get(first)) for row in rows]
    if len(set(heads)) < len(heads):
        return []
    turned = [
        {first: name} | {head: row.get(name) for head, row in zip(heads, rows, strict=True)} for name in rest
    ]
    lines, hidden = table(turned, [first, *heads], page.width, color=False, wrap=True)
    return [] if hidden or len(lines) > len(turned) + 1 else [page.dim(lines[0]), *lines[1:]]


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | list | Mapping) and not value)
