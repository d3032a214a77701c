"""The key of an answer that rests on a portfolio."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tacore.market.shelf_life import shelf_life
from tacore.market.spelling import Spelling
from tacore.model.cached import CacheKey, CachePolicy, digest, readable
from tacore.model.portfolio import Portfolio, Trade
from tacore.ports import MarketData


@dataclass(frozen=True, slots=True)
class Stated:
    """What a request states, read out of any dialect; the benchmark is None where it names none."""

    base_currency: str
    portfolio: Portfolio
    trade: Trade | None
    benchmark: tuple[str, ...] | None


def portfolio_key(stated: Stated, how: Sequence[object], data: MarketData, policy: CachePolicy) -> CacheKey:
    """Name what an answer depends on: what is stated, ``how`` it is looked at, and the markets' times.

    Every dialect and spelling of one portfolio gives one key. The answer holds no longer than any of its
    markets allows; one that rests on no market, as long as a closed one does. ``how`` begins with a word for
    people.
    """
    spelled = Spelling(data)
    holdings = [replace(each, symbol=spelled(each.symbol)) for each in stated.portfolio.holdings]
    trade = stated.trade and replace(stated.trade, symbol=spelled(stated.trade.symbol))
    benchmark = None if stated.benchmark is None else [spelled(each) for each in stated.benchmark]
    lives = {market: shelf_life(data, market, policy) for market in sorted(spelled.markets)}
    whole = replace(stated.portfolio, holdings=tuple(holdings))
    clocks = [f"{market}={life.text}" for market, life in lives.items()]
    named = digest([stated.base_currency, whole, trade, benchmark, how])
    ttl_s = min((life.ttl_s for life in lives.values()), default=policy.ttl_closed_s)
    return CacheKey(readable(*clocks, str(how[0]), named), ttl_s)
