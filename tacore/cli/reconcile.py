"""`tacore reconcile`: ask the venues for what is unknown, and check the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli import banner, render, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.exits import OK, PARTLY, UNEXPECTED, tell
from tacore.cli.globals import Globals
from tacore.cli.words import none_left, split

VALUED = PATIENCE
TIMEOUT_S = "120"


def run(argv: Sequence[str], options: Globals) -> int:
    """Look now, and say what is left."""
    if options.help:
        return texts.usage(texts.RECONCILE)
    words = split(argv, VALUED)
    none_left("reconcile", words.rest)
    with open_client(options, {"--timeout": TIMEOUT_S, **words.options}) as client:
        found = client.call("reconcile.orders")
        banner.show(client, (), options)
    render.show(found, options)
    return _judged(found)


def _judged(found: Mapping[str, Any]) -> int:
    if not found["ledger_ok"]:
        tell("the ledger does not agree with its fills: `tacore halt`, and keep a copy of data/ledger.db")
        return UNEXPECTED
    left = [each["order_id"] for each in found["needs_a_person"]]
    for order_id in left:
        tell(
            f"{order_id} needs a person: look at its venue, then `tacore call resolve.order "
            f"--order_id {order_id} --outcome rejected|accepted|cancelled --reason ...`"
        )
    if found["unknown"]:
        tell(f"still unknown, asked for again by itself: {', '.join(found['unknown'])}")
    return PARTLY if left or found["unknown"] else OK
