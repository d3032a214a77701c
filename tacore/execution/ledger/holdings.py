"""What fills make of positions and cash: pure arithmetic, the same when booking and when checking."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from tacore.execution.ledger.amounts import ZERO, add, average, multiply, share, subtract, trimmed
from tacore.model.orders import Fill, Position


class Holding(msgspec.Struct, frozen=True):
    """A position by average cost. ``cost`` is quantity times price of what is held, negative for a short.

    ``cost`` less ``realised`` is always, to the last digit, what was paid for buys less what sales brought.
    """

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO

    def after(self, quantity: Decimal, price: Decimal, fee: Decimal) -> "Holding":
        """Book a trade; ``quantity`` is negative for a sale, ``fee`` is in the position's currency."""
        fees = trimmed(add(self.fees, fee))
        if multiply(self.quantity, quantity) >= 0:
            cost = add(self.cost, multiply(quantity, price))
            return Holding(trimmed(add(self.quantity, quantity)), trimmed(cost), self.realised, fees)
        closed = min(quantity.copy_abs(), self.quantity.copy_abs()).copy_sign(quantity)
        released = share(self.cost, closed.copy_abs(), self.quantity.copy_abs())
        realised = trimmed(subtract(self.realised, add(multiply(closed, price), released)))
        opened = subtract(quantity, closed)
        cost = multiply(opened, price) if opened else subtract(self.cost, released)
        return Holding(trimmed(add(self.quantity, quantity)), trimmed(cost), realised, fees)

    def shown(self, account: str, market: str, symbol: str, currency: str) -> Position:
        """Give it as what others see."""
        return Position(
            account=account,
            market=market,
            symbol=symbol,
            currency=currency,
            quantity=self.quantity,
            average_price=average(self.cost, self.quantity) if self.quantity else ZERO,
            realised_pnl=self.realised,
            fees=self.fees,
        )


def signed(fill: Fill) -> Decimal:
    """Give the quantity, negative for a sale."""
    return fill.quantity if fill.side == "buy" else fill.quantity.copy_negate()


def own_fee(fill: Fill) -> Decimal:
    """Give the fee as far as it is in the currency that the order is paid in."""
    return fill.fee if fill.fee_currency == fill.currency else ZERO


def cash_moves(fill: Fill) -> Iterator[tuple[str, Decimal]]:
    """Give what the fill adds to cash, by currency."""
    worth = multiply(signed(fill), fill.price)
    yield fill.currency, add(worth, own_fee(fill)).copy_negate()
    if fill.fee and fill.fee_currency != fill.currency:
        yield fill.fee_currency, fill.fee.copy_negate()


class Tally:
    """Positions and cash, added up anew from openings and fills."""

    def __init__(self) -> None:
        self.holdings: dict[tuple[str, str, str], Holding] = {}
        self.currencies: dict[tuple[str, str, str], str] = {}
        self.cash: dict[tuple[str, str], Decimal] = {}

    def pay_in(self, account: str, currency: str, amount: Decimal) -> None:
        """Add to an account's cash."""
        key = account, currency
        self.cash[key] = trimmed(add(self.cash.get(key, ZERO), amount))

    def book(self, fills: Iterable[Fill]) -> None:
        """Add fills in the order in which they were booked."""
        for fill in fills:
            key = fill.account, fill.market, fill.symbol
            held = self.holdings.get(key, Holding())
            self.holdings[key] = held.after(signed(fill), fill.price, own_fee(fill))
            self.currencies.setdefault(key, fill.currency)
            for currency, amount in cash_moves(fill):
                self.pay_in(fill.account, currency, amount)

    def positions(self) -> list[Position]:
        """Give the positions by market and symbol."""
        return [held.shown(*key, self.currencies[key]) for key, held in sorted(self.holdings.items())]
