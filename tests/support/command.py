"""Runs the real command line as a process."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.forked import can_fork, run_forked

OURS = (
    "TACORE",
    "ZMQ_",
    "DATABASE_PATH",
    "REDIS_URL",
    "WORKER_COUNT",
    "API_PORT",
    "NO_COLOR",
    "COLUMNS",
    "TRADINGAGENTS",
)


def environment(**extra: str) -> dict[str, str]:
    """Give the environment without any setting of tacore's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | extra


def command(*words: str) -> list[str]:
    """Give the words that run tacore with this interpreter."""
    return [sys.executable, "-m", "tacore", *words]


def tacore(
    words: Sequence[str], cwd: Path, endpoint: str | None = None, text: str = "", **environ: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, with ``text`` on its standard input."""
    return run(words, cwd, _environment(endpoint, environ), text, timeout_s=30)


def fresh_tacore(
    words: Sequence[str], cwd: Path, endpoint: str | None = None, text: str = "", **environ: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end as people do, by an interpreter that starts for it."""
    return run(words, cwd, _environment(endpoint, environ), text, timeout_s=30, fresh=True)


def run(
    words: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    text: str = "",
    *,
    timeout_s: float,
    fresh: bool = False,
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end in exactly this environment, forked unless it has to be ``fresh``."""
    if not fresh and can_fork(environ, text):
        return run_forked(words, cwd, environ, text, timeout_s)
    return subprocess.run(
        command(*words),
        cwd=cwd,
        env=environ,
        input=text,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def _environment(endpoint: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    return environment(**environ, **({"TACORE_ENDPOINT": endpoint} if endpoint else {}))
