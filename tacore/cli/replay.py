"""`tacore replay ID`: what was asked once, asked again."""

from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli import agent_calls, call, catalogue, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.coercion import load
from tacore.cli.exits import INTERRUPTED, Usage, tell
from tacore.cli.globals import Globals
from tacore.cli.logs import find_database
from tacore.cli.trace import find_rows, id_in
from tacore.cli.words import split
from tacore.client.envelope import make_id
from tacore.store.rows import LogRow

VALUED = PATIENCE
FLAGS = frozenset({"--edit", "--trace", "--dry-run"})


def run(argv: Sequence[str], options: Globals) -> int:
    """Send the newest request of an id again and show its answer; errors of the service are raised."""
    if options.help:
        return texts.usage(texts.REPLAY)
    words = split(argv, VALUED, FLAGS)
    request_id = id_in("replay", words.rest)
    row, *others = find_rows(request_id, find_database(options))
    if others and not options.quiet:
        older = f"{len(others)} older {'request' if len(others) == 1 else 'requests'}"
        tell(f"note: {older} had the id {request_id}: this is the one of {row.created_at}")
    method, text = _kept(row)
    with open_client(options, words.options) as client:
        refuse(request_id, catalogue.fetch(client, method))
        made = load(text)
        if "--edit" in words.options:
            made = _edited(text)
            if made is None:
                tell("nothing was sent: the params are as they were, or gone")
                return INTERRUPTED
        _refuse_agents(request_id, method, made)
        if "--dry-run" in words.options:
            return call.preview(client, method, made)
        new_id = make_id()
        if not options.quiet:
            tell(f"note: {request_id} is replayed as {new_id}")
        return call.answer(client, method, made, options, trace="--trace" in words.options, request_id=new_id)


def refuse(request_id: str, described: Mapping[str, Any]) -> None:
    """Refuse a method that changes something, as the service describes it."""
    if described.get("idempotent") and not described.get("writes"):
        return
    raise Usage(
        f"{described.get('name')} changes something, so it is never replayed: "
        f"`tacore trace {request_id} --payload` shows what was asked and answered"
    )


def _refuse_agents(request_id: str, method: str, made: Mapping[str, Any]) -> None:
    """Refuse what may begin a job: analyze.stock only reads, but agents cost money."""
    if agent_calls.is_agents(method, made):
        raise Usage(
            f"{request_id} is for agents, who cost money, so it is never replayed: `tacore jobs` lists what "
            f"they decided, `tacore call {method}` asks them"
        )


def _kept(row: LogRow) -> tuple[str, str]:
    """Give the method and the JSON of the params, where the journal has all of them."""
    if row.method is None:
        raise Usage(f"{row.request_id} named no method: there is nothing to send again")
    if row.request_data is None:
        raise Usage(f"the journal keeps no params (journal.payloads): {row.request_id} can't be replayed")
    if row.request_truncated:
        raise Usage(
            f"the journal has only the beginning of the params of {row.request_id} (journal.field_cap_bytes)"
        )
    text = row.request_data if row.request_data != "null" else "{}"
    if not text.startswith("{"):
        raise Usage(f"the params of {row.request_id} are no JSON object: {text[:60]}")
    return row.method, text


def _edited(text: str) -> dict[str, Any] | None:
    """Let a person change the params; None where nothing was changed or nothing is left."""
    from tacore.cli import editing  # noqa: PLC0415  only --edit needs it

    return editing.edit_object(text)
