"""Whether there is what an order pays with.

A buy needs its quantity times its reserve_price in cash of its own currency, beside what other open buys
need. Fees and slippage are not reserved: no one knows them before the fill. They can take cash below zero by
that much, and then the next buy is denied until there is cash again. Open sales add nothing before they fill.
A buy that only closes a short is not held to it, for a short must be left even at a loss.
Where the venue keeps the account's cash, it is the venue that says when there is not enough.
"""

from collections.abc import Iterator
from decimal import Decimal

from tacore.execution.gate.sight import Case, Fault, plain

ZERO = Decimal(0)


def buying_power(case: Case) -> Iterator[Fault]:
    """Want the cash for a buy, in its currency."""
    order = case.order
    if order.side == "sell" or not case.priced or not case.sight.cash_known:
        return
    reserved = sum(
        (
            each.left * each.reserve_price
            for each in case.others
            if each.side == "buy" and each.currency == order.currency
        ),
        ZERO,
    )
    free = case.sight.cash.get(order.currency, ZERO) - reserved
    cost = order.left * order.reserve_price
    if cost > free:
        yield Fault(
            f"quantity: costs {plain(cost)} {order.currency} before fees; allowed: at most {plain(free)}, "
            "which is cash less what open buys need",
            free,
            cost,
        )


def short_sale(case: Case) -> Iterator[Fault]:
    """Let only what is held be sold, less open sales, unless the account may go short."""
    order = case.order
    if order.side == "buy" or case.limits.allow_short:
        return
    free = case.sight.position - case.open_here("sell")
    if order.left > free:
        yield Fault(
            f"quantity: {plain(order.left)} {order.symbol} can't be sold; allowed: at most "
            f"{plain(max(free, ZERO))}, which is held less open sales (allow_short is false)",
            free,
            order.left,
        )
