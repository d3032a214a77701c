"""`tacore jobs ls`: jobs, newest first, once or again and again."""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tacore.cli import render
from tacore.cli.exits import OK, Usage, tell
from tacore.cli.globals import Globals
from tacore.cli.job_states import ENGINES, STATES
from tacore.cli.jobs import spelled
from tacore.cli.jobs.finding import LIST
from tacore.cli.words import Words, quantity, whole
from tacore.client.sync import Client

NEWEST, PAGE = 50, 1000
LEAST_S = 0.1
Found = tuple[list[dict[str, Any]], Mapping[str, int]]


def check(words: Words) -> None:
    """Refuse words that mean nothing here, and values that are not allowed."""
    if words.rest:
        word = words.rest[0]
        raise Usage(f"jobs ls does not know {word!r}: `tacore jobs show {word}` shows a job")
    _asked(words.options)
    _most(words.options)
    quantity(words.options, "--watch", LEAST_S)


def ls(client: Client, words: Words, options: Globals) -> int:
    """List jobs, and go on where asked."""
    asked, most = _asked(words.options), _most(words.options)
    every_s = quantity(words.options, "--watch", LEAST_S)
    if every_s is not None:
        from tacore.cli.jobs import watching  # noqa: PLC0415  only where it is asked for

        watching.run(client, asked, most, every_s, options)
    jobs, counts = newest(client, asked, most)
    if not is_table(options):
        render.show({"jobs": jobs, "counts": counts}, options)
        return OK
    show(jobs, options)
    if not options.quiet:
        tell(counted(counts) if jobs else f"no rows  {counted(counts)}")
    return OK


def newest(client: Client, asked: Mapping[str, Any], most: int) -> Found:
    """Ask for the newest jobs, page by page, and for how many there are of each state."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while True:
        answer = client.call(LIST, {**asked, **page, "limit": min(PAGE, most - len(found))})
        found += answer["jobs"]
        if len(found) >= most or answer.get("next_before_id") is None:
            return found, answer.get("counts") or {}
        page = {"before_id": answer["next_before_id"]}


def is_table(options: Globals) -> bool:
    """Tell whether a table of chosen columns is to be written."""
    chosen = options.output or ("table" if sys.stdout.isatty() else "ndjson")
    return chosen == "table" and not options.columns


def show(jobs: Iterable[Mapping[str, Any]], options: Globals) -> None:
    """Write a table of jobs."""
    lines, hidden = laid_out(jobs, options)
    render.write("".join(f"{line}\n" for line in lines))
    if hidden and not options.quiet:
        tell(f"no room for {', '.join(hidden)}: choose with --columns, or use -o json")


def laid_out(jobs: Iterable[Mapping[str, Any]], options: Globals) -> tuple[list[str], list[str]]:
    """Lay jobs out in a table; give the lines, and the columns that had no room."""
    from tacore.cli.table import table  # noqa: PLC0415  only a terminal needs it

    rows = [spelled.row(each) for each in jobs]
    columns = [name for name in (rows[0] if rows else ()) if any(each[name] is not None for each in rows)]
    return table(rows, columns, render.width(), color=render.colored(options)) if rows else ([], [])


def counted(counts: Mapping[str, int]) -> str:
    """Write how many jobs there are of each state."""
    told = [f"{counts[state]} {state}" for state in STATES if counts.get(state)]
    return ", ".join(told) or "no jobs"


def _asked(options: Mapping[str, str]) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    if "--state" in options:
        asked["state"] = _listed("--state", options["--state"], STATES)
    if "--engine" in options:
        (asked["engine"],) = _listed("--engine", options["--engine"], ENGINES)[:1]
    if "--symbol" in options:
        asked["symbol"] = options["--symbol"]
    if "--since" in options:
        from tacore.cli.moments import moment_text  # noqa: PLC0415  few ask for it

        asked["since"] = moment_text("--since", options["--since"], time.time())
    return asked


def _listed(name: str, text: str, known: Sequence[str]) -> list[str]:
    named = list(dict.fromkeys(each for part in text.lower().split(",") if (each := part.strip())))
    for each in named:
        if each not in known:
            import difflib  # noqa: PLC0415  only for a typing error

            close = difflib.get_close_matches(each, known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(known)}"
            raise Usage(f"{name} {each}: there is no such {name.strip('-')}; {hint}")
    if not named:
        raise Usage(f"{name} needs one of {', '.join(known)}")
    return named


def _most(options: dict[str, str]) -> int:
    name = "--limit" if "--limit" in options else "-n"
    return whole(options, name, least=1) or NEWEST
