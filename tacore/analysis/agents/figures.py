"""A company's figures and what the instrument is, as text for a language model."""

from datetime import timedelta

from tacore.analysis.agents.look import Given, Look
from tacore.analysis.agents.prices import number
from tacore.analysis.fundamental import figures_of
from tacore.errors import NotFound
from tacore.model.jobs import Ask
from tacore.ports import FundamentalsProvider

OLD = timedelta(days=400)  # a year's report and the time to write it
_UNITS = {"market_cap": " {currency}", "earnings_per_share": " {currency}"}


def fundamentals(look: Look) -> Given:
    """Write what had been published by then; NotFound where the provider has no figures."""
    symbol = look.instrument.symbol
    if not isinstance(look.provider, FundamentalsProvider):
        raise NotFound(f"{look.provider.name} has no company figures of {symbol}")
    found = look.provider.fundamentals(look.instrument, now=look.moment)
    if found.as_of > look.moment:
        raise NotFound(
            f"the figures of {symbol} are of {found.as_of:%Y-%m-%d}, after the close of {look.day}: not shown"
        )
    rows = [(name, value) for name, value in figures_of(found).items()]
    if all(value is None for _, value in rows):
        raise NotFound(f"{found.source or look.provider.name} has no figures of {symbol}")
    stale = look.moment - found.as_of > OLD
    lines = [f"# {symbol} ({look.instrument.name}): figures as published by {found.as_of:%Y-%m-%d}", ""]
    lines += [f"STALE: they are older than {OLD.days} days.", ""] if stale else []
    lines += [f"- {name}: {_shown(name, value, look.instrument.currency)}" for name, value in rows]
    lines += [
        "",
        "Names in _pct are in percent; debt_to_equity is a ratio. What is unknown must not be guessed.",
    ]
    return Given(
        text="\n".join(lines),
        source=found.source or look.provider.name,
        as_of=found.as_of.date().isoformat(),
        simulated=look.provider.simulated,
        stale=stale,
    )


def info(look: Look, ask: Ask) -> Given:
    """Write what the instrument is; its note may tell of later days, and is left out."""
    one = look.instrument
    # TradingAgents-CN reads the name from a line of these very words.
    name = [f"股票名称: {one.name}"] if ask.engine == "tradingagents_cn" else []
    lines = [
        *name,
        f"Name: {one.name}",
        f"Symbol: {one.symbol}",
        f"Market: {one.market}",
        f"Currency: {one.currency}",
        f"Sector: {one.sector or 'unknown'}",
    ]
    return Given(text="\n".join(lines), source=look.provider.name, simulated=look.provider.simulated)


def _shown(name: str, value: float | None, currency: str) -> str:
    return "unknown" if value is None else number(value) + _UNITS.get(name, "").format(currency=currency)
