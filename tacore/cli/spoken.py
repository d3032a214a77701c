"""Every command, subcommand and option there is, for completion scripts."""

from typing import Any, NamedTuple

from tacore.cli import (
    account,
    app,
    batch,
    call,
    cancel,
    check,
    completing,
    halt,
    jobs,
    logs,
    order,
    orders,
    positions,
    reconcile,
    replay,
    resume,
    stats,
    top,
    trace,
)
from tacore.cli.agent_calls import FROM_JOB
from tacore.cli.check.checks import CHECKS
from tacore.cli.globals import FLAGS, VALUED
from tacore.settings.describe import by_key

SERVICE = "@service"
"""Stands for what the running service knows: methods, their params, workers, orders."""
SHELLS = ("bash", "fish", "zsh")
_FAST: dict[str, frozenset[str]] = {
    "account": account.VALUED,
    "batch": batch.VALUED,
    "call": call.VALUED | call.FLAGS | call.FLAGS_FROM_JOB | {FROM_JOB},
    "cancel": cancel.VALUED | cancel.FLAGS,
    "check": check.VALUED,
    "describe": frozenset(),
    "halt": halt.VALUED | halt.FLAGS,
    "help": frozenset(),
    "jobs": jobs.VALUED["ls"],
    **{f"jobs {name}": jobs.VALUED[name] | jobs.FLAGS[name] for name in jobs.COMMANDS},
    "logs": logs.VALUED | logs.FLAGS,
    "methods": frozenset(),
    "order": order.VALUED,
    "orders": orders.VALUED | orders.FLAGS,
    "positions": positions.VALUED | positions.FLAGS,
    "reconcile": reconcile.VALUED,
    "replay": replay.VALUED | replay.FLAGS,
    "resume": resume.VALUED,
    "stats": stats.VALUED | stats.FLAGS,
    "top": top.VALUED | top.FLAGS,
    "trace": trace.VALUED | trace.FLAGS,
    "version": frozenset(),
}


class Command(NamedTuple):
    """A command's own options, and the words that may follow it."""

    options: tuple[str, ...]
    words: tuple[str, ...] = ()


def commands() -> dict[str, Command]:
    """List the commands by their words, ``worker scale`` for one; the empty one has the global options."""
    found = {name: Command(tuple(sorted(options)), _words(name)) for name, options in _FAST.items()}
    for name in app.COMMANDS:
        built = app.build(name)
        inner = getattr(built, "commands", None)
        found[name] = Command(() if inner else _options(built), tuple(inner or _words(name)))
        for each, command in (inner or {}).items():
            found[f"{name} {each}"] = Command(_options(command), _words(f"{name} {each}"))
    top = tuple(sorted({*VALUED, *FLAGS}))
    return {"": Command(top, tuple(sorted(name for name in found if " " not in name))), **found}


def _words(path: str) -> tuple[str, ...]:
    if path in completing.LIVE:
        return (SERVICE,)
    if path == "jobs":
        return jobs.COMMANDS
    if path == "config get":
        return tuple(by_key())
    if path == "completion":
        return SHELLS
    return (*CHECKS, "all") if path == "check" else ()


def _options(command: Any) -> tuple[str, ...]:  # noqa: ANN401  the framework does not export the type
    return tuple(
        each
        for param in command.params
        for each in param.opts
        if each.startswith("-") and each not in ("-h", "--help")
    )
