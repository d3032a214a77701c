"""Changes of orders that work."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from tacore.errors import Denied, Rejected, bad_param
from tacore.execution.desk.denials import as_details, denied, must_be_asked
from tacore.execution.desk.outcomes import apply
from tacore.execution.desk.prices import Need, Priced, Prices
from tacore.execution.desk.sending import ids
from tacore.execution.desk.state import Shared
from tacore.execution.gate import Judgement, judge
from tacore.execution.ledger import Transaction
from tacore.model.orders import WORKING, Order
from tacore.ports import Later
from tacore.ports.orders import Asker, Story, Which
from tacore.ports.venue import Change


class Modifying:
    """Changes orders, where their venue does and the gate lets the changed one pass."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def modify(self, which: Which, change: Mapping[str, Decimal], asker: Asker) -> "Later[Story]":
        """Change a working order."""
        order = self._shared.ledger.order(which)
        venue = self._shared.venue(order)
        if not venue.modifies:
            raise Rejected(
                f"{venue.name} changes no orders: cancel {order.order_id} and place another",
                details=ids(order),
            )
        _must_work(order)
        _must_fit(order, change)
        later: Later[Story] = Later()
        held = {(each.market, each.symbol) for each in self._shared.ledger.positions(order.account)}
        needs = [Need(order.market, order.symbol, order.matched_until or order.market_time)]
        needs += [Need(*place) for place in held]

        fetching = asker.steps.begin("prices")

        def look(prices: Prices) -> None:
            fetching.end()
            asker.steps.begin("gate and ledger")
            work = partial(self._modified, order, change, prices, asker)
            self._shared.write(work, later, after=lambda done: self._told(done, later))

        self._shared.want(needs, look, asker.deadline)
        return later

    def _told(self, done: "Order | Denied", later: "Later[Story]") -> None:
        if isinstance(done, Denied):
            later.fail(done)
        else:
            later.resolve(self._shared.story(done))

    def _modified(
        self, known: Order, change: Mapping[str, Decimal], prices: Prices, asker: Asker, tx: Transaction
    ) -> "Order | Denied":
        order = tx.order(Which(order_id=known.order_id))
        priced = prices[order.market, order.symbol]
        order = self._followed(tx, order, priced)  # what has traded by now did so on the old terms
        if order.status not in WORKING:
            return _too_late(order)
        judgement = self._judged(order, change, prices)
        if judgement.denials:
            must_be_asked(prices)
            details = {"by": asker.principal, "denials": [as_details(each) for each in judgement.denials]}
            tx.note(order, "change_denied", details)
            return denied(order, judgement.denials)
        changed = msgspec.structs.replace(order, **change)
        terms = (changed.quantity, changed.limit_price, changed.stop_price)
        wanted = Change(quantity=terms[0], limit_price=terms[1], stop_price=terms[2])
        report = self._shared.venue(order).modify(order, wanted, self._shared.moment(order, priced))
        values: dict[str, Any] = {**change, "reserve_price": judgement.reserve_price}
        details = {"by": asker.principal, **{name: str(value) for name, value in change.items()}}
        order = apply(tx, tx.amend(order, "modified", details, **values), report)
        return self._followed(tx, order, priced)

    def _judged(self, order: Order, change: Mapping[str, Decimal], prices: Prices) -> Judgement:
        account, venue = self._shared.setup.account(order.account), self._shared.venue(order)
        changed = msgspec.structs.replace(order, **change)
        priced = prices[order.market, order.symbol]
        sight = self._shared.pages().sight(changed, account, venue, prices, priced)
        rules, limits = account.rules.get(order.market), account.settings.limits
        return judge(changed, not order.paper, sight, limits, rules, change_of=order)

    def _followed(self, tx: Transaction, order: Order, priced: Priced) -> Order:
        if order.status not in WORKING:
            return order
        report = self._shared.venue(order).follow(order, self._shared.moment(order, priced))
        order = order if report is None else apply(tx, order, report)
        self._shared.pages().took(order)
        return order


def _must_work(order: Order) -> None:
    if order.status not in WORKING:
        raise _too_late(order)


def _too_late(order: Order) -> Denied:
    return Denied(f"{order.order_id} is {order.status}: only a working order changes", details=ids(order))


def _must_fit(order: Order, change: Mapping[str, Decimal]) -> None:
    """Refuse what the order's type has no place for, and less than is filled."""
    if not change:
        raise bad_param("quantity", "nothing to change", allowed=["quantity", "limit_price", "stop_price"])
    if "limit_price" in change and order.limit_price is None:
        raise bad_param("price", f"a {order.order_type} order has none", value=change["limit_price"])
    if "stop_price" in change and order.stop_price is None:
        raise bad_param("stop_price", f"a {order.order_type} order has none", value=change["stop_price"])
    quantity = change.get("quantity")
    if quantity is not None and quantity <= order.filled_quantity:
        raise bad_param(
            "quantity",
            f"{order.filled_quantity} are filled already",
            value=quantity,
            allowed=f"more than {order.filled_quantity}; or cancel the rest",
        )
