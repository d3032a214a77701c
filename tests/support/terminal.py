"""Runs the real command line on a terminal."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.command import command, environment

PATIENCE_S = 45.0
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
    words: Sequence[str],
    cwd: Path,
    endpoint: str,
    *,
    typed: str = "",
    columns: int = 160,
    lines: int = 24,
    stdout: Path | None = None,
    enough: Callable[[str], bool] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Seen:
    """Run a command to its end on a terminal of its own; ``typed`` waits in its input.

    With ``stdout`` only standard error is on the terminal. Once ``enough`` was seen it gets Ctrl-C.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    given = {"TACORE_ENDPOINT": endpoint, "COLUMNS": str(columns), "TERM": "xterm"} | dict(environ or {})
    output = theirs if stdout is None else os.open(stdout, os.O_WRONLY | os.O_CREAT, 0o600)
    with subprocess.Popen(
        command(*words), cwd=cwd, env=environment(**given), stdin=theirs, stdout=output, stderr=theirs
    ) as process:
        for each in {output, theirs}:
            os.close(each)
        if typed:
            os.write(ours, typed.encode())
        raw = _all_of(ours, enough, lambda: process.send_signal(signal.SIGINT))
        code = process.wait(20)
    os.close(ours)
    return Seen(code, raw)


def _all_of(terminal: int, enough: Callable[[str], bool] | None, interrupt: Callable[[], None]) -> str:
    """Read until the other side is closed, which Linux tells by an error."""
    seen = b""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if not select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
            interrupt()
            raise AssertionError(f"not within {PATIENCE_S:g} s: the end, or enough, of {seen[-1000:]!r}")
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            chunk = b""
        if not chunk:
            return seen.decode()
        seen += chunk
        if enough is not None and enough(seen.decode(errors="replace")):
            enough = None
            interrupt()
