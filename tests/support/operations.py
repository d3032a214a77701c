"""Whole services on free ports in a temporary home, run by the real command line."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.support.calendars import keep_calendars
from tests.support.command import command, environment, run

PATIENCE_S = 20.0


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def eventually(true: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> Any:
    """Look until something is true, and give it; fail when the time is over."""
    deadline = time.monotonic() + within_s
    while True:
        found = true()
        if found:
            return found
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(0.02)


class Home:
    """A home with ports of its own; ends what was started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.frontend, self.backend, api = free_ports(3)
        self.environ = environment(
            TACORE_HOME=str(folder),
            ZMQ_FRONTEND_PORT=str(self.frontend),
            ZMQ_BACKEND_PORT=str(self.backend),
            API_PORT=str(api),
            TACORE_DEBUG_METHODS="1",
            TACORE_WORKER__FEATURE_TABLES="false",
        )
        self.endpoint = f"tcp://127.0.0.1:{self.frontend}"
        self._started: list[subprocess.Popen[str]] = []
        self._seen: dict[int, psutil.Process] = {}

    def start(self, *words: str, **environ: str) -> "subprocess.Popen[str]":
        """Start a command that stays; its output goes to files named after the first word."""
        out = (self.folder / f"{words[0]}.out").open("w")
        err = (self.folder / f"{words[0]}.err").open("w")
        with out, err:
            process = subprocess.Popen(
                command(*words),
                cwd=self.folder,
                env=self.environ | environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def run(self, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return run(words, self.folder, self.environ | environ, timeout_s=40)

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """Run a command that must succeed; give its lines of ndjson."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def up(
        self,
        *words: str,
        orders: bool = False,
        agents: bool = False,
        monitor: bool = False,
        **environ: str,
    ) -> "subprocess.Popen[str]":
        """Start everything and wait until it is ready; ``orders``, ``agents`` and ``monitor`` add theirs."""
        wanted = {"--no-orders": orders, "--no-agents": agents, "--no-monitor": monitor}
        without = [option for option, there in wanted.items() if not there]
        keep_calendars(self.folder)  # a child that computes them is one process more, and most of a second
        process = self.start("up", *words, *without, **environ)
        eventually(lambda: self.said("up.out") or process.poll() is not None, "tacore up is ready")
        assert process.poll() is None, self.said("up.err")
        self.family(process.pid)
        return process

    def said(self, name: str) -> str:
        """Give what a command has written so far."""
        return (self.folder / name).read_text()

    def facts(self, name: str) -> dict[str, Any]:
        """Read a run file."""
        found: dict[str, Any] = json.loads((self.folder / "run" / f"{name}.json").read_text())
        return found

    def left_in_run(self) -> list[str]:
        """List what is in run/."""
        return sorted(each.name for each in (self.folder / "run").iterdir())

    def family(self, pid: int) -> list[psutil.Process]:
        """List a process and all below it, and remember them to the end."""
        root = psutil.Process(pid)
        found = [root, *root.children(recursive=True)]
        self._seen.update({each.pid: each for each in found})
        return found

    def alive(self) -> list[psutil.Process]:
        """List those remembered that still run."""
        return [each for each in self._seen.values() if is_running(each)]

    def end(self) -> None:
        """End what a test left, by pid."""
        for process in self._started:
            if process.poll() is None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    self.family(process.pid)
                process.send_signal(signal.SIGTERM)
        for process in self._started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_S)
        for each in self.alive():
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        for process in self._started:
            process.wait(PATIENCE_S)
        with contextlib.suppress(OSError, ValueError, KeyError):
            os.kill(self.facts("broker")["pid"], signal.SIGKILL)


def is_running(process: psutil.Process) -> bool:
    """Tell whether this very process runs; one that only waits to be reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def home_in(folder: Path) -> Iterator[Home]:
    """Give a home that leaves nothing running."""
    home = Home(folder)
    try:
        yield home
    finally:
        home.end()
