"""Lines of a file or pipe, read as they come and without waiting for them."""

import os
import select
import stat
from types import TracebackType
from typing import Self

from tacore.cli.exits import Usage

CHUNK = 1 << 16
MOST_COUNTED_BYTES = 32 << 20
"""Counting the lines of a larger file would hold its beginning up."""


class Lines:
    """Numbered lines, the empty ones left out; ``file`` is a descriptor to wait for."""

    def __init__(self, source: str) -> None:
        try:
            self.file = 0 if source == "-" else os.open(source, os.O_RDONLY)
        except OSError as error:
            raise Usage(f"{source}: {error.strerror}") from error
        self._opened = source != "-"
        self._chunks: list[bytes] = []
        self._whole: list[bytes] = []
        self._number = 0
        self._eof = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened:
            os.close(self.file)

    @property
    def ended(self) -> bool:
        """Tell whether there will be no further line."""
        return self._eof and not self._whole

    def take(self) -> tuple[int, str] | None:
        """Give the next line and its number from 1, None where it is not there yet."""
        while self._whole:
            self._number += 1
            text = self._whole.pop().decode(errors="replace").strip()
            if text:
                return self._number, text
        return None

    def fill(self) -> None:
        """Read what is there; to be called when `take` gave None."""
        if self._eof or self._whole or not select.select([self.file], [], [], 0)[0]:
            return
        chunk = os.read(self.file, CHUNK)
        self._eof = not chunk
        self._chunks.append(chunk)
        if self._eof or b"\n" in chunk:
            *whole, rest = b"".join(self._chunks).split(b"\n")
            self._chunks = [rest]
            self._whole = [*whole, rest][::-1] if self._eof else whole[::-1]


def count(source: str) -> int | None:
    """Count the lines of a file that are not empty; None for a pipe, or a large file."""
    try:
        about = os.stat(source)  # noqa: PTH116  pathlib costs a fast start 5 ms
        if source == "-" or not stat.S_ISREG(about.st_mode) or about.st_size > MOST_COUNTED_BYTES:
            return None
        with open(source, "rb") as file:  # noqa: PTH123
            return sum(1 for line in file if line.strip())
    except OSError:
        return None
