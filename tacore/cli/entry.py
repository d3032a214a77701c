"""The command ``tacore``: what is typed often starts without the framework that the rest is built on."""

import os
import sys
from collections.abc import Callable, Sequence

from tacore.cli.exits import INTERRUPTED, OK, UNEXPECTED, USAGE, Usage, code_of, explain, tell
from tacore.cli.globals import Globals, split
from tacore.errors import TacoreError

Command = Callable[[Sequence[str], Globals], int]


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
        tell(explain(error))
        return code_of(error)
    except BrokenPipeError:
        _drop_output()
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  the last resort of a command: say it in one line
        if "-v" in argv or "--verbose" in argv:
            raise
        tell(f"tacore: unexpected {type(error).__name__}: {error} (--verbose shows where)")
        return UNEXPECTED


def _dispatch(argv: Sequence[str]) -> int:
    words, options = split(argv)
    name = words[0] if words else ""
    if name in ("", "help") or (options.help and not words):
        from tacore.cli import texts  # noqa: PLC0415  each command loads what it needs

        return texts.overview()
    command = _fast(name)
    if command is None:
        from tacore.cli.app import run as framework  # noqa: PLC0415

        return framework([*words, "--help"] if options.help else words, options)
    return command(words[1:], options)


def _fast(name: str) -> Command | None:
    """Load a command that needs no framework; None for the others."""
    # ruff: noqa: PLC0415  each command loads what it needs, for its start is felt
    if name == "call":
        from tacore.cli import call

        return call.run
    return None


def _drop_output() -> None:
    """Let the interpreter's last flush go nowhere, for the reader has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
