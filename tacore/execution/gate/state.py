"""Whether trading is on, for this account, at this venue."""

from collections.abc import Iterator

from tacore.execution.gate.sight import Case, Fault, plain


def trading_state(case: Case) -> Iterator[Fault]:
    """Take nothing while halted, and only what makes a position or an order smaller while reducing."""
    state = case.sight.state
    if state == "halted":
        yield Fault("trading is halted; cancelling works", "active", state)
    elif state == "reducing" and not case.reduces:
        yield Fault(
            "trading is reducing; allowed: what makes a position smaller, open orders on that side included",
            "only reducing orders",
            state,
        )


def max_daily_loss(case: Case) -> Iterator[Fault]:
    """Stop at the day's loss."""
    limit, result = case.limits.max_daily_loss, case.sight.day_pnl
    if limit is None:
        return
    if result is None:
        yield Fault("day_pnl: today's result is not known, for a price is missing", limit, None)
    elif result <= -limit:
        yield Fault(
            f"day_pnl: {plain(-result)} was lost today; allowed: less than {plain(limit)} (max_daily_loss), "
            "from there on only what makes a position smaller",
            limit,
            -result,
        )


def live_trading(case: Case) -> Iterator[Fault]:
    """Want venue, account and order to agree that real money is meant, or that none is."""
    sight, order = case.sight, case.order
    if sight.venue_live and not sight.account_live:
        key = f"trading.accounts.{order.account}.live"
        yield Fault(f"account: {order.account} may not trade live; {key} allows it", True, False)
    if sight.venue_live and not case.live:
        yield Fault(f"live: missing; venue {order.venue} trades real money and wants live: true", True, False)
    if case.live and not sight.venue_live:
        yield Fault(f"live: venue {order.venue} is not live; allowed: false", False, True)
