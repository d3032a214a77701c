"""`tacore jobs`: agent jobs, one of them, what happens to it; cancel it, take it up again."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from tacore.cli import texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.exits import Usage
from tacore.cli.globals import Globals
from tacore.cli.words import Words, split
from tacore.client.sync import Client

Command = Callable[[Client, Words, Globals], int]
LIST = "ls"
VALUED = {
    LIST: frozenset({"--state", "--symbol", "--engine", "--since", "--limit", "-n", "--watch"}) | PATIENCE,
    "show": PATIENCE,
    "logs": PATIENCE,
    "cancel": PATIENCE,
    "retry": PATIENCE,
}
FLAGS = {
    LIST: frozenset[str](),
    "show": frozenset({"--full"}),
    "logs": frozenset({"-f", "--follow"}),
    "cancel": frozenset({"-y", "--yes"}),
    "retry": frozenset[str](),
}
COMMANDS = tuple(VALUED)
_MODULES = {
    LIST: "listing",
    "show": "showing",
    "logs": "events",
    "cancel": "changing",
    "retry": "changing",
}
EVERY_S = "2"


def run(argv: Sequence[str], options: Globals) -> int:
    """Run one of the commands; jobs alone lists them."""
    if options.help:
        return texts.usage(texts.JOBS)
    name, rest = _command(argv)
    words = split(_with_seconds(rest) if name == LIST else rest, VALUED[name], FLAGS[name])
    strange = next((each for each in words.rest if each.startswith("-")), None)
    if strange is not None:
        raise Usage(f"jobs {name} does not know {strange!r}: `tacore jobs --help`")
    module: Any = importlib.import_module(f"tacore.cli.jobs.{_MODULES[name]}")
    command: Command = getattr(module, name)
    module.check(words)
    with open_client(options, words.options) as client:
        return command(client, words, options)


def one(name: str, words: Words) -> str:
    """Take the only word that is left, a job's id."""
    if not words.rest:
        raise Usage(f"jobs {name} needs a JOB: `tacore jobs` lists them")
    if len(words.rest) > 1:
        raise Usage(f"jobs {name} takes one JOB, not {words.rest[1]!r} too")
    return words.rest[0]


def _command(argv: Sequence[str]) -> tuple[str, Sequence[str]]:
    if not argv or argv[0].startswith("-"):
        return LIST, argv
    if argv[0] in COMMANDS:
        return argv[0], argv[1:]
    import difflib  # noqa: PLC0415  only for a typing error

    close = difflib.get_close_matches(argv[0], COMMANDS, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else f"`tacore jobs show {argv[0]}` shows a job"
    raise Usage(f"jobs has no command {argv[0]!r}: it has {', '.join(COMMANDS)}; {hint}")


def _with_seconds(argv: Sequence[str]) -> list[str]:
    """Let --watch stand alone, or before its seconds."""
    words = list(argv)
    for at, word in enumerate(words):
        if word == "--watch":
            following = words[at + 1] if at + 1 < len(words) else "--"
            words[at] = f"--watch={EVERY_S if following.startswith('-') else words.pop(at + 1)}"
    return words
