"""The ``trading`` section of trading_config.yaml: accounts, limits, venues and the markets' rules of trade.

Apart from the other values because it needs pydantic, which nothing on the way of a request should import.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from tacore.model.markets import MARKETS
from tacore.model.sections import WHERE, Section, parse


def _exact(value: object) -> object:
    """Read a float of a YAML file by its digits, not by its binary value."""
    return Decimal(repr(value)) if isinstance(value, float) else value


Money = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=Decimal("1e15"), allow_inf_nan=False)]
Positive = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, le=Decimal("1e15"), allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=31_536_000, allow_inf_nan=False)]
Percent = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, le=1000, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class TickBand(Section):
    """The price step from a price on."""

    at: Money = Decimal(0)
    """The price from which it holds."""

    tick: Positive
    """The step."""


class MarketRules(Section):
    """What a market lets be ordered."""

    currency: str = Field(pattern=r"^[A-Z]{3,5}$")
    """What its instruments are paid in."""

    lot: Positive = Decimal(1)
    """Quantities are multiples of it."""

    lots: dict[str, Positive] = Field(default_factory=dict)
    """Lots of single symbols."""

    odd_lot_sales: bool = False
    """Whether a sale may take along what is less than a lot, if it sells all of it."""

    ticks: tuple[TickBand, ...] = (TickBand(tick=Decimal("0.01")),)
    """Price steps, by rising price."""

    min_notional: Money = Decimal(0)
    """Least quantity times price."""

    settle_sessions: int = Field(default=0, ge=0, le=1)
    """Sessions until what was bought may be sold: 1 is T+1."""

    price_limit_pct: Percent | None = None
    """How far a price may be from the close before, in percent; null where there is no daily limit."""

    price_limit_pct_of: dict[str, Percent] = Field(default_factory=dict)
    """Other limits for symbols by how they begin."""

    always_open: bool = False
    """Whether it trades around the clock."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        starts = [each.at for each in self.ticks]
        if not starts or starts[0] != 0 or sorted(set(starts)) != starts:
            raise ValueError("ticks start at 0 and rise")
        return self


class LimitSettings(Section):
    """What an account may do; null means no limit. Money is in the account's base currency."""

    max_order_notional: Positive | None = Decimal(100_000)
    """Largest quantity times price of one order."""

    max_position_notional: Positive | None = Decimal(250_000)
    """Largest value of one position with all that is open for it."""

    max_gross_exposure: Positive | None = Decimal(1_000_000)
    """Largest sum, over instruments and regardless of sign, of what each may come to with its open orders."""

    max_open_orders: int | None = Field(default=200, ge=1, le=1_000_000)
    """Orders that may be open at once."""

    max_orders_per_minute: int | None = Field(default=600, ge=1, le=1_000_000)
    """Orders taken within any 60 seconds of wall time."""

    max_daily_loss: Positive | None = Decimal(50_000)
    """Loss since the day's first look (UTC), realised and not, from which only reducing orders are taken."""

    price_band_pct: Percent | None = Decimal(10)
    """How far a limit may lie on the aggressive side of the last price, in percent."""

    duplicate_window_s: Seconds | None = 5.0
    """Seconds within which the same symbol, side and size under another key is taken for a mistake."""

    max_quote_age_s: Seconds | None = None
    """Oldest quote to trade on, in seconds that its market traded; null means the market's stale_after_s."""

    allow_short: bool = False
    """Whether more may be sold than is held."""


class AccountSettings(Section):
    """One account."""

    venue: Name = "paper"
    """Where its orders go."""

    base_currency: str = Field(default="USD", pattern=r"^[A-Z]{3,5}$")
    """What sums and limits are in."""

    cash: dict[Annotated[str, Field(pattern=r"^[A-Z]{3,5}$")], Money] = Field(default_factory=dict)
    """Cash by currency when the account is first seen, booked once: at a broker, what it holds there."""

    live: bool = False
    """Whether this account may trade at a live venue: the allow-list of accounts."""

    limits: LimitSettings = LimitSettings()
    """What it may do."""


class FeeSettings(Section):
    """What a paper fill costs, in its currency: the larger of ``minimum`` and the sum of the other three."""

    per_unit: Money = Decimal(0)
    """For each unit."""

    bps: Money = Decimal(0)
    """Ten-thousandths of quantity times price."""

    sell_bps: Money = Decimal(0)
    """As bps, on sales only: stamp duty."""

    minimum: Money = Decimal(0)
    """At least this for each fill."""


