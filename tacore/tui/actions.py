"""What can be done from a screen: what would happen, in words, and the command that does the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tacore.errors import InvalidParams
from tacore.ports import EXCLUSIVE_POOLS
from tacore.watch import commands
from tacore.watch.views import WorkerView

MOST_WORKERS = 1024


@dataclass(frozen=True, slots=True)
class Action:
    """One call of a method that changes something, and what to tell before it is made."""

    title: str
    effect: str
    method: str
    params: Mapping[str, Any]
    command: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """An action that needs a word first; ``make`` raises InvalidParams where the word won't do."""

    label: str
    value: str
    make: Callable[[str], Action]


_HELD = {"orders": "orders", "agents": "agent jobs"}


def restart(worker: WorkerView) -> Action:
    """Restart a worker."""
    waits = (
        f"{_HELD[worker.pool]} wait for its successor"
        if worker.pool in EXCLUSIVE_POOLS
        else "the others go on"
    )
    return Action(
        title=f"Restart {worker.worker_id}",
        effect=f"{worker.worker_id} (pid {worker.pid}) finishes its present work and starts again; {waits}.",
        method="admin.restart",
        params={"worker_id": worker.worker_id},
        command=commands.restart(worker.worker_id),
        grave=worker.pool in EXCLUSIVE_POOLS,
    )


_WITHOUT = {
    "orders": "No orders can be placed or cancelled until `tacore worker scale 1 --pool orders`.",
    "agents": "No agent jobs run until `tacore worker scale 1 --pool agents`.",
}


def drain(worker: WorkerView) -> Action:
    """End a worker in good order."""
    left = (
        _WITHOUT[worker.pool]
        if worker.pool in EXCLUSIVE_POOLS
        else "Scaling the pool starts one in its place."
    )
    return Action(
        title=f"Drain {worker.worker_id}",
        effect=f"{worker.worker_id} finishes its present work and ends; none is started in its place. {left}",
        method="admin.drain_worker",
        params={"worker_id": worker.worker_id},
        command=commands.drain(worker.worker_id),
        grave=worker.pool in EXCLUSIVE_POOLS,
    )


def scale(pool: str, supervisors: Mapping[str, int], supervisor: str | None) -> Question:
    """Ask how many workers a pool shall keep; ``supervisors`` are those of the pool, with their counts.

    One of several supervisors must be named.
    """
    named = supervisor if len(supervisors) > 1 else None
    now = supervisors.get(supervisor or "", sum(supervisors.values()))

    def make(text: str) -> Action:
        wanted = _whole(text)
        params = {"workers": wanted, "pool": pool, **({"supervisor": named} if named else {})}
        where = f"pool {pool}" + (f" of {named}" if named else "")
        return Action(
            title=f"Scale {where}",
            effect=f"P{where[1:]} keeps {_workers(wanted)} from now on{_change(wanted - now)}.",
            method="admin.scale",
            params=params,
            command=commands.scale(wanted, pool, named),
            grave=wanted == 0,
        )

    return Question(label="How many workers", value=str(now), make=make)


def trading(state: str, now: str | None) -> Question:
    """Ask for the reason of another trading state."""
    effects = {
        "halted": "No order is taken. What is open stays open; cancelling works.",
        "reducing": "Only orders that make a position smaller are taken. What is open stays open.",
        "active": "Orders are taken again.",
    }
    titles = {"halted": "Halt trading", "reducing": "Reduce only", "active": "Resume trading"}

    def make(text: str) -> Action:
        reason = text.strip()
        return Action(
            title=titles[state],
            effect=f"{effects[state]} Now trading is {now or 'in an unknown state'}.",
            method="set.trading_state",
            params={"state": state, **({"reason": reason} if reason else {})},
            command=commands.trading(state, reason),
            grave=True,
        )

    return Question(label="Reason, for the record", value="", make=make)


def cancel(order: Mapping[str, Any]) -> Action:
    """Cancel an order."""
    told = " ".join(str(order.get(each, "")) for each in ("action", "quantity", "symbol"))
    venue = order.get("venue", "its venue")
    return Action(
        title=f"Cancel {order['order_id']}",
        effect=f"What is not filled of {told} ({order['status']}) is cancelled at {venue}.",
        method="cancel.order",
        params={"order_id": order["order_id"]},
        command=commands.cancel(str(order["order_id"])),
        grave=order.get("paper") is not True,
    )


def _whole(text: str) -> int:
    try:
        wanted = int(text)
    except ValueError:
        wanted = -1
    if not 0 <= wanted <= MOST_WORKERS:
        raise InvalidParams(f"how many workers is a whole number from 0 to {MOST_WORKERS}, not {text!r}")
    return wanted


def _workers(number: int) -> str:
    return "1 worker" if number == 1 else f"{number} workers" if number else "no worker"


def _change(more: int) -> str:
    if more > 0:
        return f": {_workers(more)} more"
    return f": {_workers(-more)} less, the newest end after their present work" if more else ", as now"
