"""`tacore broker`: start, stop, status, drain."""

import os
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from tacore.bootstrap.broker import serve_broker
from tacore.cli import background, ending, render
from tacore.cli.app import group
from tacore.cli.asking import open_client
from tacore.cli.configured import load
from tacore.cli.exits import NO_ANSWER, OK, tell
from tacore.cli.globals import Globals
from tacore.errors import NoAnswer, NoBroker

app = group("The broker: it takes requests from clients and hands them to workers.")
IMPATIENT = {"--timeout": "2", "--retries": "1"}


@app.command()
def start(
    ctx: typer.Context,
    detach: Annotated[
        bool, typer.Option("--detach", help="Run in the background; return when it answers.")
    ] = False,
    frontend_port: Annotated[int | None, typer.Option(help="Port for clients (ZMQ_FRONTEND_PORT).")] = None,
    backend_port: Annotated[int | None, typer.Option(help="Port for workers (ZMQ_BACKEND_PORT).")] = None,
    bind: Annotated[str | None, typer.Option(help="Interface to listen on (zmq.bind).")] = None,
) -> int:
    """Start a broker without workers.

    `tacore up` starts both and keeps them up; `tacore worker spawn` starts workers for this one.
    """
    options: Globals = ctx.obj
    flags = {
        "zmq.frontend_port": ("--frontend-port", frontend_port),
        "zmq.backend_port": ("--backend-port", backend_port),
        "zmq.bind": ("--bind", bind),
    }
    loaded = load(options, flags)
    if detach:
        return background.start_broker(loaded, options, flags)

    def ready() -> None:
        if not options.quiet:
            settings = loaded.settings
            tell(
                f"broker: clients at {settings.frontend_endpoint}, workers at {settings.backend_endpoint}, "
                f"home {settings.home} (Ctrl-C ends it)"
            )

    serve_broker(loaded, stderr=not options.quiet, on_ready=ready)
    return OK


@app.command()
def stop(
    ctx: typer.Context,
    wait_s: Annotated[float, typer.Option("--wait", help="Seconds to wait until it is gone.")] = 30.0,
) -> int:
    """Answer what is open, then end the broker."""
    options: Globals = ctx.obj
    folder, process = _ask_to_stop(options)
    up = ending.find(folder, "up")
    if up is not None:
        tell(f"note: `tacore up` (pid {up.pid}) starts it again: `tacore down` stops everything")
    gone = ending.wait_gone(process, wait_s) if process else ending.wait_silent(options, wait_s)
    who = f"the broker (pid {process.pid})" if process else "the broker"
    if not gone:
        tell(f"tacore: {who} still has open requests after {wait_s:g} s: it ends when they are answered")
        return NO_ANSWER
    render.show({"broker": "stopped", "pid": process.pid if process else None, "home": str(folder)}, options)
    return OK


@app.command()
def status(
    ctx: typer.Context,
    detailed: Annotated[bool, typer.Option("--detailed", help="Each part's own report, in full.")] = False,
) -> int:
    """Tell how the service is, and why."""
    options: Globals = ctx.obj
    with open_client(options, IMPATIENT) as client:
        health = client.call("health.check", {"detailed": True})
    if not detailed:
        health["components"] = {name: part["status"] for name, part in health["components"].items()}
    render.show(health, options)
    return OK


@app.command()
def drain(
    ctx: typer.Context,
    wait_s: Annotated[float, typer.Option("--wait", help="Seconds to wait for the open requests.")] = 10.0,
) -> int:
    """Answer what is open, take nothing new.

    The broker stays up, refusing, until it is stopped.
    """
    options: Globals = ctx.obj
    with open_client(options, IMPATIENT) as client:
        done: dict[str, Any] = client.call("admin.drain")
        left = ending.until(lambda: not client.call("health.check")["in_flight"], wait_s)
    render.show(done, options)
    if not left:
        tell(f"requests are still open after {wait_s:g} s: `tacore broker status` shows how many")
        return NO_ANSWER
    return OK


def _ask_to_stop(options: Globals) -> tuple[Path, psutil.Process | None]:
    """Ask over the wire; a broker that does not answer, but runs from this home, gets a signal.

    Gives its home, and its process where that is on this machine.
    """
    try:
        with open_client(options, IMPATIENT) as client:
            health = client.call("health.check")
            folder = Path(health["home"])
            process = ending.find(folder, "broker")
            client.call("admin.stop")
            return folder, process if process is not None and process.pid == health["pid"] else None
    except (NoBroker, NoAnswer):
        folder = ending.home(options, os.environ)
        process = ending.find(folder, "broker")
        if process is None:
            raise
        process.terminate()
        return folder, process
