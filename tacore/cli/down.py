"""`tacore down`: end the service of this home."""

import os
from pathlib import Path
from typing import Annotated

import psutil
import typer

from tacore.cli import ending, render
from tacore.cli.app import group
from tacore.cli.asking import open_client
from tacore.cli.exits import NO_ANSWER, NO_BROKER, OK, tell
from tacore.cli.globals import Globals
from tacore.errors import TacoreError

app = group("End the service that runs from this home, in good order.")


@app.command()
def down(
    ctx: typer.Context,
    now: Annotated[bool, typer.Option("--now", help="End it at once: open requests get no answer.")] = False,
    wait_s: Annotated[float, typer.Option("--wait", help="Seconds to wait until it is gone.")] = 60.0,
) -> int:
    """End the service that runs from this home, in good order."""
    options: Globals = ctx.obj
    folder = _home(options)
    ended = []
    for name, role in (("up", "tacore up"), ("broker", "broker"), ("monitor", "monitor")):
        process = ending.find(folder, name)
        if process is None:
            continue
        if not _end(process, role, wait_s, now=now, quiet=options.quiet):
            return NO_ANSWER
        ended.append({"role": role, "pid": process.pid, "state": "ended", "home": str(folder)})
    if not ended:
        tell(_nothing(folder, options))
        return NO_BROKER
    render.show(ended, options)
    return OK


def _home(options: Globals) -> Path:
    """Give the home that is meant; with --endpoint alone, the home of the broker that answers there."""
    if options.endpoint is None or options.home is not None:
        return ending.home(options, os.environ)
    with open_client(options, {"--timeout": "2", "--retries": "1"}) as client:
        return Path(client.call("health.check")["home"])


def _end(process: psutil.Process, role: str, wait_s: float, *, now: bool, quiet: bool) -> bool:
    """Signal it and wait; a second signal has it end at once."""
    if not quiet:
        tell(f"ending {role} (pid {process.pid})")
    try:
        process.terminate()
        if now and not ending.wait_gone(process, 0.2):
            process.terminate()
    except psutil.NoSuchProcess:
        return True
    if ending.wait_gone(process, wait_s):
        return True
    tell(
        f"tacore: {role} (pid {process.pid}) still answers open requests after {wait_s:g} s: wait, or "
        "`tacore down --now`"
    )
    return False


def _nothing(folder: Path, options: Globals) -> str:
    said = f"tacore: no service runs from {folder}"
    try:
        with open_client(options, {"--timeout": "0.5", "--retries": "0"}) as client:
            other = client.call("health.check")["home"]
    except TacoreError:
        return f"{said}: name its home with --home"
    return f"{said}; the one that answers runs from {other}: `tacore --home {other} down`"
