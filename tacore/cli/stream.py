"""Rows that come one by one, in the chosen format: a line each for reading, else ndjson or csv."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tacore.cli import render
from tacore.cli.exits import Usage
from tacore.cli.globals import Globals
from tacore.cli.numbers import dump
from tacore.cli.rows import Row, columns_of, pick


class Column(NamedTuple):
    """One column of the lines for reading; a ``width`` below 0 aligns to the right."""

    field: str
    width: int


class Stream:
    """Writes rows of a command as they come.

    ``readable`` gives the texts of a line's columns; ``fields`` are the columns of csv, those of the first
    rows where none are named.
    """

    def __init__(
        self,
        command: str,
        line: Sequence[Column],
        readable: Callable[[Row], Mapping[str, str]],
        options: Globals,
        *,
        fields: Sequence[str] = (),
        follow: bool,
    ) -> None:
        self._line = line
        self._readable = readable
        self._options = options
        self._fields = options.columns or tuple(fields)
        self._format = options.output or ("table" if sys.stdout.isatty() else "ndjson")
        if follow and self._format in ("json", "yaml"):
            raise Usage(f"{command} -f writes table, ndjson or csv, for {self._format} has an end")
        self._headed = False

    def write(self, rows: Sequence[Row]) -> None:
        """Write some more rows."""
        if self._format == "ndjson":
            columns = self._options.columns
            render.write("".join([f"{dump(pick(row, columns) if columns else row)}\n" for row in rows]))
        elif self._format == "table" and not self._options.columns:
            lines = [f"{self._laid_out(self._readable(row))}\n" for row in rows]
            render.write("".join([self._heading(), *lines]))
        elif rows or not self._headed:
            self._rendered(list(rows))

    def _rendered(self, rows: list[Any]) -> None:
        self._fields = self._fields or tuple(columns_of(rows))
        if not self._fields:
            return
        text = render.render(rows, self._options._replace(output=self._format, columns=self._fields))
        if self._headed:
            text = text.partition("\n")[2]
        self._headed = True
        render.write(text)

    def _heading(self) -> str:
        if self._headed or self._options.quiet:
            return ""
        self._headed = True
        return self._laid_out({column.field: column.field for column in self._line}) + "\n"

    def _laid_out(self, values: Mapping[str, str]) -> str:
        cells = [
            values[field].rjust(-width) if width < 0 else values[field].ljust(width)
            for field, width in self._line
        ]
        return "  ".join(cells).rstrip()
