"""New orders: found by their key, judged, reserved and placed."""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec

from tacore.errors import (
    DeadlineExceeded,
    IdempotencyMismatch,
    TacoreError,
)
from tacore.execution.desk.config import Account
from tacore.execution.desk.denials import as_details, denied, denied_again, must_be_asked
from tacore.execution.desk.outcomes import apply
from tacore.execution.desk.prices import EPOCH, Need, Priced, Prices
from tacore.execution.desk.sending import Sending
from tacore.execution.desk.state import Shared, log
from tacore.execution.gate import Denial, Judgement, clear, judge
from tacore.execution.ledger import Transaction
from tacore.execution.views import moment
from tacore.model.orders import Order, OrderRequest
from tacore.ports import Later, Venue
from tacore.ports.orders import Asker, Key, Story, Verdict

REQUEST_KEY_US = 24 * 3600 * 1_000_000
"""How long a key that was only a request_id is replayed: some clients number from 1 each day."""


def fingerprint(request: OrderRequest) -> str:
    """Give what makes two requests the same: everything but the tags, numbers by their value."""
    fields = msgspec.structs.asdict(request)
    del fields["tags"]
    plain = {
        name: format(each.normalize(), "f") if isinstance(each, Decimal) else each
        for name, each in fields.items()
    }
    return sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One order on its way to the ledger."""

    request: OrderRequest
    key: Key
    asker: Asker
    account: Account
    venue: Venue
    fingerprint: str


class Placing:
    """Takes orders."""

    def __init__(self, shared: Shared, sending: Sending) -> None:
        self._shared = shared
        self._sending = sending

    def execute(self, request: OrderRequest, key: Key, asker: Asker) -> "Later[Story]":
        """Place an order, or tell what became of it."""
        asked = self._asked(request, key, asker)
        later: Later[Story] = Later()
        known = self._shared.ledger.by_key(request.account, asker.principal, key)
        if known is not None:
            self._replay(asked, known, later)
            return later
        self._sending.must_be_open(asked.venue)
        needs = self._needs(request)
        fetching = asker.steps.begin("prices")

        def place(prices: Prices) -> None:
            fetching.end()
            self._place(asked, prices, later)

        self._shared.want(needs, place, asker.deadline)
        return later

    def examine(self, request: OrderRequest, asker: Asker) -> "Later[Verdict]":
        """Run the gate on an order; what it did to the ledger is taken back."""
        asked = self._asked(request, Key("dry run", "explicit"), asker)
        judged: Later[Verdict] = Later()
        told: Later[Verdict] = Later()
        judged.then(lambda _, error: _settle_verdict(told, error))

        fetching = asker.steps.begin("prices")

        def look(prices: Prices) -> None:
            fetching.end()
            asker.steps.begin("gate")
            self._shared.write(lambda _: self._examined(asked, prices), judged)

        self._shared.want(self._needs(request), look, asker.deadline)
        return told

    def _asked(self, request: OrderRequest, key: Key, asker: Asker) -> _Asked:
        account = self._shared.setup.account(request.account)
        venue = self._shared.setup.venue_of(account, request.venue)
        whole = msgspec.structs.replace(request, venue=venue.name)
        return _Asked(whole, key, asker, account, venue, fingerprint(whole))

    def _needs(self, request: OrderRequest) -> list[Need]:
        held = self._shared.ledger.positions(request.account)
        places = [(request.market, request.symbol)]
        places += [(each.market, each.symbol) for each in held if each.quantity]
        return [Need(*place) for place in places]

    def _replay(self, asked: _Asked, known: Order, later: "Later[Story]") -> None:
        try:
            later.resolve(self.replayed(asked, known))
        except TacoreError as error:
            later.fail(error)

    def replayed(self, asked: _Asked, known: Order) -> Story:
        """Tell a retry what became of its order; IdempotencyMismatch where it is another one."""
        first_seen = moment(known.created_us).isoformat()
        details: dict[str, Any] = {"order_id": known.order_id, "first_seen": first_seen}
        if known.fingerprint != asked.fingerprint:
            raise IdempotencyMismatch(
                f"the key {asked.key.text!r} belongs to another order, {known.order_id}", details=details
            )
        age_us = self._shared.clock.wall_us() - known.created_us
        if known.key_kind == "request" and age_us > REQUEST_KEY_US:
            raise IdempotencyMismatch(
                f"the request_id {asked.key.text!r} placed {known.order_id} over 24 hours ago: "
                "use another one, or an idempotency_key",
                details=details,
            )
        story = self._shared.story(known)
        if known.status == "denied":
            raise denied_again(story)
        return msgspec.structs.replace(story, replayed=True, warnings=known.warnings)

    # -- in the transaction --------------------------------------------------------------------------

    def _place(self, asked: _Asked, prices: Prices, later: "Later[Story]") -> None:
        writing = asked.asker.steps.begin("gate and ledger")

        def after(placed: _Placed) -> None:
            writing.end()
            self._placed(placed, asked, later)

        self._shared.write(lambda tx: self._write(tx, asked, prices), later, after=after)

    def _write(self, tx: Transaction, asked: _Asked, prices: Prices) -> "_Placed":
        known = tx.by_key(asked.request.account, asked.asker.principal, asked.key)
        if known is not None:
            return _Placed(known, again=True)
        if asked.asker.deadline <= self._shared.clock.monotonic():
            raise DeadlineExceeded(
                "its time ran out before the order was reserved: nothing was placed",
                details={"dispatched": True, "reserved": False},
            )
        priced = prices[asked.request.market, asked.request.symbol]
        draft, judgement = self._judged(asked, prices, priced)
        if judgement.denials:
            must_be_asked(prices)
            return _Placed(self._denied(tx, draft, asked, judgement), denials=judgement.denials)
        details = {"quote": _seen(priced)}
        order = tx.advance(
            tx.reserve(draft), "submitting", "submitting", details=details, market_time=priced.now
        )
        cleared = clear(order, judgement)
        if asked.venue.inline:
            order = apply(tx, order, asked.venue.submit(cleared, self._shared.moment(order, priced)))
        self._shared.pages().took(order)
        return _Placed(order, cleared=None if asked.venue.inline else cleared)

    def _judged(self, asked: _Asked, prices: Prices, priced: Priced) -> tuple[Order, Judgement]:
        draft = self._draft(asked, priced)
        sight = self._shared.pages().sight(draft, asked.account, asked.venue, prices, priced)
        rules = asked.account.rules.get(draft.market)
        judgement = judge(draft, asked.request.live, sight, asked.account.settings.limits, rules)
        reserve = {"reserve_price": judgement.reserve_price, "warnings": judgement.warnings}
        return msgspec.structs.replace(draft, **reserve), judgement

    def _draft(self, asked: _Asked, priced: Priced) -> Order:
        request, rules = asked.request, asked.account.rules.get(priced.market)
        now_us = self._shared.clock.wall_us()
        return Order(
            order_id="",
            client_order_id="",
            account=request.account,
            principal=asked.asker.principal,
            key=asked.key.text,
            key_kind=asked.key.kind,
            fingerprint=asked.fingerprint,
            venue=asked.venue.name,
            paper=asked.venue.paper,
            market=priced.market,
            symbol=priced.symbol,
            currency=_currency(priced, rules.currency if rules else ""),
            side=request.side,
            quantity=request.quantity,
            order_type=request.order_type,
            time_in_force=request.time_in_force,
            status="reserved",
            created_us=now_us,
            updated_us=now_us,
            market_time=priced.now if priced.now != EPOCH else moment(now_us),
            limit_price=request.limit_price,
            stop_price=request.stop_price,
            tags=request.tags,
        )

    def _denied(self, tx: Transaction, draft: Order, asked: _Asked, judgement: Judgement) -> Order:
        order = tx.deny(draft, [as_details(each) for each in judgement.denials])
        if any(each.halting for each in judgement.denials):
            self._halt_if_often(tx, asked.account)
        return order

    def _halt_if_often(self, tx: Transaction, account: Account) -> None:
        halt = self._shared.setup.trading.halt
        since_us = self._shared.clock.wall_us() - round(halt.within_s * 1e6)
        if (
            tx.denials_since(account.name, since_us) >= halt.denials
            and self._shared.pages().state == "active"
        ):
            reason = f"{halt.denials} denials by limits within {halt.within_s:g} s on account {account.name}"
            tx.set_trading_state("halted", "gate", reason)
            self._shared.pages().forget()
            log.error("trading_halted", extra={"reason": reason})

    def _examined(self, asked: _Asked, prices: Prices) -> None:
        priced = prices[asked.request.market, asked.request.symbol]
        draft, judgement = self._judged(asked, prices, priced)
        self._shared.pages().forget()
        raise _Examined(
            Verdict(
                request=asked.request,
                passes=not judgement.denials,
                denials=[as_details(each) for each in judgement.denials],
                warnings=judgement.warnings,
                paper=asked.venue.paper,
                notional=judgement.notional,
                currency=draft.currency,
            )
        )

    # -- after the commit ------------------------------------------------------------------------------

    def _placed(self, placed: "_Placed", asked: _Asked, later: "Later[Story]") -> None:
        order = placed.order
        if placed.again:
            self._replay(asked, order, later)
        elif placed.denials:
            later.fail(denied(order, placed.denials))
        elif placed.cleared is not None:
            self._sending.submit(placed.cleared, asked.venue, later, asked.asker)
        else:
            story = self._shared.story(order)
            later.resolve(msgspec.structs.replace(story, warnings=order.warnings))


@dataclass(frozen=True, slots=True)
class _Placed:
    order: Order
    again: bool = False
    denials: tuple[Denial, ...] = ()
    cleared: Any = None


class _Examined(TacoreError):
    """Carries a verdict out of the savepoint, which is rolled back by it."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("examined")
        self.verdict = verdict


def _settle_verdict(later: "Later[Verdict]", error: TacoreError | None) -> None:
    if isinstance(error, _Examined):
        later.resolve(error.verdict)
    elif error is not None:
        later.fail(error)


def _seen(priced: Priced) -> dict[str, Any]:
    """Keep which price the order was judged by."""
    quote = priced.quote
    if quote is None:
        return {"price": None, "source": "", "replay": priced.is_replay}
    return {
        "price": str(quote.price),
        "source": quote.source,
        "simulated": quote.simulated,
        "as_of": quote.as_of.isoformat(),
        "replay": priced.is_replay,
        "stale": priced.stale,
    }


def _currency(priced: Priced, of_market: str) -> str:
    return priced.instrument.currency if priced.instrument else of_market
