"""A line on a terminal's standard error that says how far long work is, and goes when it is done."""

import os
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from tacore.cli.globals import Globals
from tacore.cli.printable import printable
from tacore.cli.text_width import cut, measure

EVERY_S = 0.1
WIDEST, NARROWEST = 30, 8
"""Letters of the bar."""
MOST_PERCENT = 99
_WHOLE = 100
CLEAR = "\r\x1b[K"


class Progress:
    """Shows nothing where nobody looks: in a pipe, with -q, or on a terminal that cannot clear a line.

    Other lines for people go through `aside`, so that none of them is written into this one.
    """

    def __init__(self, options: Globals, *, also: bool = True) -> None:
        self.on = also and not options.quiet and sys.stderr.isatty() and can_move(os.environ)
        self._next = 0.0
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.aside()

    def due(self) -> bool:
        """Tell whether it is time to show something again."""
        return self.on and time.monotonic() >= self._next

    def show(self, text: str, share: float | None = None, *, now: bool = False) -> None:
        """Say how far it is, not too often; ``share`` of the whole, 0 to 1, also draws a bar."""
        if self.due() or (self.on and now):
            self._next = time.monotonic() + EVERY_S
            self._shown = True
            sys.stderr.write(f"{CLEAR}{line(text, share, _width())}")
            sys.stderr.flush()

    def aside(self) -> None:
        """Make room for another line; the next `show` comes below it."""
        if self._shown:
            self._shown = False
            self._next = 0.0
            sys.stderr.write(CLEAR)
            sys.stderr.flush()


def line(text: str, share: float | None, width: int) -> str:
    """Put a text and a bar into one line that never wraps; the bar goes first where there is no room."""
    text = cut(printable(text), max(1, width - 1))
    if share is None:
        return text
    share = min(max(share, 0.0), 1.0)
    percent = f"{_WHOLE if share == 1 else min(int(share * _WHOLE), MOST_PERCENT):3d}%"
    room = min(WIDEST, width - measure(text) - len(percent) - len("[]   ") - 1)
    if room < NARROWEST:
        return cut(f"{percent}  {text}", max(1, width - 1))
    return f"[{('#' * int(room * share)).ljust(room, '.')}] {percent}  {text}"


def can_move(environ: Mapping[str, str]) -> bool:
    """Tell whether the terminal can move its cursor and clear a line."""
    return environ.get("TERM", "") not in ("", "dumb")


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
