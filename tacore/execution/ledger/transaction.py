"""What may be done to the ledger within a group."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tacore.errors import IdempotencyMismatch
from tacore.execution.ledger.booking import Booking
from tacore.execution.ledger.reads import Reads
from tacore.execution.ledger.rows import STORED, order_id, order_values
from tacore.execution.ledger.statements import NO_DETAILS, Details, check_changes
from tacore.model.orders import TRANSITIONS, Order, State, Status, TradingState
from tacore.ports.orders import Key

_COLUMNS = ("number", *(column for column, _ in STORED.values()), "halting")
_ORDER = f"INSERT INTO orders ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - our own names


class Transaction(Booking, Reads):
    """An open group. An order given to it only says which one is meant: what stands in the ledger counts."""

    def open_account(self, account: str, cash: Mapping[str, Decimal]) -> None:
        """Book an account's opening cash, the first time that it is seen; nothing ever after."""
        if self._rows("SELECT 1 FROM accounts WHERE account = ?", (account,)):
            return
        self._rows("INSERT INTO accounts VALUES (?, ?)", (account, self._clock.wall_us()))
        for currency, amount in cash.items():
            self._rows("INSERT INTO openings VALUES (?, ?, ?)", (account, currency, str(amount)))
            self._pay(account, currency, amount)

    def reserve(self, draft: Order) -> Order:
        """Take an order in, under ids of our own; IdempotencyMismatch where its key is used already."""
        made = self._insert(draft, "reserved", halting=False)
        self._event(made, "reserved", "", NO_DETAILS, made.market_time)
        return made

    def deny(self, draft: Order, denials: Sequence[Mapping[str, Any]]) -> Order:
        """Keep what the gate denied, and why; it counts as a limit's unless ``halting`` is False."""
        reason = draft.reason or "; ".join(str(each["message"]) for each in denials if each.get("message"))
        halting = any(each.get("halting", True) for each in denials)
        made = self._insert(replace(draft, reason=reason), "denied", halting=halting)
        self._event(made, "denied", "", {"denials": list(denials)}, made.market_time)
        return made

    def advance(
        self,
        order: Order,
        after: Status,
        what: str,
        *,
        details: Details = NO_DETAILS,
        market_time: datetime | None = None,
        **changes: Any,  # noqa: ANN401 - fields of an order
    ) -> Order:
        """Give an order its next status; IllegalTransition where the table does not list it."""
        check_changes(changes)
        now = self._current(order)
        if after not in TRANSITIONS[now.status]:
            self._refuse(now, after, what)
        made = self._change(now, after, changes)
        self._event(made, what, now.status, details, market_time)
        return made

    def amend(self, order: Order, what: str, details: Details = NO_DETAILS, **changes: Any) -> Order:  # noqa: ANN401
        """Change fields of an order; without an event where ``what`` is empty."""
        check_changes(changes)
        now = self._current(order)
        made = self._change(now, now.status, changes)
        if what:
            self._event(made, what, now.status, details)
        return made

    def note(self, order: Order, what: str, details: Details = NO_DETAILS) -> None:
        """Keep an event that changes nothing."""
        now = self._current(order)
        self._event(now, what, now.status, details)

    def set_trading_state(self, state: State, by: str, reason: str) -> TradingState:
        """Say whether orders are taken from now on; what was said before is kept."""
        made = TradingState(state=state, since_us=self._clock.wall_us(), by=by, reason=reason)
        sql = "INSERT INTO trading_states (state, since_us, by, reason) VALUES (?, ?, ?, ?)"
        self._rows(sql, (state, made.since_us, by, reason))
        return made

    def mark_day(self, account: str, day: str, equity: Decimal) -> None:
        """Keep what an account is worth at a day's first look; later looks change nothing."""
        sql = "INSERT INTO day_marks VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        self._rows(sql, (account, day, str(equity), self._clock.wall_us()))

    def _insert(self, draft: Order, status: Status, *, halting: bool) -> Order:
        number = self._next_number()
        ids = {"order_id": order_id(number), "client_order_id": f"{self._prefix}{number}"}
        made = replace(draft, status=status, **ids)
        try:
            self._rows(_ORDER, (number, *order_values(made), halting))
        except sqlite3.IntegrityError as error:
            known = self.by_key(draft.account, draft.principal, Key(draft.key, draft.key_kind))
            if known is None:
                raise
            raise IdempotencyMismatch(
                f"the key {draft.key} stands for order {known.order_id} already",
                details={"key": draft.key, "order_id": known.order_id},
            ) from error
        self._last = number
        self._orders[made.order_id] = made
        return made

    def _next_number(self) -> int:
        if self._last is None:
            (self._last,) = self._rows("SELECT coalesce(max(number), 0) FROM orders")[0]
        return self._last + 1
