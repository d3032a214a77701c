"""Cancels."""

import msgspec

from tacore.errors import Denied, OutcomeUnknown, Rejected, TacoreError, Unavailable
from tacore.execution.desk.outcomes import apply
from tacore.execution.desk.sending import NOTHING, Outcome, Sending, ids
from tacore.execution.desk.state import Shared, log
from tacore.execution.ledger import Transaction
from tacore.model.orders import FINAL, Order, Report
from tacore.ports import Later
from tacore.ports.orders import Asker, Story, Which


class Cancelling:
    """Ends orders, in every trading state."""

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
        venue = self._shared.venue(order)
        noted: Later[None] = Later()
        self._shared.write(
            lambda tx: tx.note(order, "cancel_requested", {"by": asker.principal}), noted, urgency=0
        )

        def send(_: None, error: TacoreError | None) -> None:
            if error is not None and not isinstance(error, Unavailable):
                later.fail(error)
                return
            present = self._shared.known(order).order
            asking = asker.steps.begin(f"venue {venue.name}")

            def tell(said: Outcome) -> None:
                asking.end()
                self._answered(present, said, later)

            self._sending.call(lambda: venue.cancel(present, NOTHING), tell)

        noted.then(send)

    def _answered(self, order: Order, said: Outcome, later: "Later[Story]") -> None:
        if not isinstance(said, Report):
            later.fail(_not_cancelled(order, said))
            return
        booked: Later[Order] = Later()
        self._shared.write(lambda tx: self._booked(tx, order, said), booked, urgency=0)

        def tell(done: Order | None, error: TacoreError | None) -> None:
            try:
                if done is not None:
                    _tell_ended(self._shared.story(done), later)
                else:
                    later.resolve(self._unbooked(order, said, error.message if error else ""))
            except TacoreError as unread:
                later.fail(unread)

        booked.then(tell)

    def _unbooked(self, order: Order, said: Report, why: str) -> Story:
        log.error("cancel_not_booked", extra={"order_id": order.order_id, "reason": why})
        warning = f"{order.venue} says {said.status}; {why}: it will be booked from the venue's report"
        return msgspec.structs.replace(self._shared.known(order), warnings=[warning])

    def _booked(self, tx: Transaction, order: Order, said: Report) -> Order:
        done = apply(tx, tx.order(Which(order_id=order.order_id)), said)
        self._shared.pages().took(done)
        return done


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
