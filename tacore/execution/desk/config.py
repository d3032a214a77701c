"""Accounts as the desk sees them: settings, rules of trade and rates brought together."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tacore.errors import bad_param
from tacore.model.risk import RiskSettings
from tacore.model.trading import AccountSettings, MarketRules, TradingSettings
from tacore.ports.venue import Venue


@dataclass(frozen=True, slots=True)
class Account:
    """One account; ``rates`` turn a currency into its base currency."""

    name: str
    settings: AccountSettings
    rules: Mapping[str, MarketRules]
    rates: Mapping[str, Decimal]
    fractional: bool = False


@dataclass(frozen=True, slots=True)
class Setup:
    """What the desk is configured with."""

    trading: TradingSettings
    accounts: Mapping[str, Account]
    venues: Mapping[str, Venue]

    def account(self, name: str) -> Account:
        """Find an account; InvalidParams names those there are."""
        found = self.accounts.get(name)
        if found is None:
            raise bad_param(
                "account", "there is no such account", value=name, allowed=self.accounts, near=name
            )
        return found

    def venue_of(self, account: Account, wanted: str = "") -> Venue:
        """Give the account's venue; InvalidParams where another one is wanted."""
        own = account.settings.venue
        if wanted and wanted != own:
            raise bad_param("venue", f"account {account.name} trades at {own}", value=wanted, allowed=[own])
        return self.venues[own]


def set_up(trading: TradingSettings, risk: RiskSettings, venues: Mapping[str, Venue]) -> Setup:
    """Bring settings and venues together."""
    dollars = {currency: Decimal(repr(rate)) for currency, rate in risk.fx.to_usd.items()}
    accounts = {}
    for name, settings in trading.accounts.items():
        base = dollars.get(settings.base_currency)
        rates = {} if base is None else {each: rate / base for each, rate in dollars.items()}
        rates[settings.base_currency] = Decimal(1)
        fractional = trading.venues[settings.venue].kind == "alpaca"
        accounts[name] = Account(name, settings, trading.rules, rates, fractional)
    return Setup(trading, accounts, venues)
