"""`tacore monitor`: start, open."""

import os
import webbrowser
from typing import Annotated

import typer

from tacore import runfiles
from tacore.cli import render
from tacore.cli.app import group
from tacore.cli.configured import load
from tacore.cli.endpoint import resolve
from tacore.cli.exits import NOT_FOUND, OK, tell
from tacore.cli.globals import Globals

app = group("The monitor: the service in a browser, over HTTP and for Prometheus.")


@app.command()
def start(
    ctx: typer.Context,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on (API_PORT).")] = None,
    bind: Annotated[str | None, typer.Option("--bind", help="Interface to listen on (api.bind).")] = None,
) -> int:
    """Run the monitor in the foreground; Ctrl-C ends it.

    It shows the service of this home, or of --endpoint, and waits for a broker that is not there yet.
    """
    from tacore.monitor.serve import serve_monitor  # noqa: PLC0415 - a second to import

    options: Globals = ctx.obj
    loaded = load(options, {"api.port": ("--port", port), "api.bind": ("--bind", bind)})
    settings = loaded.settings
    endpoint, _ = resolve(options._replace(home=str(settings.home)), os.environ)
    elsewhere = endpoint != settings.frontend_endpoint

    def ready() -> None:
        if not options.quiet:
            tell(f"monitor: {settings.monitor_url}, of the service at {endpoint} (Ctrl-C ends it)")

    serve_monitor(loaded, endpoint=endpoint if elsewhere else None, stderr=not options.quiet, on_ready=ready)
    return OK


@app.command("open")
def open_(ctx: typer.Context) -> int:
    """Open the monitor's page in a browser, and print its address."""
    options: Globals = ctx.obj
    settings = load(options).settings
    facts = runfiles.read_live(settings.run_dir / "monitor.json")
    if facts is None:
        tell(f"tacore: no monitor runs from {settings.home}: `tacore up` and `tacore monitor start` run one")
        return NOT_FOUND
    opened = webbrowser.open(str(facts["url"]))
    render.show({"monitor": facts["url"], "pid": facts["pid"], "browser": opened}, options)
    return OK
