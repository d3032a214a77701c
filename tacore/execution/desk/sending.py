"""What goes to venues that are not simulated: on threads of their own, and only after its commit."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from tacore.errors import OutcomeUnknown, Rejected, TacoreError, Unavailable
from tacore.execution.desk.outcomes import apply
from tacore.execution.desk.prices import EPOCH
from tacore.execution.desk.state import Shared, log
from tacore.execution.ledger import Transaction
from tacore.model.orders import Order, Report
from tacore.ports import Later, Venue
from tacore.ports.orders import Asker, Story, Which
from tacore.ports.venue import Cleared, Moment

BOOK_AGAIN_S = 0.5
"""How soon to try again to book what a venue said, while the ledger can't be written."""
Outcome = Report | TacoreError | None


@dataclass(slots=True)
class _Waiting:
    """Somebody who waits for what a venue says."""

    order_id: str
    later: "Later[Story]"
    deadline: float


@dataclass(slots=True)
class Sending:
    """Talks to venues; ``hand_over`` brings what they said back to the desk's thread."""

    shared: Shared
    hand_over: Callable[[Callable[[], None]], None]
    fenced: Callable[[], bool]
    """Whether the ledger belongs to a successor: then nothing is sent any more."""
    threads: Executor
    opening: set[str] = field(default_factory=set)
    """Venues whose unknown orders have not been asked for yet since the start."""
    _waiting: list[_Waiting] = field(default_factory=list)
    _under_way: set[str] = field(default_factory=set)
    _unbooked: dict[str, tuple[Order, Outcome]] = field(default_factory=dict)
    _book_at: float = 0.0

    def must_be_open(self, venue: Venue) -> None:
        """Refuse a new order at a venue that has not been reconciled since the start."""
        if venue.name in self.opening:
            raise Unavailable(
                f"{venue.name} is being asked for the orders of before the start; trading opens after that",
                details={"venue": venue.name, "retry_after_ms": 500},
            )

    def submit(self, cleared: Cleared, venue: Venue, later: "Later[Story]", asker: Asker) -> None:
        """Send an order whose ``submitting`` is committed, once."""
        order = cleared.order
        self._waiting.append(_Waiting(order.order_id, later, asker.deadline))
        self._under_way.add(order.order_id)
        asking = asker.steps.begin(f"venue {venue.name}")

        def tell(said: Outcome) -> None:
            asking.end()
            self._submitted(order, said, later)

        self.call(lambda: venue.submit(cleared, NOTHING), tell)

    def call(self, ask: Callable[[], Report | None], tell: Callable[[Outcome], None]) -> None:
        """Ask a venue on a thread; ``tell`` gets its report or the error on the desk's thread."""
        self.threads.submit(self._ask, ask, tell)

    def is_under_way(self, order_id: str) -> bool:
        """Tell whether a venue still has to answer to its submission, or that has to be booked."""
        return order_id in self._under_way

    def turn(self, now: float) -> None:
        """Book what could not be booked before, and answer those whose patience ran out."""
        if self._unbooked and now >= self._book_at:
            self._book_at = now + BOOK_AGAIN_S
            unbooked, self._unbooked = self._unbooked, {}
            for order, said in unbooked.values():
                self._submitted(order, said, Later())
        self._overdue(now)

    def _overdue(self, now: float) -> None:
        kept = []
        for each in self._waiting:
            if each.later.done:
                continue
            if each.deadline > now:
                kept.append(each)
                continue
            order = self.shared.ledger.order(Which(order_id=each.order_id))
            each.later.fail(unknown(order, "the venue has not answered yet"))
        self._waiting = kept

    def due(self) -> float | None:
        """Tell when the next one's patience ends (monotonic seconds)."""
        times = [each.deadline for each in self._waiting if not each.later.done]
        return min(times + [self._book_at] * bool(self._unbooked), default=None)

    def close(self) -> None:
        """Send nothing more."""
        self.threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, ask: Callable[[], Report | None], tell: Callable[[Outcome], None]) -> None:
        if self.fenced():
            return
        said: Outcome
        try:
            said = ask()
        except TacoreError as error:
            said = error
        except Exception as error:
            log.exception("venue_failed", exc_info=error)
            said = OutcomeUnknown(f"the venue's adapter failed: {type(error).__name__}")
        self.hand_over(lambda: tell(said))

    # -- submissions -----------------------------------------------------------------------------------

    def _submitted(self, order: Order, said: Outcome, later: "Later[Story]") -> None:
        def work(tx: Transaction) -> Order:
            return self._booked(tx, order, said)

        def after(booked: Order) -> None:
            self._under_way.discard(order.order_id)
            answer(self.shared.story(booked), said, later)

        def failed(error: TacoreError) -> None:
            # The order stays submitting, which counts as exposure, until what the venue said can be booked.
            self._unbooked[order.order_id] = (order, said)
            log.error("outcome_not_booked", extra={"order_id": order.order_id, "reason": error.message})
            later.fail(unknown(order, f"the venue answered, but {error.message}"))

        held: Later[Order] = Later()
        held.then(lambda booked, error: failed(error) if error else after(booked))  # type: ignore[arg-type]
        self.shared.write(work, held, urgency=0)

    def _booked(self, tx: Transaction, order: Order, said: Outcome) -> Order:
        present = tx.order(Which(order_id=order.order_id))
        if isinstance(said, Report):
            booked = apply(tx, present, said)
        elif present.status != "submitting":
            booked = present  # the reconciler was faster
        elif isinstance(said, Rejected):
            booked = tx.advance(present, "rejected", "rejected", details=said.details, reason=said.message)
        elif isinstance(said, Unavailable):
            reason = f"it never reached the venue: {said.message}"
            booked = tx.advance(present, "rejected", "not_sent", details=said.details, reason=reason)
        else:
            reason = said.message if said else "the venue said nothing"
            booked = tx.advance(present, "unknown", "unknown", details={"reason": reason}, reason=reason)
        self.shared.pages().took(booked)
        return booked


def answer(story: Story, said: Outcome, later: "Later[Story]") -> None:
    """Tell a client what the ledger holds now."""
    order = story.order
    if order.status == "rejected":
        details = dict(said.details) if isinstance(said, TacoreError) else {}
        later.fail(Rejected(order.reason or "the venue rejected it", details={**details, **ids(order)}))
    elif order.status == "unknown":
        later.fail(unknown(order, order.reason))
    else:
        later.resolve(story)


def unknown(order: Order, why: str) -> OutcomeUnknown:
    """Make the error of an order whose outcome nobody knows yet."""
    return OutcomeUnknown(
        f"{order.order_id} may or may not have been placed: {why}. Ask for it by get.order or send the same "
        "key again; do not place it under another one",
        details=ids(order),
    )


def ids(order: Order) -> dict[str, Any]:
    """Name an order in an error's details."""
    return {
        "order_id": order.order_id,
        "client_order_id": order.client_order_id,
        "status": order.status,
        "venue": order.venue,
    }


NOTHING = Moment(now=EPOCH, at_us=0, is_open=True, session="", order_session="")
"""What a venue that is not simulated is shown: it knows its market itself."""
