"""Terminals on which a command draws, for as long as a test looks."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.command import command

_CONTROL = re.compile(r"\x1b(\[[0-9;?<>=]*[a-zA-Z]|\][^\x07]*\x07|[=>PX^_].*?\x1b\\\\|.)")


class Terminal:
    """A terminal on which a command draws; ``heard`` is all that it wrote so far."""

    def __init__(
        self, words: Sequence[str], cwd: Path, environ: Mapping[str, str], size: tuple[int, int] = (80, 24)
    ) -> None:
        self._ours, theirs = pty.openpty()
        self._measure(*size)
        self.modes = termios.tcgetattr(self._ours)
        self.process = subprocess.Popen(
            command(*words),
            cwd=cwd,
            env=dict(environ),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._heard = bytearray()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def heard(self) -> str:
        """Give everything that was written, control codes included."""
        return self._heard.decode(errors="replace")

    @property
    def text(self) -> str:
        """Give everything that was written, without control codes, in the order of writing."""
        return _CONTROL.sub("", self.heard)

    def mark(self) -> int:
        """Give a place in what was heard, for `since`."""
        return len(self._heard)

    def since(self, mark: int) -> str:
        """Give what was written after a mark, without control codes."""
        return _CONTROL.sub("", self._heard[mark:].decode(errors="replace"))

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._ours, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, and say so, for this terminal controls no process."""
        self._measure(columns, lines)
        self.process.send_signal(signal.SIGWINCH)

    def _measure(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def modes_now(self) -> list[Any]:
        """Give the terminal's modes, to compare with ``modes``."""
        return termios.tcgetattr(self._ours)

    def until(self, text: str, *, mark: int = 0, within_s: float = 45.0) -> None:
        """Wait until a text was written, after a mark."""
        deadline = time.monotonic() + within_s
        while text not in self.since(mark):
            if time.monotonic() > deadline or (
                self.process.poll() is not None and not self._thread.is_alive()
            ):
                raise AssertionError(f"{text!r} was not written: {self.since(mark)[-3000:]}")
            time.sleep(0.02)

    def end(self) -> int:
        """Wait for the command's end."""
        return self.process.wait(45)

    def close(self) -> None:
        """End what is left."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            os.close(self._ours)

    def _listen(self) -> None:
        while True:
            try:
                chunk = os.read(self._ours, 65536)
            except OSError:
                return
            if not chunk:
                return
            self._heard += chunk


@contextlib.contextmanager
def terminal(
    words: Sequence[str], cwd: Path, environ: Mapping[str, str], size: tuple[int, int] = (80, 24)
) -> Iterator[Terminal]:
    """Run a command on a terminal of its own."""
    opened = Terminal(words, cwd, {"TERM": "xterm-256color", **environ}, size)
    try:
        yield opened
    finally:
        opened.close()
