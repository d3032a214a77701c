"""The command itself: examine, repair, report."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from tacore.cli.app import group
from tacore.cli.doctor import report, running
from tacore.cli.doctor.registry import discover
from tacore.cli.doctor.situation import Situation, look
from tacore.cli.exits import OK, UNEXPECTED
from tacore.cli.globals import Globals

app = group("Look for what is wrong, and say what to do about it.")
WAIT_S = 10.0


@app.command()
def doctor(
    ctx: typer.Context,
    fix: Annotated[
        bool, typer.Option("--fix", help="Repair what is safe to repair: what dead processes left.")
    ] = False,
    wait_s: Annotated[
        float, typer.Option("--wait", min=0.1, help="Seconds that one examination may take.")
    ] = WAIT_S,
) -> int:
    """Look at everything that a service needs, running or not, and say what to do about what is wrong.

    Exit codes: 0 no problem (or all repaired), 1 problems.
    """
    options: Globals = ctx.obj
    situation = look(options, wait_s)
    found = list(_examine(situation, told=sys.stderr.isatty() and not options.quiet))
    if fix:
        found = [(name, running.repaired(each)) for name, each in found]
    report.show(found, options)
    return UNEXPECTED if any(each.level == "problem" for _, each in found) else OK


def _examine(situation: Situation, *, told: bool) -> Iterator[report.Named]:
    for name, examine in discover().items():
        if told:
            sys.stderr.write(f"\r\x1b[Klooking at {name}")
            sys.stderr.flush()
        for finding in running.findings(name, examine, situation):
            yield name, finding
    if told:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
