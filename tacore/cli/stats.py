"""`tacore stats`: requests a second, errors and latencies of each method, from the journal."""

import difflib
import math
import sys
import time
from collections.abc import Mapping, Sequence

from tacore.cli import rates, render, texts
from tacore.cli.exits import OK, Usage, tell
from tacore.cli.globals import Globals
from tacore.cli.logs import find_database
from tacore.cli.rates import Asked, Look
from tacore.cli.words import none_left, quantity, split
from tacore.store.queries import Reader

VALUED = frozenset({"--window", "--method"})
FLAGS = frozenset({"--watch", "--totals"})
WINDOW, WINDOW_OF_A_WATCH = "5m", "10s"
EVERY_S, LEAST_S = 2.0, 0.1
SHORTEST_S, LONGEST_S = 1, 366 * 86400
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
COLUMNS = (
    "method",
    "window",
    "requests",
    "per_s",
    "errors",
    "error_rate",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "mean_queue_ms",
)


def run(argv: Sequence[str], options: Globals) -> int:
    """Show the rates once, or again and again."""
    if options.help:
        return texts.usage(texts.STATS)
    words = split(_with_seconds(argv), VALUED | {"--watch"}, frozenset({"--totals"}))
    none_left("stats", words.rest)
    every_s = quantity(words.options, "--watch", LEAST_S)
    asked = read(words.options, WINDOW if every_s is None else WINDOW_OF_A_WATCH)
    if every_s is not None:
        if "--totals" in words.options:
            raise Usage("--totals are of all time, and do not go with --watch")
        from tacore.cli import watching  # noqa: PLC0415  only where it is asked for

        watching.run(find_database(options), asked, every_s, options)
    with Reader(find_database(options)) as reader:
        found = rates.look(reader, asked, time.time())
    if not options.quiet:
        tell_unknown(asked, found)
    if "--totals" in words.options:
        render.show(found.totals, options if found.totals else options._replace(columns=rates.TOTAL_FIELDS))
    else:
        _show(found, asked, options)
    return OK


def read(options: Mapping[str, str], window: str) -> Asked:
    """Read which windows and methods are asked for, each of them with commas between."""
    texts_ = _listed(options.get("--window", window))
    methods = _listed(options["--method"]) if "--method" in options else []
    if not texts_ or ("--method" in options and not methods):
        raise Usage(f"{'--method' if texts_ else '--window'} needs a value")
    return Asked({text: _seconds(text) for text in texts_}, methods)


def columns(asked: Asked) -> tuple[str, ...]:
    """Give the columns of a table: the window where there are several."""
    return tuple(each for each in COLUMNS if each != "window" or len(asked.windows) > 1)


def tell_unknown(asked: Asked, found: Look) -> None:
    """Say which of the methods the journal has never seen, for a name may be mistyped."""
    for method in asked.methods:
        if method not in found.known:
            near = difflib.get_close_matches(method, found.known, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            tell(f"note: the journal has no request for {method}{hint}")


def _show(found: Look, asked: Asked, options: Globals) -> None:
    chosen = options.output or ("table" if sys.stdout.isatty() else "ndjson")
    data = {"at": found.at, "methods": found.rates, "totals": found.by_code() or None}
    if not options.columns and chosen in ("table", "csv"):
        options = options._replace(columns=columns(asked) if chosen == "table" else rates.FIELDS)
    render.show(data, options)


def _with_seconds(argv: Sequence[str]) -> list[str]:
    """Let --watch stand alone, or before its seconds."""
    words = list(argv)
    for at, word in enumerate(words):
        if word == "--watch":
            following = words[at + 1] if at + 1 < len(words) else "--"
            words[at] = "--watch=" + (f"{EVERY_S:g}" if following.startswith("-") else words.pop(at + 1))
    return words


def _listed(text: str) -> list[str]:
    return list(dict.fromkeys(each for part in text.split(",") if (each := part.strip())))


def _seconds(text: str) -> int:
    try:
        seconds = float(text[:-1]) * _UNITS[text[-1:]]
    except (ValueError, KeyError):
        seconds = math.nan
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise Usage(f"--window is a time like 10s, 5m, 1h or 1d, up to 366d: {text!r}")
    return round(seconds)
