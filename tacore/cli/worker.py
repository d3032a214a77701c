"""`tacore worker`: spawn, ls, scale, restart, drain."""

import re
from typing import Annotated

import typer

from tacore.bootstrap.supervisor import serve_workers
from tacore.cli import render, waiting
from tacore.cli.app import group
from tacore.cli.asking import open_client
from tacore.cli.configured import load
from tacore.cli.endpoint import running_broker
from tacore.cli.exits import OK, Usage, tell
from tacore.cli.globals import Globals
from tacore.errors import ConfigurationError
from tacore.ports import EXCLUSIVE_POOLS
from tacore.settings.loaded import Loaded

app = group("Worker processes: they serve the methods, in pools.")
SHOWN = ("worker_id", "pool", "pid", "host", "state", "in_flight", "processed", "uptime_s", "version")
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait until the list shows it.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until the list shows it.")]
Which = Annotated[str, typer.Argument(metavar="ID|all", help="A worker_id of `tacore worker ls`, or all.")]


@app.command()
def spawn(
    ctx: typer.Context,
    count: Annotated[
        int | None, typer.Option("-n", "--count", min=1, help="How many (WORKER_COUNT).")
    ] = None,
    pool: Annotated[str | None, typer.Option(help="The pool they join (worker.pool).")] = None,
    broker: Annotated[
        str | None, typer.Option(help="The broker's address for workers, like tcp://10.0.0.5:5556.")
    ] = None,
    engine: Annotated[str, typer.Option(help="What runs them: local processes.")] = "local",
) -> int:
    """Run worker processes in the foreground.

    Those that die are started again, with a growing pause; Ctrl-C ends all after their present work.
    """
    options: Globals = ctx.obj
    if engine != "local":
        raise ConfigurationError(
            f"--engine {engine} is not available in this version: local is, on as many hosts as you like"
        )
    if options.endpoint is not None and broker is None:
        raise Usage("workers connect to the broker's port for workers: name it with --broker, not --endpoint")
    loaded = load(options, {"worker.count": ("-n", count), "worker.pool": ("--pool", pool)})
    worker = loaded.settings.worker
    wanted = worker.count
    if worker.pool in EXCLUSIVE_POOLS:
        if count not in (None, 1):
            raise Usage(
                f"pool {worker.pool} has one worker, which alone writes its store: -n is 1, not {count}"
            )
        wanted = 1
    endpoint, known = _backend(loaded, broker)
    if not options.quiet:
        there = "1 worker" if wanted == 1 else f"{wanted} workers"
        tell(f"{there} of pool {worker.pool} for the broker at {endpoint} (Ctrl-C ends them)")
        if not known:
            tell("no broker runs from this home yet: they wait for one (`tacore broker start`)")
    serve_workers(loaded, count=wanted, pool=worker.pool, endpoint=endpoint, stderr=not options.quiet)
    return OK


@app.command("ls")
def list_(ctx: typer.Context) -> int:
    """List the workers, on every host."""
    options: Globals = ctx.obj
    with open_client(options) as client:
        found = client.call("admin.workers")
    render.show(found, options if options.columns or options.output else options._replace(columns=SHOWN))
    return OK


@app.command()
def scale(
    ctx: typer.Context,
    count: Annotated[int, typer.Argument(metavar="N", help="How many workers to keep.", min=0)],
    pool: Annotated[str, typer.Option(help="Of which pool.")] = "fast",
    supervisor: Annotated[
        str | None, typer.Option(help="Of which supervisor, where a pool has several.")
    ] = None,
    wait_s: Wait = 10.0,
    no_wait: NoWait = False,
) -> int:
    """Keep N workers from now on.

    Some are started, or the newest end after their present work.
    """
    options: Globals = ctx.obj
    asked = {"workers": count, "pool": pool}
    if supervisor is not None:
        asked["supervisor"] = supervisor
    with open_client(options) as client:
        done = client.call("admin.scale", asked)
        state = waiting.scaled(client, count, pool, supervisor, 0.0 if no_wait else wait_s)
    return waiting.tell_result(done, state, options, None if no_wait else wait_s)


@app.command()
def restart(ctx: typer.Context, worker_id: Which, wait_s: Wait = 10.0, no_wait: NoWait = False) -> int:
    """Restart workers after their present work."""
    options: Globals = ctx.obj
    with open_client(options) as client:
        before = waiting.chosen(client, worker_id)
        done = client.call("admin.restart", {"worker_id": worker_id})
        state = waiting.restarted(client, before, 0.0 if no_wait else wait_s)
    return waiting.tell_result(done, state, options, None if no_wait else wait_s)


@app.command()
def drain(ctx: typer.Context, worker_id: Which, wait_s: Wait = 10.0, no_wait: NoWait = False) -> int:
    """End workers after their present work.

    Others are not started in their place; `tacore worker scale` starts some.
    """
    options: Globals = ctx.obj
    with open_client(options) as client:
        before = waiting.chosen(client, worker_id)
        done = client.call("admin.drain_worker", {"worker_id": worker_id})
        state = waiting.gone(client, before, 0.0 if no_wait else wait_s)
    return waiting.tell_result(done, state, options, None if no_wait else wait_s)


def _backend(loaded: Loaded, broker: str | None) -> tuple[str, bool]:
    """Choose the broker's address for workers; also tell whether a broker is known to be there."""
    settings = loaded.settings
    if broker is not None:
        match = re.fullmatch(r"tcp://[^:/]+:(\d+)|tcp://\[[^]]+\]:(\d+)|ipc://.+", broker)
        if match is None:
            raise Usage(f"--broker is an address like {settings.backend_endpoint}, not {broker!r}")
        if broker == settings.frontend_endpoint:
            raise Usage(f"{broker} is where clients connect; workers connect to {settings.backend_endpoint}")
        return broker, True
    running = running_broker(str(settings.home))
    if running is None:
        return settings.backend_endpoint, False
    chosen = loaded.origin("zmq.backend_port").startswith("environment")
    return settings.backend_endpoint if chosen else str(running["backend"]), True
