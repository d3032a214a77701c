"""Whether the price that an order rests on is there, fresh, and real where money is."""

from collections.abc import Iterator

from tacore.execution.gate.sight import Case, Fault


def quote_fresh(case: Case) -> Iterator[Fault]:
    """Want a fresh quote, by the market's own clock, where anything about the order rests on one."""
    if not _needs_quote(case):
        return
    sight, most = case.sight, case.limits.max_quote_age_s
    if sight.last is None:
        shown = None if sight.quote is None else sight.quote.price
        yield Fault(f"quote: there is no price of {case.order.symbol} to judge by", "a quote", shown)
    elif most is not None and (sight.quote_age_s is None or sight.quote_age_s > most):
        age = "of unknown age" if sight.quote_age_s is None else f"{sight.quote_age_s:g} s old"
        yield Fault(f"quote: {age}; allowed: at most {most:g} s (max_quote_age_s)", most, sight.quote_age_s)
    elif most is None and sight.quote_stale:
        yield Fault(
            f"quote: stale by the clock of {case.order.market}; allowed: no older than its stale_after_s",
            "stale_after_s",
            sight.quote_age_s,
        )


def live_data(case: Case) -> Iterator[Fault]:
    """Keep real money from simulated, replayed and stale prices."""
    quote = case.sight.quote
    if not case.is_live or quote is None:
        return
    wrong = (
        ("simulated", quote.simulated),
        ("replayed", case.sight.is_replay),
        ("stale", case.sight.quote_stale),
    )
    for word, is_so in wrong:
        if is_so:
            yield Fault(f"quote: {word}; a live order needs live and fresh prices", "live and fresh", word)


def _needs_quote(case: Case) -> bool:
    """Tell whether something rests on the quote: the price, the band, a short's size, or real money."""
    order = case.order
    return (
        order.order_type in ("market", "stop")
        or case.limits.price_band_pct is not None
        or (order.side == "sell" and not case.reduces)
        or case.is_live
    )
