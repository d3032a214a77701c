"""`tacore trace ID`: where the time of a request went, as a waterfall."""

import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tacore.cli import render, texts
from tacore.cli.exits import OK, Usage, tell
from tacore.cli.globals import Globals
from tacore.cli.logs import find_database
from tacore.cli.words import none_left, split, whole
from tacore.errors import NotFound
from tacore.store.queries import MAX_SAME_ID, Reader
from tacore.store.rows import LogRow
from tacore.store.spans import Span, spans_of

VALUED = frozenset({"-n"})
FLAGS = frozenset({"--all", "--payload"})
LATE_S = 0.6
"""An answer's row is written a moment after it was sent."""
LOOK_S = 0.1


def run(argv: Sequence[str], options: Globals) -> int:
    """Show the newest request of an id, or several, newest last."""
    if options.help:
        return texts.usage(texts.TRACE)
    words = split(argv, VALUED, FLAGS)
    request_id = id_in("trace", words.rest)
    wanted = whole(words.options, "-n", least=1) or 1
    rows = find_rows(request_id, find_database(options))
    shown = rows if "--all" in words.options else rows[:wanted]
    chosen = options.output or ("table" if sys.stdout.isatty() else "ndjson")
    if chosen == "table" and not options.columns:
        _draw(shown[::-1], options, payload=options.verbose or "--payload" in words.options)
    else:
        spans = [_as_dict(row, each) for row in reversed(shown) for each in spans_of(row)]
        render.show(spans, options._replace(output=chosen))
    if len(shown) < len(rows) and not options.quiet:
        left = len(rows) - len(shown)
        others = f"{left}{' or more' if len(rows) == MAX_SAME_ID else ''} older request{'s'[: left > 1]}"
        tell(f"note: {others} had the id {request_id}: --all shows all, -n N the newest")
    return OK


def id_in(command: str, rest: Sequence[str]) -> str:
    """Take the only word that is left, a request_id."""
    if not rest or rest[0].startswith("--"):
        none_left(command, rest)
        raise Usage(f"{command} needs an ID, the request_id: `tacore logs` lists them")
    none_left(command, rest[1:])
    return rest[0]


def find_rows(request_id: str, database: Path) -> list[LogRow]:
    """Give the rows of an id, newest first; NotFound where there are none, after a look at what is late."""
    until = time.monotonic() + LATE_S
    with Reader(database) as reader:
        while True:
            rows = reader.by_request_id(request_id)
            if rows:
                return rows
            if time.monotonic() > until:
                break
            time.sleep(LOOK_S)
    raise NotFound(
        f"the journal has no request {request_id}: it was not answered yet, never came, or is too old",
        details={"journal": str(database)},
    )


def _draw(rows: Sequence[LogRow], options: Globals, *, payload: bool) -> None:
    from tacore.cli import waterfall  # noqa: PLC0415  only a terminal needs it

    look = waterfall.Look(min(render.width(), waterfall.WIDEST), render.colored(options), payload)
    pages = [waterfall.page(row, spans_of(row), look) for row in rows]
    render.write("\n\n".join("\n".join(lines) for lines in pages) + "\n")


def _as_dict(row: LogRow, span: Span) -> dict[str, Any]:
    began = datetime.fromisoformat(row.created_at) + timedelta(milliseconds=span.start_ms)
    told = {"request_id": row.request_id, "log_id": row.id, **span._asdict()}
    del told["depth"]
    return {**told, "at": began.isoformat(timespec="microseconds").replace("+00:00", "Z")}
