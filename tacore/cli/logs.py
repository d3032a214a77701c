"""`tacore logs`: the journal of requests."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tacore.cli import texts
from tacore.cli.asking import open_client
from tacore.cli.endpoint import home_of
from tacore.cli.exits import OK, Usage
from tacore.cli.globals import Globals
from tacore.cli.moments import moment_us
from tacore.cli.rows import Row
from tacore.cli.stream import Column, Stream
from tacore.cli.words import none_left, split, whole
from tacore.errors import NotFound, TacoreError
from tacore.store.queries import Reader
from tacore.store.rows import Filters, LogRow

VALUED = frozenset({"--method", "--status", "--worker", "--since", "--until", "--request-id", "--text", "-n"})
FLAGS = frozenset({"-f", "--follow", "--watchers"})
FOLLOW = frozenset({"-f", "--follow"})
NEWEST = 50
LOOK_S = 0.2
PAGE = 1000


def run(argv: Sequence[str], options: Globals) -> int:
    """Show the newest requests, oldest first, and those that follow where asked."""
    if options.help:
        return texts.usage(texts.LOGS)
    words = split(argv, VALUED, FLAGS)
    none_left("logs", words.rest)
    filters = _filters(words.options, time.time())
    wanted = whole(words.options, "-n", least=0)
    follow = not FOLLOW.isdisjoint(words.options)
    printer = Stream("logs", LINE, _readable, options, fields=LogRow._fields, follow=follow)
    with _open(find_database(options), wait=follow) as reader:
        newest, rows = _newest(reader, filters, NEWEST if wanted is None else wanted)
        printer.write(_dicts(rows))
        while follow:
            page = reader.since(newest, PAGE, filters)
            newest = page.next_id
            printer.write(_dicts(page.rows))
            if page.done:
                time.sleep(LOOK_S)
    return OK


def find_database(options: Globals) -> Path:
    """Ask the running broker where its journal is; without one the settings say."""
    try:
        with open_client(options, {"--timeout": "1", "--retries": "0"}) as client:
            return Path(client.call("health.check")["database"])
    except (TacoreError, KeyError, TypeError):
        return _configured(options)


def _configured(options: Globals) -> Path:
    from tacore.settings.load import load_settings  # noqa: PLC0415  0.3 s, and only without a broker

    environ = {**os.environ, **({"TACORE_CONFIG": options.config} if options.config else {})}
    home = Path(home_of(options, os.environ)).resolve()
    return load_settings({"home": home} if options.home else None, environ=environ).settings.database_path


def _open(path: Path, *, wait: bool) -> Reader:
    """Open the journal; a follower waits until there is one."""
    while True:
        try:
            return Reader(path)
        except NotFound:
            if not wait:
                raise
            time.sleep(LOOK_S)


def _newest(reader: Reader, filters: Filters, wanted: int) -> tuple[int, list[LogRow]]:
    """Give the newest id there is, and the newest rows that pass, oldest first."""
    last = next((row.id for row in reader.tail(1).rows), 0)
    rows: list[LogRow] = []
    before, done = last + 1, wanted == 0
    while not done and len(rows) < wanted:
        page = reader.before(before, wanted - len(rows), filters)
        rows += page.rows
        before, done = page.next_id, page.done
    return last, rows[::-1]


def _filters(options: dict[str, str], now_s: float) -> Filters:
    status = options.get("--status")
    if status not in (None, "success", "error"):
        raise Usage(f"--status is success or error, not {status!r}")
    return Filters(
        method=options.get("--method"),
        status=status,
        worker=options.get("--worker"),
        since_us=moment_us("--since", options.get("--since"), now_s),
        until_us=moment_us("--until", options.get("--until"), now_s),
        request_id=options.get("--request-id"),
        text=options.get("--text"),
        watchers="--watchers" in options,
    )


LINE = (
    Column("answered_at", 27),
    Column("method", 18),
    Column("outcome", 18),
    Column("ms", -9),
    Column("worker_id", 20),
    Column("request_id", 0),
)


def _readable(row: Row) -> dict[str, str]:
    return {
        "answered_at": row["answered_at"],
        "method": row["method"] or "-",
        "outcome": row["code"] or row["status"],
        "ms": f"{row['processing_time_ms']:.2f}",
        "worker_id": row["worker_id"],
        "request_id": str(row["request_id"]),
    }


def _dicts(rows: Sequence[LogRow]) -> list[dict[str, Any]]:
    return [row._asdict() for row in rows]
