"""Child processes that end with their parent, and parents that notice at once when a child ends.

A child gets its spec (one JSON line, so that no secret shows in argv) on standard input, which stays open:
its end of file means that the parent is gone. The parent keeps the child's standard output open: its end of
file means that the child is gone. Children run in a process group of their own, so that a terminal's Ctrl-C
reaches only the parent, which stops them in order. They stay in its session: Linux shares out the processor
by session first, and what waits for each other should not have to wait for its turn among sessions.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, cast

POSIX = os.name == "posix"


class Child:
    """A running child process."""

    def __init__(self, argv: Sequence[str], spec: Mapping[str, Any]) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own module, without a shell
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0 if POSIX else None,
            close_fds=True,
        )
        stdin = cast(IO[bytes], self.process.stdin)
        with contextlib.suppress(BrokenPipeError):
            stdin.write(json.dumps(spec).encode() + b"\n")
            stdin.flush()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def fd(self) -> int:
        """A descriptor that turns readable (at end of file) when the child ends."""
        return cast(IO[bytes], self.process.stdout).fileno()

    def ended(self) -> bool:
        """Tell whether it has ended, and reap it if so."""
        return self.process.poll() is not None

    def reason(self) -> str:
        """Tell how it ended."""
        code = self.process.poll()
        if code is None:
            return "running"
        return f"killed by signal {-code}" if code < 0 else f"exited with status {code}"

    def terminate(self) -> None:
        """Ask it to end in good order."""
        if not self.ended():
            self.process.terminate()

    def kill(self) -> None:
        """End it at once."""
        if not self.ended():
            self.process.kill()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; False when the time is over first."""
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """Close the pipes and reap it; it must have ended."""
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                cast(IO[bytes], pipe).close()
        self.process.wait()


def read_spec() -> dict[str, Any]:
    """Read the spec that the parent wrote, in a child."""
    may_write_to_terminal()
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 1)
        if not piece:
            raise SystemExit("no parent: this process is started by tacore itself")
        line += piece
    spec: dict[str, Any] = json.loads(line)
    return spec


def may_write_to_terminal() -> None:
    """Let a process that is not in a terminal's foreground write to it, also under ``stty tostop``."""
    if POSIX:
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)


def watch_parent(on_gone: Callable[[], None]) -> None:
    """Call ``on_gone`` on a thread of its own once the parent is gone."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        on_gone()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def on_stop_signals(stop: Callable[[], None]) -> None:
    """Call ``stop`` on SIGTERM and SIGINT; a second one ends the process at once."""
    seen = 0

    def handle(number: int, _frame: object) -> None:
        nonlocal seen
        seen += 1
        if seen > 1:
            os._exit(128 + number)
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def role_argv(role: str) -> list[str]:
    """Build the command line of a child that plays a role; its spec goes to standard input."""
    return [sys.executable, "-m", "tacore.bootstrap", role]
