"""Orders of which nobody knows what became of them, held against what their venues know."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tacore.errors import Denied, TacoreError, bad_param
from tacore.execution.desk.outcomes import apply
from tacore.execution.desk.sending import Outcome, Sending, ids
from tacore.execution.desk.state import Shared, log
from tacore.execution.ledger import Transaction
from tacore.model.orders import Order, Report
from tacore.ports import Later, Venue
from tacore.ports.orders import Asker, Reconciled, Story, Which

OUTCOMES = ("rejected", "accepted", "cancelled")
"""What an operator may decide on: it never reached the venue, it works there, or it ended there unfilled."""
BEING_SENT = ("reserved", "submitting")
PROVES = "lasting"
"""The only kind of venue at which an order's absence proves that it was never placed."""


@dataclass(slots=True)
class _Round:
    """One look at the venues."""

    left: set[str]
    later: "Later[Reconciled]"
    adopted: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    persons: list[dict[str, Any]] = field(default_factory=list)


class Reconciling:
    """Asks venues for unknown orders: at the start, then again and again, and when an operator wants it."""

    def __init__(self, shared: Shared, sending: Sending, every_s: float) -> None:
        self._shared = shared
        self._sending = sending
        self._every_s = every_s
        self._due = 0.0
        self._running: _Round | None = None

    def due(self) -> float:
        """Tell when the next look is due (monotonic seconds)."""
        return self._due

    def start(self) -> None:
        """Make unknown what was being sent when the last executor ended; trading opens after a look."""
        lost = [each for each in self._shared.ledger.open_orders() if each.status in (*BEING_SENT, "unknown")]
        self._make_unknown(lost)
        self._sending.opening.update(each.venue for each in lost if not self._shared.inline(each))

    def _make_unknown(self, lost: Sequence[Order]) -> None:
        left = [each for each in lost if each.status in BEING_SENT]
        if left:
            self._shared.write(lambda tx: self._forget(tx, left), Later(), urgency=0)

    def _forget(self, tx: Transaction, orders: Sequence[Order]) -> None:
        for order in orders:
            present = tx.order(Which(order_id=order.order_id))
            if present.status not in BEING_SENT:
                continue
            if present.status == "reserved":
                present = tx.advance(present, "submitting", "submitting")
            reason = "the executor ended while it was being sent"
            self._shared.pages().took(
                tx.advance(present, "unknown", "unknown", details={"reason": reason}, reason=reason)
            )
        log.warning("orders_unknown", extra={"orders": [each.order_id for each in orders]})

    def turn(self, now: float) -> None:
        """Look, where it is time to."""
        if now >= self._due and self._running is None:
            self._due = now + self._every_s
            self.look(Later())

    def look(self, later: "Later[Reconciled]") -> None:
        """Ask the venues for what is unknown; a look that runs already answers this one too."""
        if self._running is not None:
            self._running.later.then(lambda found, _: later.resolve(found) if found else None)
            return
        asked = [each for each in self._shared.ledger.open_orders() if self._is_lost(each)]
        self._running = _Round({each.order_id for each in asked}, later)
        self._make_unknown(asked)  # once more, where the ledger could not be written at the start
        for order in asked:
            venue = self._shared.setup.venues.get(order.venue)
            if venue is None or venue.inline:
                self._is_for_a_person(order, f"venue {order.venue} is not configured any more")
                self._finish(order.order_id)
            else:
                self._ask(order, venue)
        if not asked:
            self._end()

    def _is_lost(self, order: Order) -> bool:
        """Tell whether nobody knows what became of an order, or its outcome could not be booked."""
        return order.status == "unknown" or (
            order.status == "submitting" and not self._sending.is_under_way(order.order_id)
        )

    def _ask(self, order: Order, venue: Venue) -> None:
        unknown_s = self._unknown_s(order)
        self._sending.call(lambda: venue.find(order), lambda said: self._told(order, venue, said, unknown_s))

    def _unknown_s(self, order: Order) -> float:
        """Tell for how long nothing can have been sent; an order that is still submitting counts from now."""
        if order.status != "unknown":
            return 0.0
        return (self._shared.clock.wall_us() - order.updated_us) / 1e6

    def _told(self, order: Order, venue: Venue, said: Outcome, unknown_s: float) -> None:
        """Take what a venue said; ``unknown_s`` is as of when it was asked."""
        if isinstance(said, TacoreError):
            self._round().unknown.append(order.order_id)
            log.warning("venue_not_asked", extra={"order_id": order.order_id, "reason": said.message})
            self._finish(order.order_id)
            return
        if said is None and (venue.dedupe != PROVES or unknown_s < venue.settle_s):
            self._absent(order, venue, unknown_s)
            self._finish(order.order_id)
            return
        booked: Later[Order] = Later()
        self._shared.write(lambda tx: self._adopt(tx, order, said), booked, urgency=0)
        booked.then(lambda done, error: self._adopted(order, done, error))

    def _absent(self, order: Order, venue: Venue, unknown_s: float) -> None:
        if venue.dedupe == PROVES:
            self._round().unknown.append(order.order_id)  # it may still arrive there
            return
        self._is_for_a_person(
            order,
            f"{venue.name} knows no such order, which proves nothing there (it keeps client order ids as "
            f"'{venue.dedupe}'); unknown for {unknown_s:.0f} s: look there, then `tacore call resolve.order`",
        )

    def _adopt(self, tx: Transaction, known: Order, said: Report | None) -> Order:
        order = tx.order(Which(order_id=known.order_id))
        if order.status not in ("unknown", "submitting"):
            return order
        if said is None:
            reason = "the venue never got it: proved by its absence there"
            order = tx.advance(order, "rejected", "reconciled", details={"reason": reason}, reason=reason)
        else:
            tx.note(order, "reconciled", {"status": said.status})
            order = apply(tx, order, said)
        self._shared.pages().took(order)
        return order

    def _adopted(self, order: Order, done: Order | None, error: TacoreError | None) -> None:
        if done is None:
            self._round().unknown.append(order.order_id)
            log.error("reconciliation_not_booked", extra={"reason": error.message if error else ""})
        else:
            self._round().adopted.append(order.order_id)
            log.info("order_reconciled", extra={"order_id": order.order_id, "status": done.status})
        self._finish(order.order_id)

    def _is_for_a_person(self, order: Order, why: str) -> None:
        self._round().persons.append({**ids(order), "symbol": order.symbol, "why": why})

    def _round(self) -> _Round:
        if self._running is None:
            raise RuntimeError("no look is under way")
        return self._running

    def _finish(self, order_id: str) -> None:
        found = self._round()
        found.left.discard(order_id)
        if not found.left:
            self._end()

    def _end(self) -> None:
        found, self._running = self._round(), None
        self._sending.opening.clear()
        found.later.resolve(
            Reconciled(
                looked_at=len(found.adopted) + len(found.unknown) + len(found.persons),
                adopted=found.adopted,
                unknown=found.unknown,
                needs_a_person=found.persons,
            )
        )

    # -- an operator's word ----------------------------------------------------------------------------

    def decide(self, which: Which, outcome: str, reason: str, asker: Asker) -> "Later[Story]":
        """Book what an operator says became of an unknown order."""
        order = self._shared.ledger.order(which)
        if outcome not in OUTCOMES:
            raise bad_param("outcome", "no such outcome", value=outcome, allowed=OUTCOMES, near=outcome)
        if order.status != "unknown":
            raise Denied(
                f"{order.order_id} is {order.status}: only an unknown order is for an operator to decide",
                details=ids(order),
            )
        later: Later[Story] = Later()
        self._shared.write(
            lambda tx: self._decided(tx, order, outcome, reason, asker),
            later,
            after=lambda done: later.resolve(self._shared.story(done)),
        )
        return later

    def _decided(self, tx: Transaction, known: Order, outcome: str, reason: str, asker: Asker) -> Order:
        order = tx.order(Which(order_id=known.order_id))
        said = {"by": asker.principal, "reason": reason, "outcome": outcome}
        order = tx.advance(order, outcome, "decided", details=said, reason=f"{asker.principal}: {reason}")  # type: ignore[arg-type]
        self._shared.pages().took(order)
        return order
