"""Booking a venue's fill: the order, the position and the cash, in one go."""

from decimal import Decimal

from tacore.errors import Internal
from tacore.execution.ledger.amounts import ZERO, add, average, multiply, subtract, trimmed
from tacore.execution.ledger.holdings import Holding, cash_moves, own_fee, signed
from tacore.execution.ledger.rows import FILL, number_of, read_fill, to_us
from tacore.execution.ledger.statements import Statements, log
from tacore.model.orders import TRANSITIONS, Fill, Order, VenueFill

_KNOWN = f"SELECT {FILL} FROM fills WHERE account = ? AND venue = ? AND trade_id = ?"  # noqa: S608 - our names
_FILL = f"INSERT INTO fills ({FILL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_HELD = """
SELECT currency, quantity, cost, realised, fees FROM positions WHERE account = ? AND market = ? AND symbol = ?
"""
_HOLD = """
INSERT INTO positions VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET quantity = excluded.quantity, cost = excluded.cost, realised = excluded.realised,
  fees = excluded.fees
"""
_PAY = """
INSERT INTO cash VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = excluded.amount
"""
_NEVER_SENT = ("reserved", "denied")


class Booking(Statements):
    """What fills do to the ledger."""

    def book(self, order: Order, fill: VenueFill) -> Order:
        """Book a fill; one whose trade_id is known leaves everything as it is.

        A fill is a fact: more than was ordered, or one of an order that has ended, is booked all the same.
        Its status changes where the table allows it; an order that was only being sent is accepted by it.
        """
        now = self._current(order)
        _check(now, fill)
        if self._is_known(now, fill):
            return now
        if now.status in _NEVER_SENT:
            self._refuse(now, "filled", "fill")
        if now.status == "submitting":
            now = self._accepted(now, fill)
        trade = _trade(now, fill, self._clock.wall_us())
        self._rows(_FILL, _values(trade))
        self._hold(trade)
        for currency, amount in cash_moves(trade):
            self._pay(trade.account, currency, amount)
        return self._book_order(now, trade)

    def _is_known(self, now: Order, fill: VenueFill) -> bool:
        rows = self._rows(_KNOWN, (now.account, now.venue, fill.trade_id))
        if not rows:
            return False
        known = read_fill(rows[0])
        if (known.order_id, known.quantity, known.price) != (now.order_id, fill.quantity, fill.price):
            facts = {"trade_id": fill.trade_id, "order_id": now.order_id, "known_order_id": known.order_id}
            log.error("trade_id_used_twice", extra=facts)
        return True

    def _accepted(self, now: Order, fill: VenueFill) -> Order:
        made = self._change(now, "accepted", {})
        self._event(made, "accepted", now.status, {}, fill.at)
        return made

    def _hold(self, trade: Fill) -> None:
        key = trade.account, trade.market, trade.symbol
        rows = self._rows(_HELD, key)
        currency, *amounts = rows[0] if rows else (trade.currency,)
        if currency != trade.currency:
            raise Internal(
                f"the position in {trade.symbol} is in {currency}: no fill in {trade.currency} can be added"
            )
        held = Holding(*map(Decimal, amounts)).after(signed(trade), trade.price, own_fee(trade))
        self._rows(_HOLD, (*key, currency, *map(str, (held.quantity, held.cost, held.realised, held.fees))))

    def _pay(self, account: str, currency: str, amount: Decimal) -> None:
        rows = self._rows("SELECT amount FROM cash WHERE account = ? AND currency = ?", (account, currency))
        had = Decimal(rows[0][0]) if rows else ZERO
        self._rows(_PAY, (account, currency, str(trimmed(add(had, amount)))))

    def _book_order(self, now: Order, trade: Fill) -> Order:
        quantity = trimmed(add(now.filled_quantity, trade.quantity))
        cost = trimmed(add(self._cost(now), multiply(trade.quantity, trade.price)))
        wanted = "filled" if quantity >= now.quantity else "partially_filled"
        after = wanted if wanted in TRANSITIONS[now.status] else now.status
        changes = {
            "filled_quantity": quantity,
            "average_price": average(cost, quantity),
            "fees": trimmed(add(now.fees, own_fee(trade))),
        }
        made = self._change(now, after, changes, {"filled_cost": str(cost)})
        details = {"trade_id": trade.trade_id, "quantity": trade.quantity, "price": trade.price}
        details |= {"fee": trade.fee, "fee_currency": trade.fee_currency}
        self._event(made, "fill", now.status, details, trade.market_time)
        if quantity > made.quantity:
            self._overfilled(made, trade, subtract(quantity, made.quantity))
        return made

    def _cost(self, now: Order) -> Decimal:
        if not now.filled_quantity:
            return ZERO
        rows = self._rows("SELECT filled_cost FROM orders WHERE number = ?", (number_of(now.order_id),))
        return Decimal(rows[0][0])

    def _overfilled(self, made: Order, trade: Fill, excess: Decimal) -> None:
        details = {"trade_id": trade.trade_id, "excess": excess}
        log.warning("overfill", extra={"order_id": made.order_id, **details})
        self._event(made, "overfill", made.status, details, trade.market_time)


def _check(order: Order, fill: VenueFill) -> None:
    """Raise Internal where a venue's adapter gives what can't be booked."""
    problems = [
        ("trade_id", fill.trade_id, "a name", fill.trade_id != ""),
        ("quantity", fill.quantity, "above 0", fill.quantity.is_finite() and fill.quantity > 0),
        ("price", fill.price, "0 or above", fill.price.is_finite() and fill.price >= 0),
        ("fee", fill.fee, "a number", fill.fee.is_finite()),
    ]
    for field, value, allowed, right in problems:
        if not right:
            raise Internal(
                f"a fill of order {order.order_id} has the {field} {value}; allowed: {allowed}",
                details={"order_id": order.order_id, field: str(value), "allowed": allowed},
            )


def _trade(order: Order, fill: VenueFill, at_us: int) -> Fill:
    return Fill(
        order_id=order.order_id,
        account=order.account,
        venue=order.venue,
        trade_id=fill.trade_id,
        market=order.market,
        symbol=order.symbol,
        currency=order.currency,
        side=order.side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_currency=fill.fee_currency or order.currency,
        market_time=fill.at,
        at_us=at_us,
    )


def _values(trade: Fill) -> tuple[object, ...]:
    """Give the columns of FILL."""
    names = (trade.account, trade.venue, trade.trade_id, trade.market, trade.symbol, trade.currency)
    amounts = (str(trade.quantity), str(trade.price), str(trade.fee))
    times = (to_us(trade.market_time), trade.at_us)
    return number_of(trade.order_id), *names, trade.side, *amounts, trade.fee_currency, *times
