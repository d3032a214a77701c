"""The commands that are built on Typer; each group is a module, loaded only when it is asked for."""

import difflib
import importlib
import os
from collections.abc import Iterable, Sequence
from typing import Any

import typer

from tacore.cli.entry import FAST
from tacore.cli.exits import INTERRUPTED, OK, Usage
from tacore.cli.globals import Globals

COMMANDS = (
    "agents",
    "bench",
    "broker",
    "cache",
    "completion",
    "config",
    "data",
    "doctor",
    "down",
    "init",
    "monitor",
    "ps",
    "up",
    "worker",
)
"""Each is a module here, whose ``app`` is a Typer."""
EPILOG = "Options of every command (--home, --endpoint, -o ...): `tacore --help`."

UsageError: Any = typer.BadParameter.__mro__[1]
"""Typer's own error for a wrong command line, which it does not export."""


def run(argv: Sequence[str], options: Globals) -> int:
    """Run one of the commands; give its exit code."""
    name = argv[0]
    if name not in COMMANDS:
        raise Usage(_unknown(name))
    if options.no_color:
        os.environ["NO_COLOR"] = "1"  # the framework's help asks nothing else
    command = build(name)
    try:
        code = command.main(
            args=list(argv[1:]), prog_name=f"tacore {name}", standalone_mode=False, obj=options
        )
    except UsageError as error:
        raise Usage(explain(error, argv)) from error
    except typer.Abort:
        return INTERRUPTED
    return code if isinstance(code, int) else OK


def build(name: str) -> Any:  # noqa: ANN401  the framework does not export the type
    """Build the command of a name, with its subcommands."""
    built = typer.main.get_command(importlib.import_module(f"tacore.cli.{name}").app)
    for each in (built, *getattr(built, "commands", {}).values()):
        each.epilog = EPILOG
        each.context_settings = {"help_option_names": ["-h", "--help"], **each.context_settings}
    return built


def group(about: str) -> typer.Typer:
    """Make the Typer of a command, or of a group of them."""
    return typer.Typer(
        help=about, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
    )


def explain(error: Any, argv: Sequence[str]) -> str:  # noqa: ANN401  an UsageError
    """Put a usage error into plain words, with the nearest name."""
    context = error.ctx
    if context is None:
        return str(error.format_message())
    where = context.command_path.removeprefix("tacore ")
    help_ = f"`tacore {where} --help`"
    wrong = getattr(error, "option_name", None)
    if wrong is not None and hasattr(error, "possibilities"):
        return f"{where} has no option {wrong}{nearest(wrong, _options(context))}: {help_}"
    inner = getattr(context.command, "commands", None)
    if inner is not None:
        words = [word for word in argv[1:] if not word.startswith("-")]
        if not words:
            return f"{where} needs one of: {', '.join(inner)} ({help_})"
        return f"{where} has no command {words[0]!r}{nearest(words[0], inner)}: {help_}"
    said = str(error.format_message()).rstrip(".")
    return f"{where}: {said[:1].lower()}{said[1:]}: {help_}"


def nearest(word: str, known: Iterable[str]) -> str:
    """Give ``; did you mean X?`` for the known name closest to a word, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _unknown(name: str) -> str:
    if name.startswith("-"):
        return f"there is no option {name}: `tacore --help` lists what there is"
    return f"there is no command {name!r}{nearest(name, (*COMMANDS, *FAST))}: `tacore --help` lists them"


def _options(context: Any) -> list[str]:  # noqa: ANN401
    return [each for param in context.command.params for each in param.opts if each.startswith("-")]
