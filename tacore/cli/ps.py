"""`tacore ps`: the processes of the service."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from socket import gethostname
from typing import Any, NamedTuple

import psutil
import typer

from tacore import runfiles
from tacore.cli import render
from tacore.cli.app import group
from tacore.cli.asking import open_client
from tacore.cli.exits import OK, tell
from tacore.cli.globals import Globals

app = group("List the processes of the service, with what they cost.")
SAMPLE_S = 0.2
OWNERS = {"orders": "executor", "agents": "job manager"}
"""What the one worker of a pool is that owns a store."""
SHOWN = ("role", "name", "pid", "state", "cpu_pct", "rss_mb", "uptime_s", "where")


class Row(NamedTuple):
    """A process, as the service tells of it; ``known`` is what can't be measured from here."""

    role: str
    name: str
    pid: int
    state: str
    where: str
    host: str
    known: Mapping[str, Any] = {}


@app.command()
def ps(ctx: typer.Context) -> int:
    """List the processes of the service, with what they cost: CPU now, memory, time since the start."""
    options: Globals = ctx.obj
    with open_client(options) as client:
        health = client.call("health.check", {"detailed": True})
    rows = _measured(list(_rows(health)))
    render.show({"processes": rows}, options if options.columns else options._replace(columns=SHOWN))
    if not options.quiet:
        for reason in health["reasons"]:
            tell(f"{health['status']}: {reason}")
    return OK


def _rows(health: Mapping[str, Any]) -> Iterable[Row]:
    """List who takes part, from the service's own report and the run files of its home."""
    parts, home = health["components"], Path(health["home"])
    here = gethostname()
    up = runfiles.read_live(home / "run" / "up.json")
    broker = runfiles.read_live(home / "run" / "broker.json")
    near = here if broker is not None and broker["pid"] == health["pid"] else "elsewhere"
    if up is not None and near == here:
        yield Row("up", "", up["pid"], "running", str(home), here)
    yield Row("broker", "", health["pid"], parts["broker"]["status"], health["endpoint"], near)
    monitor = runfiles.read_live(home / "run" / "monitor.json")
    if monitor is not None and near == here:
        yield Row("monitor", "", monitor["pid"], "running", monitor["url"], here)
    writer = parts["journal"].get("writer_pid")
    if writer is not None:
        yield Row("journal writer", "", writer, parts["journal"]["status"], health["database"], near)
    refresher = parts.get("features", {})
    if "pid" in refresher:
        yield Row("refresher", "", refresher["pid"], refresher["state"], f"feature tables on {here}", near)
    for each in parts["workers"]["supervisors"]:
        state = f"keeps {each['wanted']}" + (f", gave up {len(each['gave_up'])}" if each["gave_up"] else "")
        yield Row("supervisor", each["supervisor"], each["pid"], state, _at(each), each["host"])
    for each in parts["workers"]["workers"]:
        known = {"rss_mb": each["rss_mb"], "uptime_s": each["uptime_s"]}
        role = OWNERS.get(each["pool"], "worker")
        yield Row(role, each["worker_id"], each["pid"], each["state"], _at(each), each["host"], known)


def _at(each: Mapping[str, Any]) -> str:
    return f"pool {each['pool']} on {each['host']}"


def _measured(rows: list[Row]) -> list[dict[str, Any]]:
    """Look at the processes on this host, twice, for their CPU is a difference."""
    here = gethostname()
    found = [_process(row.pid) if row.host == here else None for row in rows]
    for process in found:
        _look(process)
    time.sleep(SAMPLE_S)
    return [
        {**row._asdict(), **row.known, **_look(process)} for row, process in zip(rows, found, strict=True)
    ]


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _look(process: psutil.Process | None) -> dict[str, Any]:
    if process is None:
        return {}
    try:
        with process.oneshot():
            return {
                "cpu_pct": round(process.cpu_percent(), 1),
                "rss_mb": round(process.memory_info().rss / 1e6, 1),
                "uptime_s": round(time.time() - process.create_time(), 1),
            }
    except psutil.Error:
        return {}
