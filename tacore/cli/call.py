"""`tacore call`: one request, its answer on standard output."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli import agent_calls, catalogue, params, render
from tacore.cli.agent_calls import FROM_JOB
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.coercion import load
from tacore.cli.exits import OK, Usage, tell
from tacore.cli.globals import Globals
from tacore.cli.numbers import dump_indented, read_exact
from tacore.cli.words import Words, split
from tacore.client.envelope import Attempt, Reply, make_id
from tacore.client.sync import Client
from tacore.errors import NoAnswer, TacoreError

VALUED = frozenset({"--params"}) | PATIENCE
FLAGS = frozenset({"--trace", "--dry-run"})
ORDER = "execute.order"
FLAGS_FROM_JOB = frozenset({"--force", "-y", "--yes"})
"""Beside --from-job, which only an order has."""


def run(argv: Sequence[str], options: Globals) -> int:
    """Send one request and show its answer; errors of the service are raised."""
    if options.help:
        return _help(argv, options)
    if not argv:
        raise Usage("call needs a METHOD: `tacore methods` lists them")
    method, *rest = argv
    words = _split(method, rest)
    typed, given = params.read_words(words.rest), read_params(words.options.get("--params"))
    with open_client(options, words.options) as client:
        if FROM_JOB in words.options:
            from tacore.cli import from_job  # noqa: PLC0415  only where it is asked for

            return from_job.run(client, words.options, typed, given, options)
        if "--dry-run" in words.options:
            return _dry_run(client, method, typed, given)
        known = catalogue.find(client, method) if typed or given else None
        made = params.build(typed, given, known)
        trace = "--trace" in words.options
        if not agent_calls.is_agents(method, made):
            return answer(client, method, made, options, trace=trace)
        from tacore.cli.jobs import submitting  # noqa: PLC0415  only agents need it

        made, wait = agent_calls.without_wait(made)
        return submitting.run(client, method, made, options, wait=wait is True, trace=trace)


def _split(method: str, rest: Sequence[str]) -> Words:
    """Take the options out; to other methods than orders --from-job and its flags are params like any."""
    if method != ORDER:
        return split(rest, VALUED, FLAGS)
    words = split(rest, VALUED | {FROM_JOB}, FLAGS | FLAGS_FROM_JOB)
    alone = sorted(FLAGS_FROM_JOB & words.options.keys())
    if alone and FROM_JOB not in words.options:
        raise Usage(f"{alone[0]} goes with {FROM_JOB}")
    return words


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


def _help(argv: Sequence[str], options: Globals) -> int:
    from tacore.cli import describe, texts  # noqa: PLC0415  only for help

    if not argv:
        return texts.usage(texts.CALL)
    return describe.run(argv[:1], options._replace(help=False, output=options.output or "table"))


def _dry_run(client: Client, method: str, typed: list[params.Typed], given: dict[str, Any]) -> int:
    known = None
    if typed or given:
        try:
            known = catalogue.find(client, method)
        except NoAnswer as error:
            tell(f"note: {error.message}: the params are guessed, not checked")
    made = params.build(typed, given, known)
    if agent_calls.is_agents(method, made):
        made, _ = agent_calls.without_wait(made)
    return preview(client, method, made)


def preview(client: Client, method: str, made: dict[str, Any]) -> int:
    """Show the request that would be sent."""
    render.write(dump_indented(read_exact(client.course(method, made).preview())) + "\n")
    return OK


def answer(
    client: Client,
    method: str,
    made: dict[str, Any],
    options: Globals,
    *,
    trace: bool,
    request_id: str | None = None,
) -> int:
    """Send a request and show its answer; an error of the service is raised."""
    render.show(request(client, method, made, trace=trace, request_id=request_id).data, options)
    return OK


def request(
    client: Client, method: str, made: Mapping[str, Any], *, trace: bool, request_id: str | None = None
) -> Reply:
    """Send a request and give its answer; an error of the service is raised."""
    try:
        reply = client.request(method, made, request_id=request_id or make_id())
    except TacoreError as error:
        if trace:
            _trace(error.attempts)
        raise
    if trace:
        _trace(reply.attempts)
        _trace_reply(reply)
    if reply.error is not None:
        raise reply.error
    return reply


def _trace(attempts: Sequence[Attempt]) -> None:
    for each in attempts:
        detail = f"  {each.detail}" if each.detail else ""
        tell(
            f"attempt {each.number}  {each.endpoint}  {each.duration_s * 1000:.2f} ms  {each.outcome}{detail}"
        )


def _trace_reply(reply: Reply) -> None:
    took = f"processing {reply.processing_time_ms} ms"
    tell(f"request_id {reply.request_id}  {took}  timestamp {reply.timestamp}")
