"""The command itself, whose exit codes are those of Nagios plugins, whatever happens."""

import difflib
import sqlite3
from collections.abc import Iterable, Sequence

from tacore.cli import render, texts
from tacore.cli.check.checks import CHECKS, Asked
from tacore.cli.check.formats import FORMATS, told
from tacore.cli.check.ranges import parse
from tacore.cli.check.result import UNKNOWN, Result, worst
from tacore.cli.check.source import Source, Unknown
from tacore.cli.exits import Usage
from tacore.cli.globals import Globals
from tacore.cli.moments import seconds
from tacore.cli.words import Words, quantity, split

LONG = {"-w": "--warn", "-c": "--crit", "-f": "--format", "-t": "--timeout"}
VALUED = frozenset({*LONG, *LONG.values(), "--window", "--method"})
TIMEOUT_S = 5.0
WINDOW = "5m"


def run(argv: Sequence[str], options: Globals) -> int:
    """Check one thing or all; a wrong command line is UNKNOWN too, for 2 would be an alarm."""
    if options.help:
        return texts.usage(texts.CHECK)
    form = FORMATS["nagios"]
    try:
        words = split(argv, VALUED)
        given = Words({LONG.get(name, name): value for name, value in words.options.items()}, words.rest)
        form = FORMATS[_one_of("--format", given.options.get("--format", "nagios"), FORMATS)]
        name, asked, timeout_s = _asked(given)
        results = _made(name, asked, Source(options, timeout_s))
    except Usage as error:
        results = [Result("usage", UNKNOWN, f"{error}")]
    if options.output is None:
        render.write(form(results))
    else:
        render.show(told(results), options)
    return worst(each.state for each in results)


def _asked(words: Words) -> tuple[str, Asked, float]:
    given = words.options
    if len(words.rest) != 1:
        raise Usage(f"check one of {', '.join([*CHECKS, 'all'])}: `tacore check --help`")
    name = _one_of("check", words.rest[0], [*CHECKS, "all"])
    ranges = {each: parse(each, given[each]) for each in ("--warn", "--crit") if each in given}
    if name == "all" and ranges:
        raise Usage(f"{', '.join(ranges)} can't be of all: each check has a unit of its own")
    window_s = seconds("--window", given.get("--window", WINDOW))
    timeout_s = quantity(given, "--timeout", least=0.001) or TIMEOUT_S
    asked = Asked(ranges.get("--warn"), ranges.get("--crit"), window_s, given.get("--method"))
    return name, asked, timeout_s


def _one_of(what: str, word: str, allowed: Iterable[str]) -> str:
    names = list(allowed)
    if word not in names:
        close = difflib.get_close_matches(word, names, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise Usage(f"{what} is one of {', '.join(names)}, not {word!r}{hint}")
    return word


def _made(name: str, asked: Asked, source: Source) -> list[Result]:
    try:
        return [_attempt(each, asked, source) for each in (CHECKS if name == "all" else [name])]
    finally:
        source.close()


def _attempt(name: str, asked: Asked, source: Source) -> Result:
    """Make a check; what keeps it from being made leaves it unknown."""
    try:
        return CHECKS[name](source, asked)
    except Unknown as why:
        return Result(name, UNKNOWN, f"{why}")
    except sqlite3.Error as error:
        return Result(name, UNKNOWN, f"the journal can't be read: {error}")
    except Exception as error:  # no traceback ever reaches a monitoring system, nor exit code 1
        return Result(name, UNKNOWN, f"the check failed: {type(error).__name__}: {error}")
