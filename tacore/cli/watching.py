"""`tacore stats --watch`: the rates again and again, in place on a terminal, as rows elsewhere."""

import os
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from tacore.cli import rates, render, stats
from tacore.cli.globals import Globals
from tacore.cli.picture import Picture
from tacore.cli.rates import Asked, Look
from tacore.cli.stream import Stream
from tacore.cli.table import DIM, RESET, table
from tacore.cli.text_width import cut
from tacore.errors import NotFound
from tacore.store.queries import Reader


def run(database: Path, asked: Asked, every_s: float, options: Globals) -> NoReturn:
    """Show what is there until interrupted."""
    view = _view(asked, options)
    with _opened(database, every_s) as reader, view:
        told = options.quiet
        due = time.monotonic()
        while True:
            found = rates.look(reader, asked, time.time())
            if not told:
                stats.tell_unknown(asked, found)
                told = True
            view.show(found)
            due = max(due + every_s, time.monotonic())
            time.sleep(due - time.monotonic())


def _opened(database: Path, every_s: float) -> Reader:
    """Open the journal; there may be none yet."""
    while True:
        try:
            return Reader(database)
        except NotFound:
            time.sleep(every_s)


def _view(asked: Asked, options: Globals) -> "Rows | Table":
    chosen = options.output or ("table" if sys.stdout.isatty() else "ndjson")
    return Table(asked, options) if chosen == "table" and sys.stdout.isatty() else Rows(asked, options)


class Rows:
    """Rows of each look, one after the other."""

    def __init__(self, asked: Asked, options: Globals) -> None:
        chosen = options.output or "ndjson"
        if chosen == "table" and not options.columns:
            options = options._replace(columns=("at", *stats.columns(asked)))
        self._stream = Stream("stats", (), _nothing, options, fields=rates.FIELDS, follow=True)

    def __enter__(self) -> "Rows":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, found: Look) -> None:
        """Write the rows."""
        self._stream.write(found.rates)


class Table(Picture):
    """A table that is drawn over the one before."""

    def __init__(self, asked: Asked, options: Globals) -> None:
        super().__init__()
        self._asked = asked
        self._columns = options.columns or stats.columns(asked)
        self._color = not options.no_color and not os.environ.get("NO_COLOR")

    def show(self, found: Look) -> None:
        """Draw what was found."""
        self.draw(self.lines(found))

    def lines(self, found: Look) -> list[str]:
        """Lay out what was found: a line about all of it, the table, how requests ended of all time."""
        width = render.width()
        window = next(iter(self._asked.windows))
        head = cut(f"{found.at[11:19]} UTC  last {window}: {_summary(found)}", width)
        shown: list[dict[str, Any]] = [{name: row.get(name) for name in self._columns} for row in found.rates]
        body, hidden = table(shown, self._columns, width, color=self._color) if shown else ([], [])
        ends = "  ".join(f"{code} {count}" for code, count in found.by_code().items()) or "none"
        foot = [f"answers of all time: {ends}"]
        foot += [f"no room for {', '.join(hidden)}"] if hidden else []
        return [self._dim(head), *body, *(self._dim(cut(line, width)) for line in foot)]

    def _dim(self, text: str) -> str:
        return f"{DIM}{text}{RESET}" if self._color else text


def _summary(found: Look) -> str:
    """Sum up the methods over the first window."""
    rows = [row for row in found.rates if row["window"] == found.rates[0]["window"]]
    requests, errors = (sum(row[name] for row in rows) for name in ("requests", "errors"))
    if not requests:
        return "no requests"
    per_s = sum(row["per_s"] for row in rows)
    return f"{requests} requests, {per_s:.1f} a second, {errors / requests:.1%} errors"


def _nothing(_row: object) -> dict[str, str]:
    return {}
