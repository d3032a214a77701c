"""`tacore logs`: the journal of requests."""

import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tacore.cli import render, texts
from tacore.cli.asking import open_client
from tacore.cli.endpoint import home_of
from tacore.cli.exits import OK, Usage
from tacore.cli.globals import Globals
from tacore.cli.numbers import dump
from tacore.cli.rows import pick
from tacore.cli.words import none_left, split, whole
from tacore.errors import NotFound, TacoreError
from tacore.store.queries import Reader
from tacore.store.rows import Filters, LogRow

VALUED = frozenset({"--method", "--status", "--worker", "--since", "--until", "--request-id", "--text", "-n"})
FLAGS = frozenset({"-f", "--follow"})
NEWEST = 50
LOOK_S = 0.2
PAGE = 1000
_AGES = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def run(argv: Sequence[str], options: Globals) -> int:
    """Show the newest requests, oldest first, and those that follow where asked."""
    if options.help:
        return texts.usage(texts.LOGS)
    words = split(argv, VALUED, FLAGS)
    none_left("logs", words.rest)
    filters = _filters(words.options, time.time())
    wanted = whole(words.options, "-n", least=0)
    follow = not FLAGS.isdisjoint(words.options)
    printer = Printer(options, follow=follow)
    with _open(find_database(options), wait=follow) as reader:
        newest, rows = _newest(reader, filters, NEWEST if wanted is None else wanted)
        printer.write(rows)
        while follow:
            page = reader.since(newest, PAGE, filters)
            newest = page.next_id
            printer.write(page.rows)
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
    )


def moment_us(name: str, text: str | None, now_s: float) -> int | None:
    """Read an ISO 8601 moment (UTC where it names no zone) or an age like 5m; gives epoch microseconds."""
    if text is None:
        return None
    number, unit = text[:-1], text[-1:]
    try:
        if unit in _AGES:
            return int((now_s - float(number) * _AGES[unit]) * 1_000_000)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise Usage(
            f"{name} is a moment like 2024-01-31T09:30 or an age like 90s, 5m, 2h, 1d: {text!r}"
        ) from error
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1_000_000)


class Column(NamedTuple):
    """One column of the lines for reading; a ``width`` below 0 aligns to the right."""

    field: str
    width: int


LINE = (
    Column("answered_at", 27),
    Column("method", 18),
    Column("outcome", 18),
    Column("ms", -9),
    Column("worker_id", 20),
    Column("request_id", 0),
)


class Printer:
    """Writes rows in the chosen format as they come."""

    def __init__(self, options: Globals, *, follow: bool) -> None:
        self._options = options
        self._format = options.output or ("table" if sys.stdout.isatty() else "ndjson")
        if follow and self._format in ("json", "yaml"):
            raise Usage(f"logs -f writes table, ndjson or csv, for {self._format} has an end")
        self._headed = False

    def write(self, rows: Sequence[LogRow]) -> None:
        """Write some more rows."""
        if self._format == "ndjson":
            made = [row._asdict() for row in rows]
            columns = self._options.columns
            render.write("".join([f"{dump(pick(row, columns) if columns else row)}\n" for row in made]))
        elif self._format == "table" and not self._options.columns:
            render.write("".join([self._heading(), *[f"{_line(_readable(row))}\n" for row in rows]]))
        elif rows or not self._headed:
            self._rendered([row._asdict() for row in rows])

    def _rendered(self, rows: list[dict[str, Any]]) -> None:
        columns = self._options.columns or LogRow._fields
        text = render.render(rows, self._options._replace(output=self._format, columns=columns))
        if self._headed:
            text = text.partition("\n")[2]
        self._headed = True
        render.write(text)

    def _heading(self) -> str:
        if self._headed or self._options.quiet:
            return ""
        self._headed = True
        return _line({column.field: column.field for column in LINE}) + "\n"


def _readable(row: LogRow) -> dict[str, str]:
    return {
        "answered_at": row.answered_at,
        "method": row.method or "-",
        "outcome": row.code or row.status,
        "ms": f"{row.processing_time_ms:.2f}",
        "worker_id": row.worker_id,
        "request_id": str(row.request_id),
    }


def _line(values: dict[str, str]) -> str:
    cells = [
        values[field].rjust(-width) if width < 0 else values[field].ljust(width) for field, width in LINE
    ]
    return "  ".join(cells).rstrip()
