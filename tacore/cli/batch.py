"""`tacore batch`: a request for each line of ndjson, an answer on each line of ndjson."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli import catalogue, params, render, rows, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.coercion import load
from tacore.cli.exits import ANSWERED, NO_ANSWER, NO_BROKER, OK, PARTLY, Usage, explain, tell
from tacore.cli.globals import Globals
from tacore.cli.lines import Lines, count
from tacore.cli.numbers import dump
from tacore.cli.progress import Progress
from tacore.cli.words import Words, split, whole
from tacore.client.course import Course
from tacore.client.engine import Engine
from tacore.client.sync import Client
from tacore.errors import NoAnswer, NoBroker, RequestInvalid, TacoreError

VALUED = PATIENCE | {"--concurrency"}
CONCURRENCY = 64


def run(argv: Sequence[str], options: Globals) -> int:
    """Send the lines as they come, several at once; write each answer as it comes."""
    if options.help:
        return texts.usage(texts.BATCH)
    if not argv:
        raise Usage("batch needs a METHOD: `tacore methods` lists them")
    if options.output not in (None, "ndjson"):
        raise Usage(f"batch writes ndjson, not {options.output}")
    words = split(argv[1:], VALUED)
    source, typed = _source(words)
    concurrency = whole(words.options, "--concurrency", least=1) or CONCURRENCY
    with open_client(options, words.options) as client, Lines(source) as lines:
        shared = params.build(typed, {}, catalogue.find(client, argv[0])) if typed else {}
        batch = Batch(client, argv[0], shared, source, options)
        with client.engine() as engine:
            return batch.run(engine, lines, concurrency)


def _source(words: Words) -> tuple[str, list[params.Typed]]:
    """Tell the file from the params: it is the first word, unless that is a param."""
    rest = list(words.rest)
    if rest and not params.is_param(rest[0]):
        return rest[0], params.read_words(rest[1:])
    return "-", params.read_words(rest)


class Batch:
    """A batch under way: what was answered, and how."""

    def __init__(
        self, client: Client, method: str, shared: Mapping[str, Any], source: str, options: Globals
    ) -> None:
        self._client = client
        self._method = method
        self._shared = shared
        self._columns = options.columns
        self._answered = 0
        self._failed = 0
        self._last: TacoreError | None = None
        self._started = time.monotonic()
        # Answers on the terminal are themselves what shows how far it is.
        self._progress = Progress(options, also=not sys.stdout.isatty())
        self._total = count(source) if self._progress.on else None

    def run(self, engine: Engine, lines: Lines, concurrency: int) -> int:
        """Go on until every line has its answer; give the exit code."""
        with self._progress:
            while not self._deserted:
                while len(engine) < concurrency and (line := lines.take()) is not None:
                    self._send(engine, *line)
                room = len(engine) < concurrency and not lines.ended
                if not room and not len(engine):
                    break
                for course in engine.step(also=lines.file if room else None):
                    self._finish(course)
                if room:
                    lines.fill()
                if self._progress.due():
                    self._progress.show(*self._how_far())
        return self._code()

    def _how_far(self) -> tuple[str, float | None]:
        per_s = self._answered / max(time.monotonic() - self._started, 0.001)
        failed = f", {self._failed} failed" if self._failed else ""
        if self._total is None:
            return f"{self._answered} answered{failed}, {per_s:.0f} a second", None
        text = f"{self._answered} of {self._total} answered{failed}, {per_s:.0f} a second"
        return text, self._answered / max(self._total, self._answered, 1)

    @property
    def _deserted(self) -> bool:
        return isinstance(self._last, NoBroker) and self._failed == self._answered

    def _send(self, engine: Engine, number: int, text: str) -> None:
        try:
            own = load(text)
            if not isinstance(own, dict):
                raise ValueError("it is no JSON object")
        except (ValueError, RecursionError) as error:
            problem = RequestInvalid(f"line {number} cannot be sent: {error}")
            self._write(
                {"line": number, "params": None, "status": "error", "error": problem.as_wire()}, problem
            )
            return
        sent = {**self._shared, **own}
        course = self._client.course(self._method, sent)
        course.tag = (number, sent)
        engine.add(course)

    def _finish(self, course: Course) -> None:
        number, sent = course.tag
        reply = course.reply
        if reply is None:
            return
        row: dict[str, Any] = {"line": number, "params": sent, "status": reply.status}
        if reply.error is None:
            row["data"] = reply.data
        else:
            row["error"] = reply.error.as_wire()
        self._write(row, reply.error)

    def _write(self, row: dict[str, Any], error: TacoreError | None) -> None:
        self._answered += 1
        self._failed += error is not None
        self._last = error
        render.write(dump(rows.pick(row, self._columns) if self._columns else row) + "\n")

    def _code(self) -> int:
        if not self._failed:
            return OK
        if self._failed < self._answered:
            return PARTLY
        if self._last is not None:
            tell(explain(self._last))
        if isinstance(self._last, NoBroker):
            return NO_BROKER
        return NO_ANSWER if isinstance(self._last, NoAnswer) else ANSWERED
