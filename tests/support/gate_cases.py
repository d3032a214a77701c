"""Orders and sights for tests of the pre-trade gate: nothing is wrong with them until a test says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tacore.execution.gate import Denial, Judgement, Sight, judge
from tacore.model import Instrument, Quote
from tacore.model.orders import Order, Position
from tacore.model.trading import LimitSettings, MarketRules, parse_trading

D = Decimal
NOW = datetime(2024, 3, 4, 15, 0, tzinfo=UTC)
NOW_US = 1_709_564_400_000_000
OWN_RULES: Mapping[str, MarketRules] = parse_trading(None).rules
CURRENCY = {"US": "USD", "CN": "CNY", "HK": "HKD", "CRYPTO": "USDT"}
SYMBOL = {"US": "AAPL", "CN": "600519", "HK": "0700", "CRYPTO": "BTC/USDT"}
NO_LIMITS: Mapping[str, Any] = {
    "max_order_notional": None,
    "max_position_notional": None,
    "max_gross_exposure": None,
    "max_open_orders": None,
    "max_orders_per_minute": None,
    "max_daily_loss": None,
    "price_band_pct": None,
    "duplicate_window_s": None,
    "max_quote_age_s": None,
    "allow_short": True,
}


def limits(**changes: Any) -> LimitSettings:
    return LimitSettings(**{**NO_LIMITS, **changes})


def an_order(side: str = "buy", quantity: str = "100", /, market: str = "US", **changes: Any) -> Order:
    """Make an order; prices may be strings. Limit and stop prices decide its type."""
    for name in ("limit_price", "stop_price", "reserve_price", "filled_quantity"):
        if name in changes:
            changes[name] = D(changes[name])
    stops, limited = "stop_price" in changes, "limit_price" in changes
    kind = ("stop_limit" if limited else "stop") if stops else "limit" if limited else "market"
    told: dict[str, Any] = {
        "order_id": "",
        "client_order_id": "",
        "account": "paper",
        "principal": "local",
        "key": "this",
        "key_kind": "explicit",
        "fingerprint": "f",
        "venue": "paper",
        "paper": True,
        "market": market,
        "symbol": SYMBOL[market],
        "currency": CURRENCY[market],
        "side": side,
        "quantity": D(quantity),
        "order_type": kind,
        "time_in_force": "DAY",
        "status": "reserved",
        "created_us": NOW_US,
        "updated_us": NOW_US,
        "market_time": NOW,
    }
    return Order(**{**told, **changes})


def resting(side: str, quantity: str, price: str, /, market: str = "US", **changes: Any) -> Order:
    """Make another order that is open, with a price that it reserves; it was taken two minutes ago."""
    told = {"order_id": "o-1", "key": "another", "status": "accepted", "created_us": NOW_US - 120_000_000}
    told |= {"limit_price": price, "reserve_price": price}
    return an_order(side, quantity, market=market, **{**told, **changes})


def a_quote(price: str, *, simulated: bool = False) -> Quote:
    value = D(price)
    return Quote(
        price=value,
        change_pct=None,
        open=value,
        high=value,
        low=value,
        volume=D(1_000_000),
        as_of=NOW,
        simulated=simulated,
    )


def held(quantity: str, market: str = "US", symbol: str = "") -> Position:
    return Position(
        account="paper",
        market=market,
        symbol=symbol or SYMBOL[market],
        currency=CURRENCY[market],
        quantity=D(quantity),
        average_price=D(1),
    )


def a_sight(market: str = "US", price: str | None = "100", position: str = "0", **changes: Any) -> Sight:
    symbol, quantity = SYMBOL[market], D(position)
    told: dict[str, Any] = {
        "instrument": Instrument(symbol=symbol, market=market, name=symbol, currency=CURRENCY[market]),
        "now": NOW,
        "now_us": NOW_US,
        "is_open": True,
        "session": "2024-03-04",
        "quote": None if price is None else a_quote(price),
        "quote_stale": False,
        "quote_age_s": None if price is None else 1.0,
        "is_replay": False,
        "previous_close": None if price is None else D(price),
        "state": "active",
        "position": quantity,
        "sellable": quantity,
        "open_orders": (),
        "recent": (),
        "cash": {currency: D(1_000_000_000) for currency in CURRENCY.values()},
        "positions": (held(position, market),) if quantity else (),
        "prices": {} if price is None else {(market, symbol): D(price)},
        "rates": {"USD": D(1), "USDT": D(1), "CNY": D("0.16"), "HKD": D("0.125")},
        "day_pnl": D(0),
        "venue_paper": True,
        "venue_live": False,
        "venue_fractional": False,
        "account_live": False,
    }
    return Sight(**{**told, **changes})


@dataclass(frozen=True)
class Setup:
    """What the gate is asked."""

    order: Order
    sight: Sight
    limits: LimitSettings = field(default_factory=limits)
    live: bool = False
    change_of: Order | None = None
    rules: MarketRules | None = None
    without_rules: bool = False

    def judged(self) -> Judgement:
        own = None if self.without_rules else OWN_RULES[self.order.market]
        return judge(
            self.order,
            self.live,
            self.sight,
            self.limits,
            self.rules or own,
            change_of=self.change_of,
        )

    def but(self, **changes: Any) -> "Setup":
        return replace(self, **changes)


def denied(setup: Setup) -> dict[str, Denial]:
    """Give the denials by rule; no rule denies twice in what the tests ask."""
    found = setup.judged().denials
    named = {each.rule: each for each in found}
    assert len(named) == len(found), found
    return named
