"""The statements of one group: orders as they stand in it, events, savepoints."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, NoReturn

from msgspec.structs import replace

from tacore.clock import Clock
from tacore.errors import Internal, NotFound, TacoreError
from tacore.execution.ledger.faults import IllegalTransition, reason_of
from tacore.execution.ledger.rows import ORDER, STORED, json_text, number_of, read_order, to_us
from tacore.model.orders import TRANSITIONS, Order

log = logging.getLogger("tacore.execution")

Details = Mapping[str, Any]
NO_DETAILS: Details = MappingProxyType({})

CHANGEABLE = frozenset(
    {
        "limit_price",
        "quantity",
        "stop_price",
        "reserve_price",
        "triggered",
        "matched_until",
        "venue_order_id",
        "reason",
        "warnings",
    }
)
"""What may change of an order apart from its status and what its fills make of it."""

_EVENT = """
INSERT INTO events (order_number, number, what, before, after, at_us, market_us, details) VALUES
  (?1, (SELECT coalesce(max(number), 0) + 1 FROM events WHERE order_number = ?1), ?2, ?3, ?4, ?5, ?6, ?7)
"""
_FIND = f"SELECT {ORDER} FROM orders WHERE number = ?"  # noqa: S608 - our own names


class Statements:
    """A group's way to the file; a fault of the file spoils the group, whoever swallows the error.

    SQLite may have undone the transaction by itself then, and what came next would be committed alone.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        store_id: str,
        clock: Clock,
        fault: Callable[[Exception], TacoreError],
    ) -> None:
        self._prefix = f"tc-{store_id[:8]}-"
        self._connection = connection
        self._clock = clock
        self._fault = fault
        self._spoiled: TacoreError | None = None
        self._orders: dict[str, Order] = {}
        self._last: int | None = None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Let a part of the group succeed or fail by itself; its exception is raised again."""
        self._rows("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._orders.clear()
            self._last = None
            if self._spoiled is None:
                self._rows("ROLLBACK TO part")
                self._rows("RELEASE part")
            raise
        self._rows("RELEASE part")

    def finish(self) -> None:
        """Raise what spoiled the group, and take no more statements."""
        spoiled, self._spoiled = self._spoiled, Internal("the group of the ledger has ended")
        if spoiled is not None:
            raise spoiled

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        if self._spoiled is not None:
            raise self._spoiled
        try:
            return self._connection.execute(sql, values).fetchall()
        except (sqlite3.Error, MemoryError) as error:
            if self._connection.in_transaction and reason_of(error) is None:
                raise
            self._spoiled = self._fault(error)
            raise self._spoiled from error

    def _current(self, order: Order) -> Order:
        """Give the order as it stands in the group; the caller's copy may be older."""
        found = self._orders.get(order.order_id)
        if found is None:
            rows = self._rows(_FIND, (number_of(order.order_id),))
            if not rows:
                raise NotFound(f"there is no order {order.order_id}", details={"order_id": order.order_id})
            found = self._orders[order.order_id] = read_order(rows[0])
        return found

    def _change(self, now: Order, after: str, changes: Details, extra: Details = NO_DETAILS) -> Order:
        """Write a status and columns; ``extra`` are columns that no Order shows, as they are stored."""
        at_us = self._clock.wall_us()
        values = [STORED[field][1](value) for field, value in changes.items()]
        sql = _update(tuple(changes), tuple(extra))
        self._rows(sql, (after, at_us, *values, *extra.values(), number_of(now.order_id)))
        made = replace(now, status=after, updated_us=at_us, **changes)
        self._orders[made.order_id] = made
        return made

    def _event(
        self, order: Order, what: str, before: str, details: Details, market_time: datetime | None = None
    ) -> None:
        market_us = None if market_time is None else to_us(market_time)
        at_us = self._clock.wall_us()
        number = number_of(order.order_id)
        self._rows(_EVENT, (number, what, before, order.status, at_us, market_us, json_text(details)))

    def _refuse(self, now: Order, after: str, what: str) -> NoReturn:
        facts = {"order_id": now.order_id, "before": now.status, "after": after, "event": what}
        log.error("illegal_transition", extra=facts)
        allowed = sorted(TRANSITIONS[now.status])
        raise IllegalTransition(
            f"order {now.order_id} can't go from {now.status} to {after}; "
            f"allowed: {', '.join(allowed) or 'nothing'}",
            details={**facts, "allowed": allowed},
        )


def check_changes(changes: Details) -> None:
    """Raise Internal for fields that nobody may change."""
    wrong = changes.keys() - CHANGEABLE
    if wrong:
        raise Internal(
            f"an order's {', '.join(sorted(wrong))} can't change; allowed: {', '.join(sorted(CHANGEABLE))}"
        )


@cache
def _update(fields: tuple[str, ...], extra: tuple[str, ...]) -> str:
    columns = (*(STORED[field][0] for field in fields), *extra)
    more = "".join(f", {column} = ?" for column in columns)
    return f"UPDATE orders SET status = ?, updated_us = ?{more} WHERE number = ?"  # noqa: S608 - our own names
