"""Whether the market trades this at all, now, and what was bought may be sold."""

from collections.abc import Iterator
from decimal import Decimal

from tacore.execution.gate.sight import Case, Fault, plain


def symbol_known(case: Case) -> Iterator[Fault]:
    """Want an instrument that the market has."""
    if case.sight.instrument is None:
        symbol, market = case.order.symbol, case.order.market
        yield Fault(f"symbol: {market} does not know {symbol}", f"a symbol of {market}", symbol)


def market_rules(case: Case) -> Iterator[Fault]:
    """Want the market's rules of trade."""
    if case.rules is None:
        market = case.order.market
        yield Fault(
            f"market: {market} has no rules of trade (trading.rules.{market})",
            "a market with rules",
            market,
        )


def market_open(case: Case) -> Iterator[Fault]:
    """Want an open market, or an order that can wait for it."""
    order = case.order
    waits = order.order_type != "market" and order.time_in_force in ("DAY", "GTC")
    always = case.rules is not None and case.rules.always_open
    if not (case.sight.is_open or always or waits):
        allowed = "limit, stop or stop_limit with DAY or GTC"
        asked = f"{order.order_type} with {order.time_in_force}"
        yield Fault(
            f"market: {order.market} is closed; {asked} can't wait; allowed: {allowed}", allowed, asked
        )


def settlement(case: Case) -> Iterator[Fault]:
    """Let only what has settled be sold, less open sales, where the market settles late."""
    if case.order.side == "buy" or case.rules is None or not case.rules.settle_sessions:
        return
    free = case.sight.sellable - case.open_here("sell")
    if case.order.left > free:
        late = case.rules.settle_sessions
        yield Fault(
            f"quantity: {plain(case.order.left)} {case.order.symbol} can't be sold; allowed: at most "
            f"{plain(max(free, Decimal(0)))}, the rest has not settled (T+{late}) or is in open sales",
            free,
            case.order.left,
        )
