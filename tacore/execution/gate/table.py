"""The gate's rules, in the order in which they are told. A name is what a denial says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tacore.execution.gate import exposure, freshness, funds, market, pace, price, size, state
from tacore.execution.gate.sight import Case, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: ``checks`` says what an order must be.

    ``halting`` where its denials count towards the automatic halt: it is a limit of risk. ``exits`` where
    orders that only reduce are not held to it, so that a position can always be left.
    """

    checks: str
    find: Callable[[Case], Iterator[Finding]]
    code: str = "denied"
    halting: bool = False
    exits: bool = False


def _fact(checks: str, find: Callable[[Case], Iterator[Finding]], code: str = "denied") -> Rule:
    return Rule(checks=checks, find=find, code=code)


def _limit(checks: str, find: Callable[[Case], Iterator[Finding]], *, exits: bool = False) -> Rule:
    return Rule(checks=checks, find=find, halting=True, exits=exits)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "symbol_known": _fact("the market knows the symbol", market.symbol_known),
        "market_rules": _fact("the market has rules of trade in the settings", market.market_rules),
        "trading_state": _fact(
            "trading is active; or reducing, and the order only makes a position or an open order smaller",
            state.trading_state,
            "trading_halted",
        ),
        "live_trading": _fact(
            "a live venue has a live account and live: true; no other venue gets live: true",
            state.live_trading,
        ),
        "live_data": _fact(
            "a live order rests on no simulated, replayed or stale quote", freshness.live_data
        ),
        "market_open": _fact(
            "the market is open, or a limit, stop or stop_limit order with DAY or GTC waits for it",
            market.market_open,
        ),
        "lot": _fact(
            "the quantity is a multiple of the lot, or a sale takes all of an odd part along where allowed",
            size.lot,
        ),
        "tick": _fact("limit_price and stop_price are on the market's price steps", price.tick),
        "min_notional": _fact("quantity times price is at least the market's least", size.min_notional),
        "price_limit": _fact("limit_price is within the day's limits", price.price_limit),
        "settlement": _fact("a sale is of what has settled, less open sales", market.settlement),
        "quote_fresh": _fact(
            "there is a fresh quote by the market's own clock, where price, price band, a short sale or real "
            "money rests on it",
            freshness.quote_fresh,
        ),
        "max_order_notional": _limit(
            "quantity times price is within the limit", exposure.max_order_notional, exits=True
        ),
        "max_position_notional": _limit(
            "the position with all open orders on this side is within the limit",
            exposure.max_position_notional,
            exits=True,
        ),
        "max_gross_exposure": _limit(
            "all positions with all open orders that enlarge them are within the limit",
            exposure.max_gross_exposure,
            exits=True,
        ),
        "buying_power": _limit(
            "cash in the order's currency covers the buy beside other open buys, before fees",
            funds.buying_power,
            exits=True,
        ),
        "short_sale": _limit(
            "a sale is of what is held, less open sales, unless allow_short is true", funds.short_sale
        ),
        "max_open_orders": _limit("so many orders may be open", pace.max_open_orders),
        "max_orders_per_minute": _limit(
            "so many orders may be taken within 60 seconds", pace.max_orders_per_minute
        ),
        "duplicate_intent": _limit(
            "no order under another key asked for the same just now: a warning on paper",
            pace.duplicate_intent,
        ),
        "price_band": _limit("a limit is not far on the aggressive side of the last price", price.price_band),
        "stop_side": _fact("a stop has not been reached yet: a warning", price.stop_side),
        # Not halting: the loss stops all but exits by itself, and a halt would stop those too.
        "max_daily_loss": Rule(
            checks="the day's loss is below the limit", find=state.max_daily_loss, exits=True
        ),
    }
)
