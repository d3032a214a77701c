"""Options that every command has, before or after its name."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tacore.cli.exits import Usage

OUTPUTS = ("table", "json", "ndjson", "csv", "yaml")
VALUED = {
    "-o": "output",
    "--output": "output",
    "--columns": "columns",
    "--endpoint": "endpoint",
    "--home": "home",
    "--config": "config",
}
FLAGS = {
    "-q": "quiet",
    "--quiet": "quiet",
    "-v": "verbose",
    "--verbose": "verbose",
    "--no-color": "no_color",
    "-h": "help",
    "--help": "help",
}
HELP = """\
Options of every command, before or after its name:
  -o, --output FORMAT   table, json, ndjson, csv or yaml (a terminal gets a table, a pipe gets ndjson)
  --columns A,B.C       which columns, in this order; dots reach inside
  --endpoint ENDPOINT   the broker to ask, like tcp://127.0.0.1:5555
  --home FOLDER         where data, logs and run files are (TACORE_HOME, else this folder)
  --config FOLDER       where config.yaml is
  -q, --quiet           no warnings
  -v, --verbose         say more
  --no-color            no colours (also NO_COLOR)
  -h, --help            this text
"""


class Globals(NamedTuple):
    """What the options said."""

    output: str | None = None
    columns: tuple[str, ...] = ()
    endpoint: str | None = None
    home: str | None = None
    config: str | None = None
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    help: bool = False


def split(argv: Sequence[str]) -> tuple[list[str], Globals]:
    """Take the global options out of a command line; what follows ``--`` stays."""
    rest: list[str] = []
    found: dict[str, Any] = {}
    words = iter(argv)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *words]
        elif word in FLAGS:
            found[FLAGS[word]] = True
        elif name in VALUED:
            found[VALUED[name]] = value if equals else _next(words, name)
        else:
            rest.append(word)
    return rest, _checked(found)


def _next(words: Iterator[str], name: str) -> str:
    try:
        return next(words)
    except StopIteration:
        raise Usage(f"{name} needs a value") from None


def _checked(found: dict[str, Any]) -> Globals:
    if found.get("output") not in (None, *OUTPUTS):
        raise Usage(f"--output is one of {', '.join(OUTPUTS)}, not {found['output']!r}")
    if "columns" in found:
        found["columns"] = tuple(name for each in found["columns"].split(",") if (name := each.strip()))
    return Globals(**found)
