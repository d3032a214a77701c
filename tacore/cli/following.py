"""`tacore orders -f`: orders as they change."""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tacore.cli import banner
from tacore.cli.exits import OK, tell
from tacore.cli.globals import Globals
from tacore.cli.orders import newest, papers
from tacore.cli.statuses import OPEN, members
from tacore.cli.stream import Column, Stream
from tacore.cli.table import cell
from tacore.client.sync import Client
from tacore.errors import TacoreError

LOOK_S = 0.5
PAGE = 100
VISIBLE = (
    "status",
    "quantity",
    "filled_quantity",
    "average_price",
    "fees",
    "price",
    "stop_price",
    "reason",
)
"""What an order must differ in to have changed."""
STORY = ("fills", "events", "executed_at", "quote")
LINE = (
    Column("updated_at", 27),
    Column("order_id", 14),
    Column("status", 16),
    Column("symbol", 10),
    Column("action", 6),
    Column("quantity", -10),
    Column("filled", -10),
    Column("average", -12),
    Column("type", 10),
    Column("account", 10),
    Column("reason", 0),
)
Order = dict[str, Any]


def run(client: Client, asked: Mapping[str, Any], most: int, options: Globals) -> int:
    """Write the newest orders, oldest first, then each one that changes, until interrupted."""
    stream = Stream("orders", LINE, _readable, options, follow=True)
    wanted = members(asked.get("status", ()))
    looks = Looks(client, {name: value for name, value in asked.items() if name != "status"})
    looks.begin()
    shown = newest(client, asked, most)
    looks.take_note(shown)
    account = asked.get("account")
    banner.show(client, papers(shown), options, account=account)
    live = not all(papers(shown))
    stream.write(shown[::-1])
    for changes in _changes(looks):
        passing = [order for order in changes if not wanted or order["status"] in wanted]
        if not live and not all(papers(passing)):
            live = True
            banner.show(client, papers(passing), options)
        stream.write(passing)
    return OK


def _changes(looks: "Looks") -> Iterable[list[Order]]:
    """Look again and again; a service that is away for a while is waited for."""
    trouble = False
    while True:
        time.sleep(LOOK_S)
        try:
            changes = looks.changes()
        except TacoreError as error:
            if not error.retryable:
                raise
            if not trouble:
                tell(f"tacore orders: {error.message}: looking again")
            trouble = True
            continue
        if trouble:
            tell("tacore orders: it answers again")
        trouble = False
        yield changes


class Looks:
    """Compares what is there with what was there: the newest orders, and all that were open."""

    def __init__(self, client: Client, asked: Mapping[str, Any]) -> None:
        self._client = client
        self._asked = asked
        self._known: dict[str, tuple[Any, ...]] = {}
        self._open: set[str] = set()

    def begin(self) -> None:
        """Take note of how everything is, so that only changes follow."""
        self._keep([*self._all_open(), *newest(self._client, self._asked, PAGE)])

    def take_note(self, orders: Iterable[Order]) -> None:
        """Take note of orders that were shown."""
        for order in orders:
            self._known[order["order_id"]] = _visible(order)
            if order["status"] in OPEN:
                self._open.add(order["order_id"])

    def changes(self) -> list[Order]:
        """Give the orders that are new or changed, in the order of their changes."""
        found = {order["order_id"]: order for order in self._fresh()}
        if self._open - found.keys():
            found |= {order["order_id"]: order for order in self._all_open()}
        for order_id in sorted(self._open - found.keys()):
            whole = self._client.call("get.order", {"order_id": order_id})
            found[order_id] = {name: value for name, value in whole.items() if name not in STORY}
        changed = [order for key, order in found.items() if self._known.get(key) != _visible(order)]
        self._keep(found.values())
        return sorted(changed, key=lambda order: datetime.fromisoformat(order["updated_at"]))

    def _fresh(self) -> list[Order]:
        """Ask for the newest orders, and on until one is known or none is left."""
        most = PAGE
        while True:
            orders = newest(self._client, self._asked, most)
            if len(orders) < most or any(order["order_id"] in self._known for order in orders):
                return orders
            most *= 2

    def _all_open(self) -> list[Order]:
        return newest(self._client, {**self._asked, "status": ["open"]}, None)

    def _keep(self, orders: Iterable[Order]) -> None:
        """Forget all but these, so that a long look does not grow."""
        self._known, self._open = {}, set()
        self.take_note(orders)


def _visible(order: Order) -> tuple[Any, ...]:
    return tuple(order.get(name) for name in VISIBLE)


def _readable(order: Mapping[str, Any]) -> dict[str, str]:
    names = {"filled": "filled_quantity", "average": "average_price", "type": "order_type"}
    return {column.field: _text(order.get(names.get(column.field, column.field))) for column in LINE}


def _text(value: object) -> str:
    return "" if value == "" else cell(value)
