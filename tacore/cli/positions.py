"""`tacore positions`: what an account holds."""

import sys
from collections.abc import Sequence
from typing import Any

from tacore.cli import banner, render, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.exits import OK
from tacore.cli.globals import Globals
from tacore.cli.words import none_left, split

VALUED = frozenset({"--account"}) | PATIENCE
FLAGS = frozenset({"--closed"})
COLUMNS = (
    "symbol",
    "market",
    "quantity",
    "average_price",
    "price",
    "value",
    "unrealised_pnl",
    "realised_pnl",
    "fees",
    "currency",
    "as_of",
)


def run(argv: Sequence[str], options: Globals) -> int:
    """Show positions with profit and loss."""
    if options.help:
        return texts.usage(texts.POSITIONS)
    words = split(argv, VALUED, FLAGS)
    none_left("positions", words.rest)
    asked: dict[str, Any] = {"account": words.options["--account"]} if "--account" in words.options else {}
    if "--closed" in words.options:
        asked["closed"] = True
    with open_client(options, words.options) as client:
        found = client.call("get.positions", asked)
        banner.show(client, [found.get("paper") is True], options)
    table = (options.output or ("table" if sys.stdout.isatty() else "ndjson")) == "table"
    if table and not options.columns and found["positions"]:
        options = options._replace(columns=COLUMNS)
    render.show(found, options)
    return OK
