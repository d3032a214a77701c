"""What can be asked of the ledger, of what is committed or within an open group."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tacore.errors import NotFound, bad_param
from tacore.execution.ledger import audit
from tacore.execution.ledger.amounts import ZERO, add
from tacore.execution.ledger.holdings import Holding, Tally
from tacore.execution.ledger.rows import (
    EVENT,
    FILL,
    ORDER,
    number_of,
    read_event,
    read_fill,
    read_order,
    to_us,
)
from tacore.execution.ledger.schema import ENDED_ONLY
from tacore.model.orders import OPEN, Fill, Order, OrderEvent, Position, State, TradingState
from tacore.ports.orders import Key, Only, Story, Which

_ORDERS = f"SELECT {ORDER} FROM orders"  # noqa: S608 - our own names, here and below
_FILLS = f"SELECT {FILL} FROM fills"  # noqa: S608
_EVENTS = f"SELECT {EVENT} FROM events WHERE order_number = ? ORDER BY number"  # noqa: S608
_POSITIONS = (
    "SELECT market, symbol, currency, quantity, cost, realised, fees FROM positions WHERE account = ?"
)
_STATES = "SELECT state, since_us, by, reason FROM trading_states ORDER BY number DESC LIMIT ?"


class Reads(ABC):
    """The questions; whoever asks them over a file gives `_rows`."""

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]: ...

    # -- orders ------------------------------------------------------------------------------------

    def order(self, which: Which) -> Order:
        """Find an order by one of its ids; NotFound names what was asked for."""
        found = self._find(which)
        if found is None or not _is(found, which):
            asked = {"order_id": which.order_id, "client_order_id": which.client_order_id}
            named = {name: text for name, text in asked.items() if text is not None}
            said = " and ".join(f"{name} {text}" for name, text in named.items())
            raise NotFound(f"there is no order with {said or 'no id at all'}", details=named)
        return found

    def story(self, which: Which) -> Story:
        """Find an order with its fills and events, oldest first."""
        order = self.order(which)
        return Story(order=order, fills=self.fills_of(order), events=self.events_of(order))

    def orders(self, only: Only) -> list[Order]:
        """List orders, newest first."""
        where, values = _conditions(only)
        sql = f"{_ORDERS}{where} ORDER BY number DESC LIMIT ?"
        return [read_order(row) for row in self._rows(sql, (*values, only.limit))]

    def open_orders(self, account: str | None = None) -> list[Order]:
        """List what may still trade, oldest first."""
        where, values = (" AND account = ?", (account,)) if account is not None else ("", ())
        sql = f"{_ORDERS} INDEXED BY orders_open WHERE is_open = 1{where} ORDER BY number"
        return [read_order(row) for row in self._rows(sql, values)]

    def ended_since(self, since_us: int) -> list[Order]:
        """List the cancelled and expired orders that last changed at a wall time or after, oldest first."""
        sql = f"{_ORDERS} INDEXED BY orders_ended WHERE {ENDED_ONLY} AND updated_us >= ? ORDER BY updated_us"
        return [read_order(row) for row in self._rows(sql, (since_us,))]

    def by_key(self, account: str, principal: str, key: Key) -> Order | None:
        """Find the order that a key stands for."""
        sql = f"{_ORDERS} WHERE account = ? AND principal = ? AND key_kind = ? AND key = ?"
        rows = self._rows(sql, (account, principal, key.kind, key.text))
        return read_order(rows[0]) if rows else None

    def orders_since(self, account: str, since_us: int) -> list[Order]:
        """List the orders taken since a wall time, whatever became of them, oldest first."""
        sql = f"{_ORDERS} WHERE account = ? AND created_us >= ? AND status <> 'denied' ORDER BY number"
        return [read_order(row) for row in self._rows(sql, (account, since_us))]

    def denials_since(self, account: str, since_us: int) -> int:
        """Count the orders that a limit denied since a wall time."""
        sql = "SELECT count(*) FROM orders WHERE account = ? AND created_us >= ? AND halting = 1"
        return int(self._rows(sql, (account, since_us))[0][0])

    def events_of(self, order: Order) -> list[OrderEvent]:
        """List an order's events, oldest first."""
        return [read_event(row) for row in self._rows(_EVENTS, (number_of(order.order_id),))]

    # -- fills, positions, cash ----------------------------------------------------------------------

    def fills_of(self, order: Order) -> list[Fill]:
        """List an order's fills, oldest first."""
        rows = self._rows(f"{_FILLS} WHERE order_number = ? ORDER BY number", (number_of(order.order_id),))
        return [read_fill(row) for row in rows]

    def fills(self, account: str, since_us: int | None = None) -> list[Fill]:
        """List an account's fills as they were booked, oldest first."""
        sql = f"{_FILLS} WHERE account = ? AND at_us >= ? ORDER BY number"
        return [read_fill(row) for row in self._rows(sql, (account, since_us or 0))]

    def bought_since(self, account: str, market: str, symbol: str, since: datetime) -> Decimal:
        """Add up what was bought at a market time or after."""
        sql = (
            "SELECT quantity FROM fills"
            " WHERE account = ? AND market = ? AND symbol = ? AND side = 'buy' AND market_us >= ?"
        )
        total = ZERO
        for (quantity,) in self._rows(sql, (account, market, symbol, to_us(since))):
            total = add(total, Decimal(quantity))
        return total

    def positions(self, account: str, as_of_us: int | None = None) -> list[Position]:
        """List what an account holds or held, by market and symbol; as of a wall time from its fills."""
        if as_of_us is not None:
            return self._as_of(account, as_of_us).positions()
        rows = self._rows(f"{_POSITIONS} ORDER BY market, symbol", (account,))
        return [_position(account, row) for row in rows]

    def position(self, account: str, market: str, symbol: str) -> Position | None:
        """Find what an account holds of an instrument; None where it never traded it."""
        rows = self._rows(f"{_POSITIONS} AND market = ? AND symbol = ?", (account, market, symbol))
        return _position(account, rows[0]) if rows else None

    def cash(self, account: str, as_of_us: int | None = None) -> dict[str, Decimal]:
        """Give an account's cash by currency; as of a wall time from its opening and its fills."""
        if as_of_us is not None:
            found = self._as_of(account, as_of_us).cash.items()
            return {currency: amount for (_, currency), amount in sorted(found)}
        sql = "SELECT currency, amount FROM cash WHERE account = ? ORDER BY currency"
        return {currency: Decimal(amount) for currency, amount in self._rows(sql, (account,))}

    # -- trading state and day marks -----------------------------------------------------------------

    def trading_state(self) -> TradingState:
        """Tell whether orders are taken."""
        rows = self._rows(_STATES, (1,)) or [("active", self._created_us(), "tacore", "")]
        return _trading_state(rows[0])

    def trading_states(self, limit: int = 100) -> list[TradingState]:
        """List what was said of it, newest first."""
        return [_trading_state(row) for row in self._rows(_STATES, (limit,))]

    def day_mark(self, account: str, day: str) -> Decimal | None:
        """Give what an account was worth at a day's first look."""
        rows = self._rows("SELECT equity FROM day_marks WHERE account = ? AND day = ?", (account, day))
        return Decimal(rows[0][0]) if rows else None

    def check(self) -> list[str]:
        """Look for damage and disagreement; [] where all is right.

        Adds up positions, cash and orders from the fills anew, to the last digit, and follows every chain of
        events through the table of transitions.
        """
        return audit.problems(self._rows)

    # -- inside --------------------------------------------------------------------------------------

    def _find(self, which: Which) -> Order | None:
        if which.order_id is not None:
            number = number_of(which.order_id)
        else:
            digits = (which.client_order_id or "").rpartition("-")[2]
            number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else -1  # noqa: PLR2004
        rows = self._rows(f"{_ORDERS} WHERE number = ?", (number,))
        return read_order(rows[0]) if rows else None

    def _created_us(self) -> int:
        return int(self._rows("SELECT created_us FROM about")[0][0])

    def _as_of(self, account: str, as_of_us: int) -> Tally:
        tally = Tally()
        opened = (
            "SELECT currency, amount FROM openings JOIN accounts USING (account)"
            " WHERE account = ? AND opened_us <= ?"
        )
        for currency, amount in self._rows(opened, (account, as_of_us)):
            tally.pay_in(account, currency, Decimal(amount))
        rows = self._rows(f"{_FILLS} WHERE account = ? AND at_us <= ? ORDER BY number", (account, as_of_us))
        tally.book(map(read_fill, rows))
        return tally