class PaperVenue(Section):
    """The simulated venue."""

    kind: Literal["paper"] = "paper"
    """What it is."""

    volume_share: Positive = Field(default=Decimal("0.1"), le=1)
    """Share of a session's volume that one order may take of it."""

    slippage_bps: Money = Decimal(1)
    """How much worse than the quote a market or stop order fills, in ten-thousandths."""

    fees: dict[str, FeeSettings] = Field(default_factory=dict)
    """Fees by market; a market that is not named costs nothing."""


class AlpacaVenue(Section):
    """Alpaca's brokerage, over alpaca-py."""

    kind: Literal["alpaca"]
    """What it is."""

    live: bool = False
    """Whether its money is real; False is Alpaca's own paper account."""

    base_url: str
    """Where it is; until keys and roles exist only loopback addresses are taken."""

    api_key_file: str = ""
    """File with the key's id; without it APCA_API_KEY_ID is read."""

    secret_key_file: str = ""
    """File with the secret; without it APCA_API_SECRET_KEY is read."""

    timeout_s: Seconds = 5.0
    """Longest wait for one answer."""


class CcxtVenue(Section):
    """A crypto exchange, over ccxt."""

    kind: Literal["ccxt"]
    """What it is."""

    live: bool = False
    """Whether its money is real; False is a sandbox."""

    exchange: Name = "binance"
    """Which of ccxt's exchanges."""

    base_url: str
    """Where it is; until keys and roles exist only loopback addresses are taken."""

    api_key_file: str = ""
    """File with the key; without it CCXT_API_KEY is read."""

    secret_key_file: str = ""
    """File with the secret; without it CCXT_SECRET is read."""

    timeout_s: Seconds = 5.0
    """Longest wait for one answer."""


VenueSettings = Annotated[PaperVenue | AlpacaVenue | CcxtVenue, Field(discriminator="kind")]


class HaltSettings(Section):
    """Limits that trip again and again halt trading."""

    denials: int = Field(default=50, ge=1, le=100_000)
    """So many denials by limits..."""

    within_s: Seconds = 60.0
    """...within these seconds, on one account."""


class TradingSettings(Section):
    """How orders are taken."""

    default_account: Name = "paper"
    """The account of an order that names none."""

    deadman_s: Seconds | None = None
    """Halt trading when a client that traded gives no sign of life for so long; null is off."""

    deadman_cancel: bool = False
    """Whether the dead-man's switch also cancels what is open."""

    poll_s: Seconds = 1.0
    """How often open orders are held against new prices, or asked for at their venue."""

    reconcile_s: Seconds = 30.0
    """How often unknown orders are asked for at their venue."""

    halt: HaltSettings = HaltSettings()
    """When limits halt trading."""

    accounts: dict[Name, AccountSettings]
    """Accounts by name."""

    venues: dict[Name, VenueSettings]
    """Venues by name."""

    rules: dict[str, MarketRules]
    """Rules by market."""

    @property
    def is_live(self) -> bool:
        """Tell whether any account trades where money is real."""
        return any(getattr(self.venues[each.venue], "live", False) for each in self.accounts.values())

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.default_account not in self.accounts:
            raise ValueError(f"default_account: allowed: {', '.join(self.accounts)}")
        for market in self.rules:
            if market not in MARKETS:
                raise ValueError(f"rules: there is no market {market}; allowed: {', '.join(MARKETS)}")
        for name, account in self.accounts.items():
            venue = self.venues.get(account.venue)
            if venue is None:
                raise ValueError(
                    f"accounts.{name}.venue: no venue {account.venue}; allowed: {', '.join(self.venues)}"
                )
        return self


def parse_trading(raw: object, where: str = WHERE) -> TradingSettings:
    """Check the ``trading`` mapping of a configuration file, as `tacore.model.sections.parse` says."""
    return parse(TradingSettings, "trading", raw, where, _fields_at)


def _fields_at(location: tuple[int | str, ...]) -> list[str]:
    """Name the keys that a section may have."""
    kinds: dict[str, type[BaseModel]] = {
        "": TradingSettings,
        "halt": HaltSettings,
        "accounts": LimitSettings if location[-1:] == ("limits",) else AccountSettings,
        "rules": TickBand if "ticks" in location else MarketRules,
        "paper": FeeSettings if "fees" in location else PaperVenue,
        "alpaca": AlpacaVenue,
        "ccxt": CcxtVenue,
    }
    words = [str(each) for each in location]
    if not words:
        return list(TradingSettings.model_fields)
    kind = words[2] if words[0] == "venues" and len(words) > 2 else words[0]  # noqa: PLR2004 - venues.NAME.KIND
    return list(kinds[kind].model_fields)
