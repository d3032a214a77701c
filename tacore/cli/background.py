"""A broker in the background: started, and waited for until it answers."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tacore import runfiles
from tacore.bootstrap.home import prepare_home
from tacore.cli import render
from tacore.cli.configured import own_flags
from tacore.cli.ending import until
from tacore.cli.exits import NO_ANSWER, OK, tell
from tacore.cli.globals import Globals
from tacore.client.sync import Client
from tacore.errors import NoAnswer, NoBroker
from tacore.settings.loaded import Loaded

START_S = 15.0
TAIL_LINES = 5


def start_broker(loaded: Loaded, options: Globals, flags: Mapping[str, tuple[str, Any]]) -> int:
    """Start it in a session of its own, its output in logs/broker.out; give the exit code."""
    prepare_home(loaded)
    output = loaded.settings.logs_dir / "broker.out"
    words = [sys.executable, "-m", "tacore", *own_flags(options), "--quiet", "broker", "start"]
    words += [word for flag, value in flags.values() if value is not None for word in (flag, str(value))]
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603  our own command, without a shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=os.name == "posix",
        )
    facts = loaded.settings.run_dir / "broker.json"
    with Client(loaded.settings.frontend_endpoint, timeout_s=1.0, retries=0) as client:
        until(lambda: process.poll() is not None or _answers(client, facts, process.pid), START_S)
        if process.poll() is not None:
            tell(_tail(output))
            return process.returncode if process.returncode > 0 else 1
        if not _answers(client, facts, process.pid):
            tell(f"tacore: the broker (pid {process.pid}) does not answer yet: its output is in {output}")
            return NO_ANSWER
    endpoint = loaded.settings.frontend_endpoint
    started = {"broker": "started", "pid": process.pid, "endpoint": endpoint}
    render.show(started | {"home": str(loaded.settings.home), "output": str(output)}, options)
    return OK


def _answers(client: Client, facts: Path, pid: int) -> bool:
    """Tell whether this very process serves: another one may have the port."""
    if (runfiles.read_live(facts) or {}).get("pid") != pid:
        return False
    try:
        return bool(client.call("health.check")["pid"] == pid)
    except (NoAnswer, NoBroker):
        return False


def _tail(output: Path) -> str:
    lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:]) or "tacore: the broker ended without a word"