def _is(order: Order, which: Which) -> bool:
    """Tell whether every id that was given is the order's."""
    return which.order_id in {None, order.order_id} and which.client_order_id in {None, order.client_order_id}


def _conditions(only: Only) -> tuple[str, list[Any]]:
    equal: Mapping[str, Any] = {"account": only.account, "market": only.market, "symbol": only.symbol}
    terms = [f"{column} = ?" for column, value in equal.items() if value is not None]
    values = [value for value in equal.values() if value is not None]
    if only.statuses:
        terms.append(f"status IN ({', '.join('?' * len(only.statuses))})")
        values += only.statuses
        if set(only.statuses) <= set(OPEN):
            terms.append("is_open = 1")
    if only.since_us is not None:
        terms.append("created_us >= ?")
        values.append(only.since_us)
    if only.before_id is not None:
        terms.append("number < ?")
        values.append(_before(only.before_id))
    return (f" WHERE {' AND '.join(terms)}" if terms else ""), values


def _before(text: str) -> int:
    number = number_of(text)
    if number < 0:
        raise bad_param(
            "before_id", "is no order_id", value=text, allowed="an order_id such as o-000000000001"
        )
    return number


def _position(account: str, row: tuple[Any, ...]) -> Position:
    market, symbol, currency, *amounts = row
    return Holding(*map(Decimal, amounts)).shown(account, market, symbol, currency)


def _trading_state(row: tuple[State, int, str, str]) -> TradingState:
    state, since_us, by, reason = row
    return TradingState(state=state, since_us=since_us, by=by, reason=reason)
