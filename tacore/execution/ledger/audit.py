"""Whether the ledger says the same everywhere: fills and balances, events and statuses."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from tacore.errors import Unavailable
from tacore.execution.ledger.amounts import ZERO, add, average, multiply
from tacore.execution.ledger.holdings import Holding, Tally, own_fee
from tacore.execution.ledger.rows import FILL, number_of, order_id, read_fill
from tacore.model.orders import TRANSITIONS, Fill

Rows = Callable[..., list[Any]]

_FILLS = f"SELECT {FILL} FROM fills ORDER BY number"  # noqa: S608 - our own names
_ORDERS = (
    "SELECT number, filled_quantity, filled_cost, average_price, fees, status FROM orders ORDER BY number"
)
_EVENTS = "SELECT order_number, number, before, after FROM events ORDER BY order_number, number"


def problems(rows: Rows) -> list[str]:
    """List what is wrong, [] where nothing is."""
    try:
        broken = [f"integrity: {said}" for (said,) in rows("PRAGMA integrity_check") if said != "ok"]
        broken += [f"foreign key: {row}" for row in rows("PRAGMA foreign_key_check")]
        fills = [read_fill(row) for row in rows(_FILLS)]
        orders = rows(_ORDERS)
        return [*broken, *_balances(rows, fills), *_orders(orders, fills), *_chains(orders, rows(_EVENTS))]
    except (Unavailable, sqlite3.Error) as error:
        return [f"integrity: {error}"]


def _balances(rows: Rows, fills: Sequence[Fill]) -> Iterator[str]:
    tally = Tally()
    for account, currency, amount in rows("SELECT account, currency, amount FROM openings"):
        tally.pay_in(account, currency, Decimal(amount))
    tally.book(fills)
    kept = {row[:3]: Holding(*map(Decimal, row[4:])) for row in rows("SELECT * FROM positions")}
    yield from _differences("position", kept, tally.holdings)
    cash = {row[:2]: Decimal(row[2]) for row in rows("SELECT account, currency, amount FROM cash")}
    yield from _differences("cash", cash, tally.cash)


def _differences(what: str, kept: dict[Any, Any], counted: dict[Any, Any]) -> Iterator[str]:
    for key in sorted(kept.keys() | counted.keys()):
        if kept.get(key) != counted.get(key):
            yield f"{what} {' '.join(key)}: kept {kept.get(key)}, by its fills {counted.get(key)}"


def _orders(orders: Sequence[Any], fills: Sequence[Fill]) -> Iterator[str]:
    counted: dict[int, tuple[Decimal, Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO, ZERO))
    for fill in fills:
        quantity, cost, fees = counted[number_of(fill.order_id)]
        cost = add(cost, multiply(fill.quantity, fill.price))
        counted[number_of(fill.order_id)] = add(quantity, fill.quantity), cost, add(fees, own_fee(fill))
    for number, quantity, cost, shown, fees, _ in orders:
        kept = Decimal(quantity), Decimal(cost), Decimal(fees), None if shown is None else Decimal(shown)
        by_fills = counted[number]
        right = *by_fills, average(by_fills[1], by_fills[0]) if by_fills[0] else None
        if kept != right:
            yield f"order {order_id(number)}: kept {_said(kept)}, by its fills {_said(right)}"


def _said(figures: Sequence[Decimal | None]) -> str:
    names = ("filled", "cost", "fees", "average")
    return ", ".join(f"{name} {figure}" for name, figure in zip(names, figures, strict=True))


def _chains(orders: Sequence[Any], events: Sequence[Any]) -> Iterator[str]:
    chains: dict[int, list[Any]] = defaultdict(list)
    for event in events:
        chains[event[0]].append(event)
    for number, *_, status in orders:
        yield from _chain(number, status, chains[number])


def _chain(number: int, status: str, events: Sequence[Any]) -> Iterator[str]:
    where, last = f"order {order_id(number)}", ""
    for expected, (_, position, before, after) in enumerate(events, start=1):
        if position != expected or before != last:
            yield f"{where}: event {position} begins at {before or 'nothing'}, not at {last or 'nothing'}"
        if after not in TRANSITIONS.get(before, ()) and (after != before or not before):
            yield f"{where}: event {position} goes from {before or 'nothing'} to {after}"
        last = after
    if last != status:
        yield f"{where}: is {status}, its events end at {last or 'nothing'}"
