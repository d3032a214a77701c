"""`tacore stats --watch`: the rates again and again, in place on a terminal, as rows elsewhere."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from tacore.cli import progress, rates, render, stats
from tacore.cli.globals import Globals
from tacore.cli.rates import Asked, Look
from tacore.cli.stream import Stream
from tacore.cli.table import DIM, RESET, table
from tacore.cli.text_width import cut
from tacore.errors import NotFound
from tacore.store.queries import Reader

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
CLEAR = "\x1b[2J\x1b[H"
MANY_LINES = 24
END_OF_LINE, BELOW = "\x1b[K", "\x1b[J"


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


def _view(asked: Asked, options: Globals) -> "Rows | Picture":
    chosen = options.output or ("table" if sys.stdout.isatty() else "ndjson")
    return Picture(asked, options) if chosen == "table" and sys.stdout.isatty() else Rows(asked, options)


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


class Picture:
    """A table that is drawn over the one before, in one piece, so that nothing flickers."""

    def __init__(self, asked: Asked, options: Globals) -> None:
        self._asked = asked
        self._columns = options.columns or stats.columns(asked)
        self._color = not options.no_color and not os.environ.get("NO_COLOR")
        self._moves = progress.can_move(os.environ)
        self._height = 0
        self._size: tuple[int, int] | None = None

    def __enter__(self) -> "Picture":
        if self._moves:
            render.write(HIDE_CURSOR)
        return self

    def __exit__(self, *_: object) -> None:
        if self._moves:
            render.write(SHOW_CURSOR)

    def show(self, found: Look) -> None:
        """Draw; a terminal that cannot move its cursor gets one table below the other."""
        lines = self.lines(found)
        if not self._moves:
            render.write("".join(f"{line}\n" for line in [*lines, ""]))
            return
        size = _size()
        if self._size not in (
            None,
            size,
        ):  # lines may have wrapped: nobody knows how far up the last one began
            render.write(CLEAR)
            self._height = 0
        self._size = size
        lines = _that_fit(lines, size[1])
        up = f"\x1b[{self._height}A" if self._height else ""
        render.write(f"\r{up}" + "".join(f"{line}{END_OF_LINE}\n" for line in lines) + BELOW)
        self._height = len(lines)

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


def _that_fit(lines: Sequence[str], height: int) -> list[str]:
    """Leave out what is below the screen, for the cursor cannot go up to what has scrolled away."""
    if len(lines) < height:
        return list(lines)
    room = max(0, height - 2)
    return [*lines[:room], f"... {len(lines) - room} more lines"]


def _size() -> tuple[int, int]:
    """Give the terminal's columns and lines; one that does not know is an old one."""
    try:
        columns, lines = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return 0, MANY_LINES
    return columns, lines or MANY_LINES


def _nothing(_row: object) -> dict[str, str]:
    return {}
