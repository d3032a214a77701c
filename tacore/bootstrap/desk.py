"""The order desk of an executor, from the settings."""

from collections.abc import Callable, Mapping
from typing import Any

from tacore.bootstrap.calendars import calendars_of
from tacore.bootstrap.providers import providers_of
from tacore.clock import Clock
from tacore.execution.desk import Desk, set_up
from tacore.execution.ledger import Ledger
from tacore.execution.venues import build_venue
from tacore.market.router import build_market_data
from tacore.model.markets import parse_markets
from tacore.model.risk import RiskSettings, parse_risk
from tacore.model.trading import TradingSettings, parse_trading
from tacore.ports import MarketData, NoCache, Venue
from tacore.settings.loaded import Loaded


def build_desk(
    loaded: Loaded, anchors: Mapping[str, Any], ledger: Ledger, clock: Clock, wake: Callable[[], None]
) -> tuple[Desk, MarketData, RiskSettings]:
    """Build the desk around an open ledger; ``anchors`` are the markets' clocks, as the broker tells them."""
    markets = parse_markets(loaded.trading.get("markets"), loaded.trading_file)
    data = build_market_data(markets, clock, anchors, providers_of(loaded), calendars_of(loaded), NoCache())
    trading = parse_trading(loaded.trading.get("trading"), loaded.trading_file)
    risk = parse_risk(loaded.trading.get("risk"), loaded.trading_file)
    return Desk(ledger, set_up(trading, risk, venues_of(trading)), data, clock, wake), data, risk


def venues_of(trading: TradingSettings) -> dict[str, Venue]:
    """Build the venues that accounts trade at; ConfigurationError says what one of them lacks."""
    used = {account.venue for account in trading.accounts.values()}
    return {
        name: build_venue(name, settings, trading.rules)
        for name, settings in trading.venues.items()
        if name in used
    }
