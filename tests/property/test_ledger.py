"""The ledger under any order of events, against a model of dicts and fractions."""

import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from tacore.clock import ManualClock
from tacore.errors import IdempotencyMismatch
from tacore.execution.ledger import IllegalTransition, Ledger, Transaction
from tacore.model.orders import Order, Status
from tacore.ports.orders import Which
from tests.support.ledgers import draft, trade

ACCOUNTS = ("a", "b")
SYMBOLS = ("X", "Y")
NEXT = {
    "denied": "",
    "reserved": "submitting",
    "submitting": "accepted rejected unknown",
    "accepted": "partially_filled filled cancelled expired rejected",
    "partially_filled": "partially_filled filled cancelled expired",
    "filled": "",
    "cancelled": "filled",
    "expired": "filled",
    "rejected": "",
    "unknown": "accepted partially_filled filled cancelled expired rejected",
}
NEVER_SENT = ("denied", "reserved")
QUANTITIES = st.decimals("0.001", "50", places=3)
PRICES = st.decimals("0.01", "2000", places=4)
FEES = st.decimals("-1", "5", places=5)
KEYS = [f"k{number}" for number in range(40)]
TRADES = [f"t{number}" for number in range(40)]


class Trade(NamedTuple):
    """A fill as the model keeps it."""

    account: str
    symbol: str
    order_id: str
    quantity: Fraction  # negative for a sale
    price: Fraction
    fees: dict[str, Fraction]


class Model:
    """All that was done, and what follows from it by adding up from the start."""

    def __init__(self) -> None:
        self.statuses: dict[str, list[str]] = {}
        self.orders: dict[str, Order] = {}
        self.trades: dict[tuple[str, str], Trade] = {}

    def filled(self, order_id: str) -> Fraction:
        return sum(
            (abs(each.quantity) for each in self.trades.values() if each.order_id == order_id), Fraction(0)
        )

    def cash(self, account: str) -> dict[str, Fraction]:
        total = {"USD": Fraction(1000)} if account == "a" else {}
        for each in self.trades.values():
            if each.account == account:
                moves = [("USD", -each.quantity * each.price), *((c, -fee) for c, fee in each.fees.items())]
                for currency, amount in moves:
                    total[currency] = total.get(currency, Fraction(0)) + amount
        return total

    def position(self, account: str, symbol: str) -> tuple[Fraction, Fraction, Fraction, Fraction] | None:
        """Give quantity, average, realised and what was paid less what was got."""
        quantity, price, realised, paid = Fraction(0), Fraction(0), Fraction(0), Fraction(0)
        trades = [each for each in self.trades.values() if (each.account, each.symbol) == (account, symbol)]
        for each in trades:
            paid += each.quantity * each.price
            if quantity * each.quantity >= 0:
                total = quantity + each.quantity
                price = (quantity * price + each.quantity * each.price) / total
            elif abs(each.quantity) <= abs(quantity):
                realised += -each.quantity * (each.price - price)
            else:
                realised += quantity * (each.price - price)
                price = each.price
            quantity += each.quantity
        return (quantity, price if quantity else Fraction(0), realised, paid) if trades else None


