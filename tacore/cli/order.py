"""`tacore order`: one order with everything that happened to it."""

from collections.abc import Sequence

from tacore.cli import banner, render, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.exits import OK, Usage
from tacore.cli.globals import Globals
from tacore.cli.words import none_left, split

VALUED = PATIENCE
CLIENT_ORDER = "tc-"
"""How the ids begin that tacore makes for venues."""


def run(argv: Sequence[str], options: Globals) -> int:
    """Show an order, its fills and its events."""
    if options.help:
        return texts.usage(texts.ORDER)
    words = split(argv, VALUED)
    if not words.rest or words.rest[0].startswith("-"):
        none_left("order", words.rest)
        raise Usage("order needs an ID: `tacore orders` lists them")
    none_left("order", words.rest[1:])
    with open_client(options, words.options) as client:
        found = client.call("get.order", which(words.rest[0]))
        banner.show(client, [found.get("paper") is True], options)
        render.show(found, options)
    return OK


def which(order_id: str) -> dict[str, str]:
    """Name an order by its order_id, or by the client_order_id that its venue knows."""
    return {"client_order_id" if order_id.startswith(CLIENT_ORDER) else "order_id": order_id}
