"""Lines that are drawn over the ones before, in one piece, so that nothing flickers."""

import os
import sys
from collections.abc import Sequence
from typing import Self

from tacore.cli import progress, render

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
CLEAR = "\x1b[2J\x1b[H"
MANY_LINES = 24
END_OF_LINE, BELOW = "\x1b[K", "\x1b[J"


class Picture:
    """Draws on standard output; the cursor is hidden meanwhile."""

    def __init__(self) -> None:
        self._moves = progress.can_move(os.environ)
        self._height = 0
        self._size: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        if self._moves:
            render.write(HIDE_CURSOR)
        return self

    def __exit__(self, *_: object) -> None:
        if self._moves:
            render.write(SHOW_CURSOR)

    def draw(self, lines: Sequence[str]) -> None:
        """Draw; a terminal that cannot move its cursor gets one picture below the other."""
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
