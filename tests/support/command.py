"""Runs the real command line as a process."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    extra: dict[str, Any] = environ | ({"TACORE_ENDPOINT": endpoint} if endpoint else {})
    return subprocess.run(
        command(*words),
        cwd=cwd,
        env=environment(**extra),
        input=text,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
