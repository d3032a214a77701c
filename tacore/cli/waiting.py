"""Waiting until the list of workers shows what was asked for."""

from collections.abc import Mapping
from typing import Any

from tacore.cli import render
from tacore.cli.ending import until
from tacore.cli.exits import NO_ANSWER, OK, tell
from tacore.cli.globals import Globals
from tacore.client.sync import Client

Workers = list[dict[str, Any]]
Processes = Mapping[str, int]


def workers(client: Client) -> Workers:
    """List the workers."""
    found: Workers = client.call("admin.workers")["workers"]
    return found


def chosen(client: Client, worker_id: str) -> dict[str, int]:
    """Give the pids of the workers that ``worker_id`` means, by their ids."""
    return {
        each["worker_id"]: each["pid"] for each in workers(client) if worker_id in (each["worker_id"], "all")
    }


def scaled(client: Client, count: int, pool: str, supervisor: str | None, wait_s: float) -> bool:
    """Wait until a pool, or one supervisor's share of it, has that many workers."""

    def fits() -> bool:
        there = [
            each
            for each in workers(client)
            if each["pool"] == pool and supervisor in (None, each["supervisor"])
        ]
        return len(there) == count

    return until(fits, wait_s)


def restarted(client: Client, before: Processes, wait_s: float) -> bool:
    """Wait until every worker is there again in another process."""

    def anew() -> bool:
        now = {each["worker_id"]: each["pid"] for each in workers(client)}
        return all(name in now and now[name] != pid for name, pid in before.items())

    return until(anew, wait_s)


def gone(client: Client, before: Processes, wait_s: float) -> bool:
    """Wait until none of these processes is listed."""

    def absent() -> bool:
        now = {(each["worker_id"], each["pid"]) for each in workers(client)}
        return not now & before.items()

    return until(absent, wait_s)


def tell_result(done: dict[str, Any], happened: bool, options: Globals, waited_s: float | None) -> int:
    """Show what was set in motion and whether it has happened; ``waited_s`` is None where nobody waited."""
    render.show({**done, "finished": happened}, options)
    if happened or waited_s is None:
        return OK
    tell(f"not finished after {waited_s:g} s: `tacore worker ls` shows how far it is")
    return NO_ANSWER
