"""How large an order, a position and the whole account may become. Sums are in the base currency.

An order counts with what is left of it, at its reserve_price, from its reservation to its end, unknown ones
included. An instrument counts with the most that it may come to, whichever of its open orders fill.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tacore.execution.gate.sight import Case, Fault, plain
from tacore.model.orders import Order

ZERO = Decimal(0)


@dataclass(slots=True)
class Book:
    """An instrument's position and open orders; ``price`` is None where none is known."""

    symbol: str
    currency: str
    position: Decimal = ZERO
    price: Decimal | None = None
    orders: list[Order] = field(default_factory=list)


def max_order_notional(case: Case) -> Iterator[Fault]:
    """Bound quantity times price of one order."""
    order, limit = case.order, case.limits.max_order_notional
    if limit is None or not case.priced:
        return
    rate = case.sight.rates.get(order.currency)
    if rate is None:
        yield _no_rate(order.currency, limit)
        return
    value = order.quantity * order.reserve_price * rate
    if value > limit:
        yield _over(f"quantity: the order is worth {plain(value)}", "max_order_notional", limit, value)


def max_position_notional(case: Case) -> Iterator[Fault]:
    """Bound a position together with all that is open on the order's side, and the order."""
    limit = case.limits.max_position_notional
    if limit is None or not case.priced:
        return
    book = _books(case)[case.order.market, case.order.symbol]
    missing = list(_missing(case, [book], limit))
    yield from missing
    if not missing:
        same = [each for each in book.orders if each.side == case.order.side]
        value = _side(case.order.sign * book.position, book.price, same) * case.sight.rates[book.currency]
        if value > limit:
            text = f"quantity: {book.symbol} with all that is open may come to {plain(value)}"
            yield _over(text, "max_position_notional", limit, value)


def max_gross_exposure(case: Case) -> Iterator[Fault]:
    """Bound the sum of what all instruments may come to, long or short."""
    limit = case.limits.max_gross_exposure
    if limit is None or not case.priced:
        return
    books = list(_books(case).values())
    missing = list(_missing(case, books, limit))
    yield from missing
    if not missing:
        value = sum((_worst(book) * case.sight.rates[book.currency] for book in books), ZERO)
        if value > limit:
            text = f"quantity: positions and open orders may come to {plain(value)}"
            yield _over(text, "max_gross_exposure", limit, value)


def _books(case: Case) -> dict[tuple[str, str], Book]:
    """Sort positions and open orders, this one included, by instrument."""
    books: dict[tuple[str, str], Book] = {}
    for position in case.sight.positions:
        if position.quantity:
            made = Book(position.symbol, position.currency, position.quantity)
            books[position.market, position.symbol] = made
    for order in (*case.others, case.order):
        made = books.setdefault((order.market, order.symbol), Book(order.symbol, order.currency))
        made.orders.append(order)
    mine = (case.order.market, case.order.symbol)
    books[mine].position = case.sight.position
    for key, book in books.items():
        book.price = case.sight.prices.get(key, case.sight.last if key == mine else None)
    return books


def _worst(book: Book) -> Decimal:
    buys = [each for each in book.orders if each.side == "buy"]
    sales = [each for each in book.orders if each.side == "sell"]
    return max(_side(book.position, book.price, buys), _side(-book.position, book.price, sales))


def _side(held: Decimal, price: Decimal | None, orders: Sequence[Order]) -> Decimal:
    """Give what a position may come to on one side; ``held`` is negative where it is on the other one.

    Orders against a position first close it; only what goes beyond counts, at the highest of their prices,
    since nobody knows which fill first.
    """
    if held >= 0:
        own = held * price if held and price is not None else ZERO
        return own + sum((each.left * each.reserve_price for each in orders), ZERO)
    beyond = held + sum((each.left for each in orders), ZERO)
    return max(beyond, ZERO) * max((each.reserve_price for each in orders), default=ZERO)


def _missing(case: Case, books: Sequence[Book], limit: Decimal) -> Iterator[Fault]:
    """Name held instruments without a price, and currencies without a rate: they are never left out."""
    for book in books:
        if book.position and book.price is None:
            yield Fault(f"price: none is known of {book.symbol}, which is held", limit, book.symbol)
    for currency in sorted({book.currency for book in books} - case.sight.rates.keys()):
        yield _no_rate(currency, limit)


def _no_rate(currency: str, limit: Decimal) -> Fault:
    return Fault(f"currency: there is no rate of {currency} to the base currency", limit, currency)


def _over(text: str, name: str, limit: Decimal, value: Decimal) -> Fault:
    return Fault(f"{text}; allowed: at most {plain(limit)} ({name})", limit, value)
