"""Runs the real command line on a terminal."""

import os
import pty
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.command import command, environment

_COLOR = re.compile(r"\x1b\[[0-9;]*m")


class Seen(NamedTuple):
    """What a person saw: standard output and standard error together, as lines without colours."""

    returncode: int
    raw: str

    @property
    def lines(self) -> list[str]:
        """Give the lines."""
        return _COLOR.sub("", self.raw).replace("\r\n", "\n").splitlines()


def on_terminal(
    words: Sequence[str], cwd: Path, endpoint: str, *, typed: str = "", columns: int = 160
) -> Seen:
    """Run a command to its end on a terminal of its own; ``typed`` waits in its input."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command(*words),
        cwd=cwd,
        env=environment(TACORE_ENDPOINT=endpoint, COLUMNS=str(columns), TERM="xterm"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        if typed:
            os.write(ours, typed.encode())
        raw = _all_of(ours)
        code = process.wait(20)
    os.close(ours)
    return Seen(code, raw)


def _all_of(terminal: int) -> str:
    """Read until the other side is closed, which Linux tells by an error."""
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            chunk = b""
        if not chunk:
            return b"".join(chunks).decode()
        chunks.append(chunk)
