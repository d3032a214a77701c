"""`tacore call`: one request, its answer on standard output."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tacore.cli import catalogue, params, render
from tacore.cli.coercion import load
from tacore.cli.endpoint import resolve
from tacore.cli.exits import OK, Usage, tell
from tacore.cli.globals import Globals
from tacore.cli.numbers import Exact, dump_indented
from tacore.client.envelope import Attempt, Reply
from tacore.client.sync import Client
from tacore.errors import NoAnswer, TacoreError

VALUED = frozenset({"--params", "--timeout", "--retries", "--backoff"})
FLAGS = frozenset({"--trace", "--dry-run"})


class Words(NamedTuple):
    """A command line after the method's name: the options by name, and the words that are params."""

    options: dict[str, str]
    params: list[str]


def run(argv: Sequence[str], options: Globals) -> int:
    """Send one request and show its answer; errors of the service are raised."""
    if not argv:
        raise Usage("call needs a METHOD: `tacore methods` lists them")
    method, *rest = argv
    words = split(rest, VALUED, FLAGS)
    typed, given = params.read_words(words.params), read_params(words.options.get("--params"))
    endpoint, _ = resolve(options, os.environ)
    with open_client(endpoint, words.options) as client:
        if "--dry-run" in words.options:
            return _dry_run(client, method, typed, given)
        known = catalogue.find(client, method) if typed or given else None
        made = params.build(typed, given, known)
        return _answer(client, method, made, options, trace="--trace" in words.options)


def split(argv: Sequence[str], valued: frozenset[str], flags: frozenset[str]) -> Words:
    """Take a command's own options out of its words."""
    found: dict[str, str] = {}
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        name, equals, value = word.partition("=")
        if word in flags:
            found[word] = ""
        elif name in valued:
            found[name] = value if equals else _next(words, name)
        else:
            rest.append(word)
    return Words(found, rest)


def open_client(endpoint: str, options: dict[str, str]) -> Client:
    """Make a client with the patience that the options ask for."""
    asked: Any = {
        key: value
        for key, value in (
            ("timeout_s", quantity(options, "--timeout", least=0.001)),
            ("retries", whole(options, "--retries", least=0)),
            ("backoff_s", quantity(options, "--backoff", least=0.0)),
        )
        if value is not None
    }
    return Client(endpoint, parse_float=Exact, **asked)


def quantity(options: dict[str, str], name: str, least: float) -> float | None:
    """Read an option that is a number of seconds."""
    if name not in options:
        return None
    try:
        value = float(options[name])
    except ValueError:
        value = least - 1
    if not least <= value < float("inf"):
        raise Usage(f"{name} is a number of at least {least:g}, not {options[name]!r}")
    return value


def whole(options: dict[str, str], name: str, least: int) -> int | None:
    """Read an option that is a count."""
    value = quantity(options, name, least)
    if value is not None and not value.is_integer():
        raise Usage(f"{name} is a whole number, not {options[name]!r}")
    return None if value is None else int(value)


def read_params(source: str | None) -> dict[str, Any]:
    """Read --params: JSON, @FILE, or - for standard input."""
    if source is None:
        return {}
    try:
        text = _text_of(source)
        found = load(text)
    except (ValueError, RecursionError) as error:
        raise Usage(f"--params is not JSON: {error}") from error
    except OSError as error:
        raise Usage(f"--params: {error.strerror}: {error.filename}") from error
    if not isinstance(found, dict):
        raise Usage('--params is a JSON object, like \'{"symbols": ["AAPL"]}\'')
    return found


def _text_of(source: str) -> str:
    if source == "-":
        return sys.stdin.read()
    if source.startswith("@"):
        with open(source[1:], encoding="utf-8") as file:  # noqa: PTH123  pathlib costs a fast start 5 ms
            return file.read()
    return source


def _next(words: Iterator[str], name: str) -> str:
    try:
        return next(words)
    except StopIteration:
        raise Usage(f"{name} needs a value") from None


def _dry_run(client: Client, method: str, typed: list[params.Typed], given: dict[str, Any]) -> int:
    known = None
    if typed or given:
        try:
            known = catalogue.find(client, method)
        except NoAnswer as error:
            tell(f"note: {error.message}: the params are guessed, not checked")
    made = params.build(typed, given, known)
    envelope = json.loads(client.course(method, made).preview(), parse_float=Exact)
    render.write(dump_indented(envelope) + "\n")
    return OK


def _answer(client: Client, method: str, made: dict[str, Any], options: Globals, *, trace: bool) -> int:
    try:
        reply = client.request(method, made)
    except TacoreError as error:
        if trace:
            _trace(error.attempts)
        raise
    if trace:
        _trace(reply.attempts)
        _trace_reply(reply)
    if reply.error is not None:
        raise reply.error
    render.show(reply.data, options)
    return OK


def _trace(attempts: Sequence[Attempt]) -> None:
    for each in attempts:
        detail = f"  {each.detail}" if each.detail else ""
        tell(
            f"attempt {each.number}  {each.endpoint}  {each.duration_s * 1000:.2f} ms  {each.outcome}{detail}"
        )


def _trace_reply(reply: Reply) -> None:
    tell(
        f"request_id {reply.request_id}  processing {reply.processing_time_ms} ms  timestamp {reply.timestamp}"
    )
