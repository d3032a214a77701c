"""`tacore agents doctor`: whether an engine can run, and what to do where it can't."""

import shutil
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Annotated, Self

import typer

from tacore.cli.agents.checks import CHECKS, call_models
from tacore.cli.agents.subject import Subject
from tacore.cli.app import nearest
from tacore.cli.configuration_checks import lines_of
from tacore.cli.doctor import report
from tacore.cli.doctor.finding import problem
from tacore.cli.doctor.situation import look
from tacore.cli.exits import OK, UNEXPECTED, Usage
from tacore.cli.globals import Globals
from tacore.cli.text_width import cut
from tacore.errors import ConfigurationError
from tacore.model.agents import AgentSettings, parse_agents
from tacore.model.jobs import ENGINES
from tacore.settings.loaded import Loaded

WAIT_S = 10.0
_MEND = "mend it; `tacore config validate` shows everything that is wrong"


def doctor(
    ctx: typer.Context,
    engine: Annotated[
        str | None, typer.Option("--engine", help="tradingagents_cn or tradingagents; agents.engine else.")
    ] = None,
    call: Annotated[
        bool, typer.Option("--call", help="Have each model answer with one token: it costs money.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --call.")] = False,
) -> int:
    """Look at all that an engine needs: checkout, interpreter, packages, key, models' server.

    Importing the engine takes up to 30 s. Exit codes: 0 no problem, 1 problems.
    """
    options: Globals = ctx.obj
    if engine is not None and engine not in ENGINES:
        raise Usage(f"--engine is one of {', '.join(ENGINES)}, not {engine!r}{nearest(engine, ENGINES)}")
    found = list(_examine(options, engine, call=call and (yes or _agreed())))
    report.show(found, options)
    return UNEXPECTED if any(each.level == "problem" for _, each in found) else OK


def _examine(options: Globals, engine: str | None, *, call: bool) -> Iterator[report.Named]:
    situation = look(options, WAIT_S)
    if situation.loaded is None:
        yield from _wrong(situation.wrong)
        return
    try:
        settings = _settings(situation.loaded)
    except ConfigurationError as error:
        yield from _wrong(error.message)
        return
    chosen = next((each for each in ENGINES if each == engine), settings.engine)
    subject = Subject(chosen, settings, situation.loaded.settings)
    checks = {**CHECKS, **({"call": call_models} if call else {})}
    with _Telling(options) as telling:
        for name, check in checks.items():
            telling.say(name, check.__doc__ or "")
            for finding in check(subject):
                yield name, finding


def _settings(loaded: Loaded) -> AgentSettings:
    return parse_agents(loaded.trading.get("agents"), loaded.trading_file)


def _wrong(said: str) -> Iterator[report.Named]:
    for line in lines_of(said):
        yield "configuration", problem(line, _MEND)


def _agreed() -> bool:
    """Ask, where there is somebody to ask; elsewhere the option has said it."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    sys.stderr.write("--call has each model answer with one token, which costs money: do it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


class _Telling:
    """Says on a terminal what is being looked at, and wipes it away."""

    def __init__(self, options: Globals) -> None:
        self._on = sys.stderr.isatty() and not options.quiet

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("")

    def say(self, name: str, about: str) -> None:
        """Name what comes next."""
        self._write(f"looking at {name}: {about.splitlines()[0].rstrip('.')}")

    def _write(self, text: str) -> None:
        if self._on:
            sys.stderr.write(f"\r\x1b[K{cut(text, shutil.get_terminal_size().columns - 1)}")
            sys.stderr.flush()
