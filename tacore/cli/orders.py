"""`tacore orders`: orders, newest first, or as they change."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli import banner, render, statuses, texts
from tacore.cli.asking import PATIENCE, open_client
from tacore.cli.exits import OK
from tacore.cli.globals import Globals
from tacore.cli.words import none_left, split, whole
from tacore.client.sync import Client

VALUED = frozenset({"--status", "--symbol", "--market", "--account", "-n"}) | PATIENCE
FLAGS = frozenset({"-f", "--follow"})
NEWEST = 50
PAGE = 1000
COLUMNS = (
    "order_id",
    "status",
    "symbol",
    "action",
    "quantity",
    "order_type",
    "price",
    "stop_price",
    "filled_quantity",
    "average_price",
    "account",
    "reason",
    "updated_at",
)


def run(argv: Sequence[str], options: Globals) -> int:
    """List orders, and go on with those that change where asked."""
    if options.help:
        return texts.usage(texts.ORDERS)
    words = split(argv, VALUED, FLAGS)
    none_left("orders", words.rest)
    follow = not FLAGS.isdisjoint(words.options)
    asked = only(words.options)
    most = whole(words.options, "-n", least=0 if follow else 1)
    most = NEWEST if most is None else most
    with open_client(options, words.options) as client:
        if follow:
            from tacore.cli import following  # noqa: PLC0415  only where it is asked for

            return following.run(client, asked, most, options)
        found = newest(client, asked, most)
        banner.show(client, papers(found), options, account=asked.get("account"))
        show({"orders": found}, options)
    return OK


def only(options: Mapping[str, str]) -> dict[str, Any]:
    """Make the params that say which orders."""
    asked: dict[str, Any] = {
        name: options[f"--{name}"] for name in ("symbol", "market", "account") if f"--{name}" in options
    }
    return asked | ({"status": statuses.read(options["--status"])} if "--status" in options else {})


def newest(client: Client, asked: Mapping[str, Any], most: int | None) -> list[dict[str, Any]]:
    """Ask for the newest orders, page by page; for all of them without ``most``."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while most is None or len(found) < most:
        limit = PAGE if most is None else min(PAGE, most - len(found))
        orders = client.call("list.orders", {**asked, **page, "limit": limit})["orders"]
        found += orders
        if len(orders) < limit:
            break
        page = {"before": orders[-1]["order_id"]}
    return found


def papers(orders: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Tell of each order whether it is paper; what does not say so is not."""
    return [order.get("paper") is True for order in orders]


def show(data: Mapping[str, Any], options: Globals) -> None:
    """Show orders: the columns that say something on a terminal, everything in a pipe."""
    chosen = options.output or ("table" if sys.stdout.isatty() else "ndjson")
    if chosen == "table" and not options.columns and data["orders"]:
        columns = list(COLUMNS)
        if not all(papers(data["orders"])):
            columns.insert(1, "paper")
        told = [each for each in columns if any(_says(order.get(each)) for order in data["orders"])]
        options = options._replace(columns=tuple(told))
    render.show(data, options)


def _says(value: object) -> bool:
    return value is not None and value != ""
