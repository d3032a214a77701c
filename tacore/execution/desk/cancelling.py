"""Cancels and changes of orders that are there."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tacore.errors import Denied, OutcomeUnknown, Rejected, TacoreError, Unavailable, bad_param
from tacore.execution.desk.denials import as_details, denied, must_be_asked
from tacore.execution.desk.outcomes import apply
from tacore.execution.desk.prices import Need, Prices
from tacore.execution.desk.sending import NOTHING, Outcome, Sending, ids
from tacore.execution.desk.state import Shared, log
from tacore.execution.gate import judge
from tacore.execution.ledger import Transaction
from tacore.model.orders import FINAL, Order, Report
from tacore.ports import Later
from tacore.ports.orders import Asker, Story, Which
from tacore.ports.venue import Change


class Cancelling:
    """Ends and changes orders; cancelling works in every trading state."""

    def __init__(self, shared: Shared, sending: Sending) -> None:
        self._shared = shared
        self._sending = sending

    def cancel(self, which: Which, asker: Asker) -> "Later[Story]":
        """Cancel an order; one that is cancelled already is told again."""
        order = self._shared.ledger.order(which)
        later: Later[Story] = Later()
        if order.status in FINAL:
            _tell_ended(self._shared.story(order), later)
        elif self._shared.inline(order):
            self._shared.write(
                lambda tx: self._cancelled(tx, order, asker),
                later,
                after=lambda done: _tell_ended(self._shared.story(done), later),
                urgency=0,
            )
        else:
            self._ask_venue(order, asker, later)
        return later

    def _cancelled(self, tx: Transaction, order: Order, asker: Asker) -> Order:
        present = tx.order(Which(order_id=order.order_id))
        if present.status in FINAL:
            return present
        tx.note(present, "cancel_requested", {"by": asker.principal})
        moment = msgspec.structs.replace(NOTHING, at_us=self._shared.clock.wall_us())
        done = apply(tx, present, self._shared.venue(present).cancel(present, moment))
        self._shared.pages().took(done)
        return done

    # -- venues that are not simulated -----------------------------------------------------------------

    def _ask_venue(self, order: Order, asker: Asker, later: "Later[Story]") -> None:
        """Ask the venue once the wish is written down, and also where it can't be: it must get through."""
        noted: Later[None] = Later()
        self._shared.write(
            lambda tx: tx.note(order, "cancel_requested", {"by": asker.principal}), noted, urgency=0
        )

        def send(_: None, error: TacoreError | None) -> None:
            if error is not None and not isinstance(error, Unavailable):
                later.fail(error)
                return
            venue = self._shared.venue(order)
            present = self._shared.ledger.order(Which(order_id=order.order_id))
            self._sending.call(
                lambda: venue.cancel(present, NOTHING), lambda said: self._answered(present, said, later)
            )

        noted.then(send)

    def _answered(self, order: Order, said: Outcome, later: "Later[Story]") -> None:
        if not isinstance(said, Report):
            later.fail(_not_cancelled(order, said))
            return
        booked: Later[Order] = Later()
        self._shared.write(lambda tx: self._booked(tx, order, said), booked, urgency=0)

        def tell(done: Order | None, error: TacoreError | None) -> None:
            if done is not None:
                _tell_ended(self._shared.story(done), later)
                return
            why = error.message if error else ""
            log.error("cancel_not_booked", extra={"order_id": order.order_id, "reason": why})
            story = self._shared.story(order)
            warning = f"{order.venue} says {said.status}; {why}: it will be booked from the venue's report"
            later.resolve(msgspec.structs.replace(story, warnings=[warning]))

        booked.then(tell)

    def _booked(self, tx: Transaction, order: Order, said: Report) -> Order:
        done = apply(tx, tx.order(Which(order_id=order.order_id)), said)
        self._shared.pages().took(done)
        return done

    # -- changes ---------------------------------------------------------------------------------------

    def modify(self, which: Which, change: Mapping[str, Decimal], asker: Asker) -> "Later[Story]":
        """Change a working order, if the gate lets the changed one pass."""
        order = self._shared.ledger.order(which)
        venue = self._shared.venue(order)
        if not venue.modifies:
            raise Rejected(
                f"{venue.name} changes no orders: cancel {order.order_id} and place another",
                details=ids(order),
            )
        if order.status not in ("accepted", "partially_filled"):
            raise Denied(
                f"{order.order_id} is {order.status}: only a working order changes", details=ids(order)
            )
        _fits(order, change)
        later: Later[Story] = Later()
        held = self._shared.ledger.positions(order.account)
        places = {(order.market, order.symbol), *((each.market, each.symbol) for each in held)}
        needs = [Need(*place) for place in places]

        def look(prices: Prices) -> None:
            self._shared.write(
                lambda tx: self._modified(tx, order, change, prices, asker),
                later,
                after=lambda done: self._told(done, later),
            )

        self._shared.want(needs, look, asker.deadline)
        return later

    def _told(self, done: "Order | Denied", later: "Later[Story]") -> None:
        if isinstance(done, Denied):
            later.fail(done)
        else:
            later.resolve(self._shared.story(done))

    def _modified(
        self, tx: Transaction, known: Order, change: Mapping[str, Decimal], prices: Prices, asker: Asker
    ) -> "Order | Denied":
        order = tx.order(Which(order_id=known.order_id))
        if order.status not in ("accepted", "partially_filled"):
            raise Denied(f"{order.order_id} is {order.status} by now", details=ids(order))
        priced = prices[order.market, order.symbol]
        account, venue = self._shared.setup.account(order.account), self._shared.venue(order)
        changed = msgspec.structs.replace(order, **change)
        sight = self._shared.pages().sight(changed, account, venue, prices, priced)
        rules = account.rules.get(order.market)
        limits = account.settings.limits
        judgement = judge(changed, not order.paper, sight, limits, rules, change_of=order)
        if judgement.denials:
            must_be_asked(prices)
            details = {"by": asker.principal, "denials": [as_details(each) for each in judgement.denials]}
            tx.note(order, "change_denied", details)
            return denied(order, judgement.denials)
        wanted = Change(
            quantity=changed.quantity, limit_price=changed.limit_price, stop_price=changed.stop_price
        )
        moment = self._shared.moment(order, priced)
        report = venue.modify(order, wanted, moment)
        values: dict[str, Any] = {**change, "reserve_price": judgement.reserve_price}
        details = {"by": asker.principal, **{name: str(value) for name, value in change.items()}}
        order = apply(tx, tx.amend(order, "modified", details, **values), report)
        following = venue.follow(order, moment)  # it may trade at once now
        order = apply(tx, order, following) if following is not None else order
        self._shared.pages().took(order)
        return order


def _tell_ended(story: Story, later: "Later[Story]") -> None:
    order = story.order
    if order.status in ("cancelled", "expired") or order.is_open:
        later.resolve(story)  # still open: the venue has taken the wish, and will tell
    else:
        later.fail(
            Denied(
                f"{order.order_id} can't be cancelled: it is {order.status}",
                details={**ids(order), "filled_quantity": order.filled_quantity},
            )
        )


def _not_cancelled(order: Order, said: Outcome) -> TacoreError:
    if isinstance(said, Rejected | Unavailable):
        return type(said)(said.message, details={**said.details, **ids(order)})
    why = said.message if isinstance(said, TacoreError) else "the venue said nothing of it"
    return OutcomeUnknown(
        f"whether {order.order_id} was cancelled is not known yet ({why}): ask for it by get.order",
        details=ids(order),
    )


def _fits(order: Order, change: Mapping[str, Decimal]) -> None:
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
