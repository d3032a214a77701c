"""`tacore up`: the whole service in the foreground, supervised."""

import sys
from collections.abc import Iterable
from functools import partial
from typing import Annotated

import typer

from tacore import processes, runfiles
from tacore.bootstrap.home import prepare_home
from tacore.bootstrap.supervisor import serves
from tacore.cli import screen
from tacore.cli.app import group
from tacore.cli.configured import load
from tacore.cli.exits import Usage
from tacore.cli.globals import Globals
from tacore.cli.screen import MONITOR
from tacore.cli.service import Service
from tacore.cli.supervision import Part, Supervision
from tacore.settings.loaded import Loaded
from tacore.worker.restarts import RestartPolicy

app = group("Start the broker and its workers, and keep them up; Ctrl-C ends everything in good order.")
ORDERS = "orders"
AGENTS = "agents"
MONITOR_S = 10.0
MARGIN_S = 15.0
"""What an orderly end may take beyond the drain time: the journal's last commit, and the sockets."""


@app.command()
def up(
    ctx: typer.Context,
    count: Annotated[
        int | None, typer.Option("-n", "--workers", min=1, help="Worker processes (WORKER_COUNT).")
    ] = None,
    no_workers: Annotated[bool, typer.Option("--no-workers", help="Only the broker.")] = False,
    no_orders: Annotated[
        bool, typer.Option("--no-orders", help="Without the worker that places orders.")
    ] = False,
    no_agents: Annotated[
        bool, typer.Option("--no-agents", help="Without the worker that runs agent jobs.")
    ] = False,
    no_monitor: Annotated[
        bool, typer.Option("--no-monitor", help="Without the web page and the HTTP interface.")
    ] = False,
) -> int:
    """Start the broker and its workers, and keep them up; Ctrl-C ends everything in good order."""
    options: Globals = ctx.obj
    if no_workers and count is not None:
        raise Usage("-n and --no-workers contradict each other")
    loaded = load(options, {"worker.count": ("-n", count)})
    prepare_home(loaded)
    settings = loaded.settings
    facts = settings.run_dir / "up.json"
    with runfiles.locked(settings.run_dir / "up.lock", lambda: _runs_already(loaded)):
        about = {"home": str(settings.home), "frontend": settings.frontend_endpoint}
        with runfiles.announced(facts, about):
            workers = 0 if no_workers else settings.worker.count
            without = {ORDERS: no_workers or no_orders, AGENTS: no_workers or no_agents}
            owners = [pool for pool, unwanted in without.items() if not unwanted and serves(loaded, pool)]
            parts = _parts(loaded, workers, owners, monitor=not no_monitor, quiet=options.quiet)
            shown = screen.Screen(loaded, [part.name for part in parts[1:]], options)
            return Service(Supervision(parts), settings, shown).run()


def _parts(loaded: Loaded, workers: int, owners: Iterable[str], *, monitor: bool, quiet: bool) -> list[Part]:
    """List the children in the order in which they are stopped: who accepts requests goes first.

    ``owners`` are the pools of one worker that owns a store.
    """
    settings = loaded.settings
    spec = {"loaded": loaded.to_json(), "stderr": not quiet}
    team = spec | {
        "count": workers,
        "pool": settings.worker.pool,
        "endpoint": settings.backend_endpoint,
    }
    stop_s = settings.broker.drain_s + MARGIN_S

    def start(role: str, spec: dict[str, object]) -> processes.Child:
        return processes.Child(processes.role_argv(role), spec)

    parts = [Part("broker", lambda: start("broker", spec), stop_s, _policy(loaded))]
    if workers:
        parts.append(Part("workers", lambda: start("workers", team), stop_s, _policy(loaded)))
    for pool in owners:
        owner = team | {"count": 1, "pool": pool}
        parts.append(Part(pool, partial(start, "workers", owner), stop_s, _policy(loaded)))
    if monitor:

        def watch() -> processes.Child:
            return processes.Child([sys.executable, "-m", "tacore.monitor"], spec)

        parts.append(Part(MONITOR, watch, MONITOR_S, _policy(loaded), vital=False))
    return parts


def _policy(loaded: Loaded) -> RestartPolicy:
    worker = loaded.settings.worker
    return RestartPolicy(
        worker.restart_backoff_s,
        worker.restart_backoff_max_s,
        worker.restart_budget,
        worker.restart_window_s,
    )


def _runs_already(loaded: Loaded) -> str:
    settings = loaded.settings
    found = runfiles.read_live(settings.run_dir / "up.json") or {}
    return (
        f"`tacore up` runs from {settings.home} already (pid {found.get('pid', 'unknown')}, clients at "
        f"{found.get('frontend', 'unknown')}): `tacore ps` shows it, `tacore down` stops it; another one "
        "needs another --home and other ports"
    )
