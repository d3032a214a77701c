"""`tacore jobs ls`: jobs, newest first, once or again and again."""

import difflib
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from tacore.cli import render
from tacore.cli.exits import OK, Usage, tell
from tacore.cli.globals import Globals
from tacore.cli.job_states import ENGINES, STATES
from tacore.cli.jobs import spelled
from tacore.cli.jobs.finding import LIST
from tacore.cli.moments import moment_text
from tacore.cli.picture import Picture
from tacore.cli.stream import Stream
from tacore.cli.table import table
from tacore.cli.words import Words, quantity, whole
from tacore.client.sync import Client
from tacore.errors import TacoreError

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
        _watch(client, asked, most, every_s, options)
    jobs, counts = newest(client, asked, most)
    if not is_table(options):
        render.show({"jobs": jobs, "counts": counts}, options)
        return OK
    show(jobs, options)
    if not options.quiet:
        tell(_counted(counts) if jobs else f"no rows  {_counted(counts)}")
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
    lines, hidden = _table(jobs, options)
    render.write("".join(f"{line}\n" for line in lines))
    if hidden and not options.quiet:
        tell(f"no room for {', '.join(hidden)}: choose with --columns, or use -o json")


def _table(jobs: Iterable[Mapping[str, Any]], options: Globals) -> tuple[list[str], list[str]]:
    rows = [spelled.row(each) for each in jobs]
    columns = [name for name in (rows[0] if rows else ()) if any(each[name] is not None for each in rows)]
    return table(rows, columns, render.width(), color=render.colored(options)) if rows else ([], [])


def _counted(counts: Mapping[str, int]) -> str:
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
        asked["since"] = moment_text("--since", options["--since"], time.time())
    return asked


def _listed(name: str, text: str, known: Sequence[str]) -> list[str]:
    named = list(dict.fromkeys(each for part in text.lower().split(",") if (each := part.strip())))
    for each in named:
        if each not in known:
            close = difflib.get_close_matches(each, known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(known)}"
            raise Usage(f"{name} {each}: there is no such {name.strip('-')}; {hint}")
    if not named:
        raise Usage(f"{name} needs one of {', '.join(known)}")
    return named


def _most(options: dict[str, str]) -> int:
    name = "--limit" if "--limit" in options else "-n"
    return whole(options, name, least=1) or NEWEST


def _watch(client: Client, asked: Mapping[str, Any], most: int, every_s: float, options: Globals) -> NoReturn:
    """Show what is there until interrupted; a service that is away is asked again."""
    view = _Drawn(options) if is_table(options) and sys.stdout.isatty() else _Rows(options)
    with view:
        due = time.monotonic()
        while True:
            try:
                view.show(*newest(client, asked, most))
            except TacoreError as error:
                if not error.retryable:
                    raise
                view.away(error)
            due = max(due + every_s, time.monotonic())
            time.sleep(due - time.monotonic())


class _Drawn(Picture):
    """A table that is drawn over the one before."""

    def __init__(self, options: Globals) -> None:
        super().__init__()
        self._options = options
        self._last: list[str] = []

    def show(self, jobs: Sequence[Mapping[str, Any]], counts: Mapping[str, int]) -> None:
        """Draw jobs."""
        lines, hidden = _table(jobs, self._options)
        self._last = [*lines, *([f"no room for {', '.join(hidden)}"] if hidden else [])]
        self._draw(_counted(counts))

    def away(self, error: TacoreError) -> None:
        """Say that what is drawn is not of now."""
        self._draw(f"{error.message}: looking again")

    def _draw(self, said: str) -> None:
        self.draw([f"{_now()[11:19]} UTC  {said}", *self._last])


class _Rows:
    """Rows of each look, one after the other."""

    def __init__(self, options: Globals) -> None:
        self._shortened = is_table(options)
        columns = ("at", *spelled.row({})) if self._shortened else ()
        self._stream = Stream("jobs --watch", (), _nothing, options, fields=columns, follow=True)
        self._away = False
        if self._shortened:
            self._stream = Stream(
                "jobs --watch", (), _nothing, options._replace(columns=columns), fields=columns, follow=True
            )

    def __enter__(self) -> "_Rows":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, jobs: Sequence[Mapping[str, Any]], _counts: Mapping[str, int]) -> None:
        """Write the rows."""
        self._away = False
        at = _now()
        self._stream.write([{"at": at, **(spelled.row(each) if self._shortened else each)} for each in jobs])

    def away(self, error: TacoreError) -> None:
        """Say so once."""
        if not self._away:
            tell(f"tacore jobs: {error.message}: looking again")
        self._away = True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _nothing(_row: object) -> dict[str, str]:
    return {}
