"""Ending a process of ours that runs elsewhere on this machine: the right one, and to its end."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from tacore import runfiles
from tacore.cli.asking import open_client
from tacore.cli.endpoint import home_of
from tacore.cli.globals import Globals
from tacore.errors import NoAnswer, NoBroker

LOOK_S = 0.05


def home(options: Globals, environ: Mapping[str, str]) -> Path:
    """Give the home that a command means, absolute."""
    return Path(home_of(options, environ)).expanduser().resolve()


def find(folder: Path, name: str) -> psutil.Process | None:
    """Find the process that announced itself in a home as ``name`` (up, broker)."""
    facts = runfiles.read_live(folder / "run" / f"{name}.json")
    return None if facts is None else runfiles.process_of(facts)


def wait_gone(process: psutil.Process, wait_s: float) -> bool:
    """Wait for the end of a process that need not be our child; False when the time is over first."""
    return until(lambda: not _is_running(process), wait_s)


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_silent(options: Globals, wait_s: float) -> bool:
    """Wait until no broker answers any more; for one on another machine."""

    def silent() -> bool:
        try:
            with open_client(options, {"--timeout": "0.5", "--retries": "0"}) as client:
                client.call("health.check")
        except (NoBroker, NoAnswer):
            return True
        return False

    return until(silent, wait_s)


def until(true: Callable[[], bool], wait_s: float) -> bool:
    """Look again and again; False when the time is over first."""
    deadline = time.monotonic() + wait_s
    while not true():
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_S)
    return True