class LedgerMachine(RuleBasedStateMachine):
    """A desk without manners: any status, any fill, keys and trades used twice, groups that fail."""

    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock()
        self.model = Model()
        self.ledger = self.opened()
        with self.ledger.group() as group:
            group.open_account("a", {"USD": Decimal(1000)})

    def opened(self) -> Ledger:
        ledger = Ledger(Path(self.folder.name) / "ledger.db", self.clock)
        ledger._rows("PRAGMA synchronous = OFF")  # nothing here loses power
        ledger.take()
        return ledger

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()

    # -- what is done ------------------------------------------------------------------------------

    @rule(
        target=orders,
        key=st.sampled_from(KEYS),
        account=st.sampled_from(ACCOUNTS),
        symbol=st.sampled_from(SYMBOLS),
        side=st.sampled_from(["buy", "sell"]),
        quantity=QUANTITIES,
        denied=st.sampled_from([False] * 9 + [True]),
        steps=st.sampled_from([0, 1, 2, 2, 2]),
    )
    def enter(self, key: str, steps: int, denied: bool, quantity: Decimal, **more: Any) -> Any:
        new = draft(key, quantity=str(quantity), **more)
        taken = any((each.account, each.key) == (new.account, key) for each in self.model.orders.values())
        if taken:
            with pytest.raises(IdempotencyMismatch), self.ledger.group() as group:
                group.reserve(new)
            return multiple()
        with self.ledger.group() as group:
            order = group.deny(new, []) if denied else group.reserve(new)
            path = [order.status]
            for status in () if denied else ("submitting", "accepted")[:steps]:
                order = group.advance(order, cast(Status, status), status)
                path.append(order.status)
        self.model.orders[order.order_id] = order
        self.model.statuses[order.order_id] = list(path)
        return order.order_id

    @rule(which=orders, after=st.sampled_from(sorted(NEXT)))
    def advance(self, which: str, after: Any) -> None:
        path = self.model.statuses[which]
        if after in NEXT[path[-1]].split():
            with self.ledger.group() as group:
                assert group.advance(self.model.orders[which], after, "step").status == after
            path.append(after)
        else:
            with pytest.raises(IllegalTransition), self.ledger.group() as group:
                group.advance(self.model.orders[which], after, "step")

    @rule(
        which=orders,
        trade_id=st.sampled_from(TRADES),
        quantity=QUANTITIES,
        part=st.sampled_from(["all", "some", "some", "any"]),
        price=PRICES,
        fee=FEES,
        fee_currency=st.sampled_from(["", "", "BNB"]),
        fails=st.sampled_from([False, False, False, True]),
    )
    def book(self, which: str, part: str, fails: bool, **more: Any) -> None:
        order = self.model.orders[which]
        left = Fraction(order.quantity) - self.model.filled(which)
        if part == "all" and left > 0:
            more["quantity"] = Decimal(left.numerator) / Decimal(left.denominator)
        elif part == "some" and left > 1:
            more["quantity"] = Decimal(1)
        if fails:
            with pytest.raises(ZeroDivisionError), self.ledger.group() as group:
                self.try_to_book(group, order, more)
                raise ZeroDivisionError
            return
        with self.ledger.group() as group:
            with pytest.raises(ZeroDivisionError), group.savepoint():
                self.try_to_book(group, order, more)
                raise ZeroDivisionError
            booked = self.try_to_book(group, order, more)
        if booked:
            self.remember(order, **more)

    @rule()
    def open_again(self) -> None:
        self.ledger.close()
        self.ledger = self.opened()

    def try_to_book(self, group: Transaction, order: Order, fill: dict[str, Any]) -> bool:
        """Book, and tell whether the model says that anything comes of it."""
        made = trade(**{name: str(value) for name, value in fill.items()})
        known = (order.account, made.trade_id) in self.model.trades
        if known or self.model.statuses[order.order_id][-1] not in NEVER_SENT:
            group.book(order, made)
            return not known
        with pytest.raises(IllegalTransition):
            group.book(order, made)
        return False

    def remember(
        self, order: Order, trade_id: str, quantity: Decimal, price: Decimal, fee: Decimal, fee_currency: str
    ) -> None:
        self.model.trades[order.account, trade_id] = Trade(
            order.account,
            order.symbol,
            order.order_id,
            Fraction(quantity) * order.sign,
            Fraction(price),
            {fee_currency or "USD": Fraction(fee)} if fee else {},
        )
        path = self.model.statuses[order.order_id]
        if path[-1] == "submitting":
            path.append("accepted")
        whole = self.model.filled(order.order_id) >= Fraction(order.quantity)
        after = "filled" if whole else "partially_filled"
        path.append(after if after in NEXT[path[-1]].split() else path[-1])

    # -- what must hold ----------------------------------------------------------------------------

    @invariant()
    def the_ledger_agrees_with_itself(self) -> None:
        assert self.ledger.check() == []

    @invariant()
    def orders_are_as_in_the_model(self) -> None:
        for order_id, path in self.model.statuses.items():
            story = self.ledger.story(Which(order_id=order_id))
            assert Fraction(story.order.filled_quantity) == self.model.filled(order_id)
            assert story.order.status == path[-1]
            steps = [each.after for each in story.events if each.what != "overfill"]
            assert steps == path

    @invariant()
    def cash_and_positions_reconcile_with_the_fills(self) -> None:
        for account in ACCOUNTS:
            cash = self.ledger.cash(account)
            assert {name: Fraction(amount) for name, amount in cash.items()} == self.model.cash(account)
            assert self.ledger.cash(account, as_of_us=self.clock.wall_us()) == cash
            positions = self.ledger.positions(account)
            assert self.ledger.positions(account, as_of_us=self.clock.wall_us()) == positions
            assert [each.symbol for each in positions] == [
                each for each in SYMBOLS if self.model.position(account, each)
            ]
            for held in positions:
                self.reconcile(account, held.symbol)

    def reconcile(self, account: str, symbol: str) -> None:
        held, right = self.ledger.position(account, "US", symbol), self.model.position(account, symbol)
        assert held is not None
        assert right is not None
        quantity, price, realised, paid = right
        assert Fraction(held.quantity) == quantity
        assert abs(Fraction(held.average_price) - price) < Fraction(1, 10**12)
        assert abs(Fraction(held.realised_pnl) - realised) < Fraction(1, 10**15)
        sql = "SELECT cost FROM positions WHERE account = ? AND symbol = ?"
        [(cost,)] = self.ledger._rows(sql, (account, symbol))
        assert Fraction(cost) - Fraction(held.realised_pnl) == paid


LedgerMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
test_ledger_when_anything_happens_reconciles = LedgerMachine.TestCase
