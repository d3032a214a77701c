"""A runner's process: its pipes, and its end."""

import contextlib
import math
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import msgspec

LONGEST_LINE = 16 << 20
"""Bytes of a line; a runner's own texts are shorter."""
KILL_S = 2.0
"""How long a killed process may take to be gone; one that waits for a disk takes longer than a moment."""
DRAIN_S = 0.5
"""How long the rest of what a killed process has said is read; something of it may keep its pipe open."""
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a runner, in a private folder; ``environment`` is all that it has."""

    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


class Child:
    """A process at the head of its own process group, which ends when its standard input does."""

    def __init__(self, launch: Launch) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the runner, without a shell
            launch.argv,
            cwd=launch.folder,
            env=launch.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            close_fds=True,
        )
        self._writes, self._ends = threading.Lock(), threading.Lock()
        self._reaped = False
        self._drained_by = math.inf

    @property
    def pid(self) -> int:
        """Its process id, and its group's."""
        return self._process.pid

    def alive(self) -> bool:
        """Tell whether it runs; not for one that is listened to."""
        with self._ends:
            if not self._reaped:
                self._reaped = self._process.poll() is not None
            return not self._reaped

    def speaks(self, timeout_s: float) -> bool:
        """Wait for its first word, or its end; for one that is not listened to yet."""
        with selectors.DefaultSelector() as ready:
            ready.register(cast(IO[bytes], self._process.stdout), selectors.EVENT_READ)
            return bool(ready.select(timeout_s))

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one line; one that is gone hears nothing. Blocks while the process does not read."""
        line = memoryview(msgspec.json.encode(message) + b"\n")
        pipe = cast(IO[bytes], self._process.stdin)
        with self._writes, contextlib.suppress(OSError, ValueError):
            while line:
                line = line[os.write(pipe.fileno(), line) :]

    def listen(
        self,
        on_line: Callable[[bytes], None],
        on_noise: Callable[[bytes], None],
        on_end: Callable[[str], None],
    ) -> None:
        """Read what it says on a thread of its own, until it has ended; ``on_end`` is told how, once."""
        threading.Thread(
            target=self._listen, args=(on_line, on_noise, on_end), name=f"runner-{self.pid}", daemon=True
        ).start()

    def kill(self) -> None:
        """End it and all of its group at once; safe twice, from any thread."""
        with self._ends:
            if self._reaped:
                return
            self._drained_by = min(self._drained_by, time.monotonic() + DRAIN_S)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(KILL_S)
                self._reaped = True

    def discard(self) -> None:
        """End one that nobody listens to."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            cast(IO[bytes], pipe).close()

    def _listen(
        self,
        on_line: Callable[[bytes], None],
        on_noise: Callable[[bytes], None],
        on_end: Callable[[str], None],
    ) -> None:
        trouble = ""
        try:
            trouble = self._read(on_line, on_noise)
        finally:
            # Before it is reaped its id is nobody else's: what is left of its group can still be ended.
            self.kill()
            self._process.wait()
            self._close(on_noise)
            on_end(trouble or self._reason())

    def _read(self, on_line: Callable[[bytes], None], on_noise: Callable[[bytes], None]) -> str:
        """Read until the end of its lines; gives what was wrong with them."""
        out, err = cast(IO[bytes], self._process.stdout), cast(IO[bytes], self._process.stderr)
        rest = bytearray()
        with selectors.DefaultSelector() as ready:
            ready.register(out, selectors.EVENT_READ)
            ready.register(err, selectors.EVENT_READ)
            while time.monotonic() < self._drained_by:
                for key, _ in ready.select(DRAIN_S / 2):
                    piece = os.read(key.fd, _PIECE)
                    if key.fileobj is err:
                        on_noise(piece)
                        if not piece:
                            ready.unregister(err)
                        continue
                    if not piece:
                        return ""
                    began = len(rest)
                    rest += piece
                    if b"\n" in piece:
                        *lines, tail = bytes(rest).split(b"\n")
                        rest = bytearray(tail)
                        for line in lines:
                            on_line(line)
                    elif began > LONGEST_LINE:
                        return f"said a line of more than {LONGEST_LINE >> 20} MiB"
        return ""

    def _close(self, on_noise: Callable[[bytes], None]) -> None:
        """Read what its errors still hold, and close the pipes."""
        err = cast(IO[bytes], self._process.stderr)
        os.set_blocking(err.fileno(), False)
        with contextlib.suppress(OSError):
            while piece := os.read(err.fileno(), _PIECE):
                on_noise(piece)
        with self._writes:
            for pipe in (self._process.stdin, self._process.stdout, err):
                with contextlib.suppress(OSError):
                    cast(IO[bytes], pipe).close()

    def _reason(self) -> str:
        code = self._process.returncode
        return f"killed by signal {-code}" if code < 0 else f"ended with status {code}"
