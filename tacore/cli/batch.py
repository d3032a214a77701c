"""`tacore batch`: a request for each line of ndjson, an answer on each line of ndjson."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tacore.cli import agent_calls, catalogue, params, render, rows, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.coercion import load
from tacore.cli.exits import (
    ANSWERED,
    INTERRUPTED,
    NO_ANSWER,
    NO_BROKER,
    OK,
    PARTLY,
    Usage,
    explain,
    tell,
)
from tacore.cli.globals import Globals
from tacore.cli.job_states import UNDER_WAY
from tacore.cli.jobs import outcome
from tacore.cli.jobs.several import Followed, Several
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
LOOK_S = 0.25


class Sent(NamedTuple):
    """A line under way; ``follows`` where its answer is a job to be followed."""

    number: int
    params: dict[str, Any]
    follows: bool


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
            try:
                return batch.run(engine, lines, concurrency)
            except KeyboardInterrupt:
                batch.tell_running()
                return INTERRUPTED


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
        self._jobs = Several(client)
        self._started = time.monotonic()
        # Answers on the terminal are themselves what shows how far it is.
        self._progress = Progress(options, also=not sys.stdout.isatty())
        self._total = count(source) if self._progress.on else None

    def run(self, engine: Engine, lines: Lines, concurrency: int) -> int:
        """Go on until every line has its answer; give the exit code."""
        with self._progress:
            while not self._deserted:
                while self._under_way(engine) < concurrency and (line := lines.take()) is not None:
                    self._send(engine, *line)
                self._jobs.ask(engine, time.monotonic())
                room = self._under_way(engine) < concurrency and not lines.ended
                if not room and not self._under_way(engine):
                    break
                rest_s = self._jobs.rest_s(time.monotonic())
                for course in engine.step(self._look_s(rest_s), also=lines.file if room else None):
                    self._finish(course)
                if room:
                    lines.fill()
                if self._progress.due():
                    self._progress.show(*self._how_far())
        self._tell_degraded()
        return self._code()

    def tell_running(self) -> None:
        """Name the jobs that go on though the batch does not."""
        left = [each.job_id for each in self._jobs.running.values()]
        if left:
            tell(
                f"tacore: interrupted: {len(left)} job{'s go' if len(left) > 1 else ' goes'} on: "
                f"{', '.join(left)}; `tacore jobs` lists them, `tacore jobs cancel JOB...` ends them"
            )

    def _under_way(self, engine: Engine) -> int:
        return len(engine) + self._jobs.resting

    def _look_s(self, rest_s: float | None) -> float | None:
        """Give how long to wait for news: jobs are quiet for long, and the line that is shown must go on."""
        if self._progress.on and self._jobs.running:
            return LOOK_S if rest_s is None else min(rest_s, LOOK_S)
        return rest_s

    def _tell_degraded(self) -> None:
        degraded = self._jobs.degraded()
        if degraded:
            tell(f"{degraded} decision{'s are' if degraded > 1 else ' is'} DEGRADED: data.quality says why")

    def _how_far(self) -> tuple[str, float | None]:
        per_s = self._answered / max(time.monotonic() - self._started, 0.001)
        failed = f", {self._failed} failed" if self._failed else ""
        if self._jobs.running:
            return self._how_far_jobs(failed)
        if self._total is None:
            return f"{self._answered} answered{failed}, {per_s:.0f} a second", None
        text = f"{self._answered} of {self._total} answered{failed}, {per_s:.0f} a second"
        return text, self._answered / max(self._total, self._answered, 1)

    def _how_far_jobs(self, failed: str) -> tuple[str, float | None]:
        """Say how far jobs are, each a share of a line."""
        used, cost = self._jobs.used()
        running = len(self._jobs.running)
        of = "" if self._total is None else f" of {self._total}"
        parts = [f"{self._answered}{of} answered{failed}", f"{running} under way", f"{used:,} tokens", cost]
        text = ", ".join(each for each in parts if each)
        if self._total is None:
            return text, None
        shares = sum(float(each.view.get("progress") or 0) for each in self._jobs.running.values())
        return text, (self._answered + shares) / max(self._total, self._answered + running, 1)

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
        follows = agent_calls.is_agents(self._method, sent)
        if follows:
            sent, wait = agent_calls.without_wait(sent)
            follows = wait is not False
        course = self._client.course(self._method, sent)
        course.tag = Sent(number, sent, follows)
        engine.add(course)

    def _finish(self, course: Course) -> None:
        reply = course.reply
        if reply is None:
            return
        now = time.monotonic()
        if isinstance(course.tag, Followed):
            self._hear(course, now)
            return
        number, sent, follows = course.tag
        if follows and reply.error is None and _is_under_way(reply.data):
            self._jobs.begin(number, sent, reply.data, now)
            return
        self._answer(number, sent, reply.data, reply.error)

    def _hear(self, course: Course, now: float) -> None:
        """Take news of a job; a job that can't be asked about any more ends its line."""
        line: Followed = course.tag
        try:
            if self._jobs.heard(course, now) is None:
                return
        except TacoreError as error:
            self._jobs.drop(line)
            error.details.setdefault("job_id", line.pursuit.job_id)
            self._answer(line.number, line.sent, None, error)
            return
        view = line.pursuit.whole
        self._answer(line.number, line.sent, view, outcome.error_of(view))

    def _answer(self, number: int, sent: Mapping[str, Any], data: object, error: TacoreError | None) -> None:
        row: dict[str, Any] = {"line": number, "params": sent}
        row["status"] = "success" if error is None else "error"
        row |= {"data": data} if error is None else {"error": error.as_wire()}
        self._write(row, error)

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


def _is_under_way(data: object) -> bool:
    return isinstance(data, Mapping) and data.get("state") in UNDER_WAY
