"""What the desk knows of accounts while a transaction is open, read once and kept up with what it does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from tacore.execution.desk.config import Account
from tacore.execution.desk.prices import Place, Priced, Prices
from tacore.execution.gate import Sight
from tacore.execution.ledger import Transaction
from tacore.model.orders import Order, Position, State
from tacore.model.trading import MarketRules
from tacore.ports.venue import Venue

PACE_S = 60.0
COINS_IN = "USDT"
"""What coins are priced in."""


@dataclass(slots=True)
class _Account:
    open_orders: dict[str, Order]
    recent: dict[str, Order]
    positions: dict[Place, Position]
    cash: dict[str, Decimal]


@dataclass(slots=True)
class Book:
    """The accounts as of an open transaction."""

    tx: Transaction
    now_us: int
    recent_s: float = PACE_S
    _accounts: dict[str, _Account] = field(default_factory=dict)
    _state: State | None = None

    @property
    def state(self) -> State:
        """Tell whether orders are taken."""
        if self._state is None:
            self._state = self.tx.trading_state().state
        return self._state

    def forget(self) -> None:
        """Read everything anew: a part of the transaction was taken back, or the state has changed."""
        self._accounts.clear()
        self._state = None

    def took(self, order: Order) -> None:
        """Take note of an order as it is now."""
        known = self._of(order.account)
        before = known.open_orders.pop(order.order_id, None)
        if order.is_open:
            known.open_orders[order.order_id] = order
        if order.order_id in known.recent or before is None:
            known.recent[order.order_id] = order
        if order.filled_quantity != (before.filled_quantity if before else 0):
            known.positions = _by_place(self.tx.positions(order.account))
            known.cash = self.tx.cash(order.account)

    def positions(self, account: str) -> Mapping[Place, Position]:
        """Give an account's positions by market and symbol."""
        return self._of(account).positions

    def cash(self, account: str) -> Mapping[str, Decimal]:
        """Give an account's cash by currency."""
        return self._of(account).cash

    def open_orders(self, account: str) -> Sequence[Order]:
        """Give an account's open orders."""
        return list(self._of(account).open_orders.values())

    def _of(self, name: str) -> _Account:
        found = self._accounts.get(name)
        if found is None:
            since_us = self.now_us - round(self.recent_s * 1e6)
            found = self._accounts[name] = _Account(
                {each.order_id: each for each in self.tx.open_orders(name)},
                {each.order_id: each for each in self.tx.orders_since(name, since_us)},
                _by_place(self.tx.positions(name)),
                self.tx.cash(name),
            )
        return found

    def sight(self, draft: Order, account: Account, venue: Venue, prices: Prices, priced: Priced) -> Sight:
        """Bring together what the gate looks at; ``draft`` is left out of what is open and recent."""
        known = self._of(draft.account)
        held = known.positions.get((draft.market, draft.symbol))
        position = held.quantity if held else Decimal(0)
        rules = account.rules.get(draft.market)
        others = [each for each in known.open_orders.values() if each.order_id != draft.order_id]
        last = {place: each.quote.price for place, each in prices.items() if each.quote is not None}
        last |= {(each.market, each.symbol): each.quote.price for each in prices.values() if each.quote}
        return Sight(
            instrument=priced.instrument,
            now=priced.now,
            now_us=self.now_us,
            is_open=priced.is_open,
            session=priced.session,
            quote=priced.quote,
            quote_stale=priced.stale,
            quote_age_s=priced.age_s,
            is_replay=priced.is_replay,
            previous_close=priced.previous_close,
            state=self.state,
            position=position,
            sellable=position - self._unsettled(draft, rules, priced),
            open_orders=others,
            recent=[each for each in known.recent.values() if each.order_id != draft.order_id],
            cash=known.cash,
            positions=list(known.positions.values()),
            prices=last,
            rates=account.rates,
            day_pnl=self._day_pnl(draft.account, account, last),
            venue_paper=venue.paper,
            venue_live=not venue.paper,
            venue_fractional=account.fractional,
            account_live=account.settings.live,
            cash_known=venue.inline or bool(account.settings.cash),
        )

    def _unsettled(self, draft: Order, rules: MarketRules | None, priced: Priced) -> Decimal:
        """Count what was bought in this session, where that may not be sold before the next."""
        if rules is None or not rules.settle_sessions or not priced.session:
            return Decimal(0)
        first = datetime.fromisoformat(priced.session).replace(tzinfo=UTC)
        return self.tx.bought_since(draft.account, draft.market, draft.symbol, first)

    def _day_pnl(self, name: str, account: Account, last: Mapping[Place, Decimal]) -> Decimal | None:
        """Tell what the account gained since its first look of the day (UTC); the first look is made here."""
        if account.settings.limits.max_daily_loss is None:
            return None
        equity = self._equity(name, account, last)
        if equity is None:
            return None
        day = datetime.fromtimestamp(self.now_us / 1e6, UTC).date().isoformat()
        mark = self.tx.day_mark(name, day)
        if mark is None:
            self.tx.mark_day(name, day, equity)
            return Decimal(0)
        return equity - mark

    def _equity(self, name: str, account: Account, last: Mapping[Place, Decimal]) -> Decimal | None:
        total = Decimal(0)
        try:
            for currency, amount in self.cash(name).items():
                total += amount * worth(currency, account.rates, last) if amount else 0
            for place, held in self.positions(name).items():
                if held.quantity:
                    total += held.quantity * last[place] * account.rates[held.currency]
        except KeyError:
            return None  # a price or a rate is missing: the gate says which
        return total


def worth(currency: str, rates: Mapping[str, Decimal], last: Mapping[Place, Decimal]) -> Decimal:
    """Give the rate of a currency; a coin in which a fee was paid has the price of its pair.

    KeyError where there is neither.
    """
    if currency in rates:
        return rates[currency]
    return last["CRYPTO", f"{currency}/{COINS_IN}"] * rates[COINS_IN]


def _by_place(positions: Sequence[Position]) -> dict[Place, Position]:
    return {(each.market, each.symbol): each for each in positions}
