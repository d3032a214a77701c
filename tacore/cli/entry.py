"""The command ``tacore``: what is typed often starts without the framework that the rest is built on."""

import importlib
import os
import sys
from collections.abc import Callable, Sequence

from tacore.cli.exits import INTERRUPTED, OK, UNEXPECTED, USAGE, Usage, code_of, explain, tell
from tacore.cli.globals import Globals, split
from tacore.errors import TacoreError

Command = Callable[[Sequence[str], Globals], int]
FAST = frozenset(
    {
        "account",
        "batch",
        "call",
        "cancel",
        "check",
        "describe",
        "halt",
        "help",
        "jobs",
        "logs",
        "methods",
        "order",
        "orders",
        "positions",
        "reconcile",
        "replay",
        "resume",
        "stats",
        "top",
        "trace",
        "version",
    }
)
"""Commands with a module of their own, which load no framework."""
COMPLETE = "__complete"
"""What the shells' scripts call; no command for people."""
CALLED = {
    "account": "get.account",
    "cancel": "cancel.order",
    "halt": "set.trading_state",
    "jobs": "get.job",
    "order": "get.order",
    "orders": "list.orders",
    "positions": "get.positions",
    "reconcile": "reconcile.orders",
    "resume": "set.trading_state",
}
"""The method behind a command of its own."""


def main() -> None:
    """Run the command line of this process and end it."""
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
    sys.exit(code)


def run(argv: Sequence[str]) -> int:
    """Run a command line; give its exit code."""
    try:
        return _dispatch(argv)
    except Usage as error:
        tell(f"tacore: {error}")
        return USAGE
    except TacoreError as error:
        tell(explain(error, _method(argv)))
        return code_of(error)
    except BrokenPipeError:
        _drop_output()
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # the last resort of a command: say it in one line
        if "-v" in argv or "--verbose" in argv:
            raise
        tell(f"tacore: unexpected {type(error).__name__}: {error} (--verbose shows where)")
        return UNEXPECTED


def _dispatch(argv: Sequence[str]) -> int:
    if argv[:1] == [COMPLETE]:  # an unfinished line is no command line: nothing of it is refused
        completing: Callable[[Sequence[str]], int] = importlib.import_module("tacore.cli.completing").run
        return completing(argv[1:])
    words, options = split(argv)
    name = words[0] if words else "help"
    if name in FAST:
        command: Command = importlib.import_module(f"tacore.cli.{name}").run
        return command(words[1:], options)
    framework: Command = importlib.import_module("tacore.cli.app").run
    return framework([*words, "--help"] if options.help else words, options)


def _method(argv: Sequence[str]) -> str:
    """Give the method that was called, for the advice; its place among options is told by `split`."""
    words = split(argv)[0]
    if words[:1] == ["call"] and len(words) > 1:
        return words[1]
    return CALLED.get(words[0], "METHOD") if words else "METHOD"


def _drop_output() -> None:
    """Let the interpreter's last flush go nowhere, for the reader has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
