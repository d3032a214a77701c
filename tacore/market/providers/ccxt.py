"""The ccxt provider: any exchange of coins that ccxt knows, spot markets.

https://docs.ccxt.com/#/?id=market-structure, ?id=ohlcv-structure, ?id=ticker-structure. Numbers are kept as
the exchange's text.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from tacore.errors import ConfigurationError
from tacore.market.registry import ProviderKind
from tacore.market.symbols import vendor_symbol
from tacore.market.timeframes import MINUTES
from tacore.market.vendors.bars import daily_bar, intraday_bar, number, prices, utc
from tacore.market.vendors.faults import fault, mapped
from tacore.market.vendors.options import VendorOptions, elsewhere, library
from tacore.market.vendors.provider import Vendor
from tacore.model import Bar, Instrument, Quote
from tacore.model.providers import Setup

_PAGE = 500  # ccxt: a wider question than 500 candles is not answered well everywhere
_AT_ONCE = 100
_REASONS = (
    ("RateLimitExceeded", "rate_limited"),
    ("DDoSProtection", "rate_limited"),
    ("AuthenticationError", "unauthorized"),
    ("RequestTimeout", "timeout"),
    ("ExchangeNotAvailable", "server_error"),
    ("NetworkError", "connection"),
    ("BadResponse", "malformed"),
    ("NullResponse", "empty"),
    ("BaseError", "refused"),
)


class CcxtOptions(VendorOptions):
    """The ``providers.ccxt`` section."""

    exchange: str = "binance"
    """The exchange, by ccxt's name for it."""


class CcxtMarket(Vendor):
    """Spot pairs of one exchange. The session is the day in UTC."""

    name = "ccxt"
    reach = MappingProxyType(
        {
            "1m": timedelta(days=7),
            "5m": timedelta(days=31),
            "15m": timedelta(days=93),
            "1h": timedelta(days=366),
            "1d": timedelta(days=366 * 12),
            "1w": timedelta(days=366 * 12),
        }
    )

    def __init__(self, market: str, options: CcxtOptions, exchange: Any, errors: Any) -> None:  # noqa: ANN401
        super().__init__(market, options)
        self._exchange = exchange
        self._errors = errors
        has = exchange.timeframes or {}
        self.timeframes = tuple(each for each in (*MINUTES, "1d") if each in has)
        if "1d" in self.timeframes:
            self.timeframes += ("1w",)

    def look_up(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Find pairs among all that the exchange lists."""
        listed = {each.symbol: each for each in self.listing()}
        return {each: listed[each] for each in symbols if each in listed}

    def listing(self) -> Sequence[Instrument]:
        """List the exchange's spot pairs that trade."""
        with mapped(self.name, self._reason):
            markets: Mapping[str, Any] = self._exchange.load_markets()
            if not markets:
                raise fault(self.name, "empty", "the list of pairs")
            return [
                Instrument(
                    symbol=each["symbol"],
                    market=self.market,
                    name=f"{each['base']} in {each['quote']} at {self._exchange.name}",
                    currency=each["quote"],
                )
                for each in markets.values()
                if each["spot"] and each["active"] is not False
            ]

    def fetch(self, instrument: Instrument, timeframe: str, since: datetime, until: datetime) -> list[Bar]:
        """Ask for candles page by page; one that ends begins the next."""
        width = timedelta(days=1) if timeframe == "1d" else timedelta(minutes=MINUTES[timeframe])
        begins = since - width
        bars: dict[datetime, Bar] = {}
        while begins < until:
            page = self._page(instrument.symbol, timeframe, begins)
            bars |= {bar.time: bar for bar in (self._bar(row, timeframe) for row in page)}
            # Not by the page's length: exchanges have their own, shorter than what is asked for.
            last = max(bars, default=begins)
            if not page or last <= begins:
                break
            begins = last
        return [bars[ended] for ended in sorted(bars)]

    def live_quotes(self, instruments: Sequence[Instrument], now: datetime) -> Sequence[Quote | None]:
        """Read tickers: open, high, low, volume and both changes are of the last 24 hours."""
        symbols = [vendor_symbol(each.symbol, self.market, self.name) for each in instruments]
        found: dict[str, Any] = {}
        with mapped(self.name, self._reason):
            if self._exchange.has.get("fetchTickers"):
                for first in range(0, len(symbols), _AT_ONCE):
                    found |= self._exchange.fetch_tickers(symbols[first : first + _AT_ONCE])
            else:
                found = {each: self._exchange.fetch_ticker(each) for each in symbols}
            return [_quote(found.get(each)) for each in symbols]

    def _page(self, symbol: str, timeframe: str, begins: datetime) -> Sequence[Sequence[Any]]:
        with mapped(self.name, self._reason):
            since_ms = round(begins.timestamp() * 1000)
            rows: Sequence[Sequence[Any]] = self._exchange.fetch_ohlcv(symbol, timeframe, since_ms, _PAGE)
            return rows

    def _bar(self, row: Sequence[Any], timeframe: str) -> Bar:
        with mapped(self.name, self._reason):
            began, values = utc(row[0] / 1000), prices(row[1:6])
            if timeframe == "1d":
                return daily_bar(began.date(), values, self.hours)
            bar = intraday_bar(began, MINUTES[timeframe], values, self.hours)
            if bar is None:
                raise ValueError(f"{began} lies outside of the day")
            return bar

    def _reason(self, error: BaseException) -> str | None:
        return next((why for name, why in _REASONS if isinstance(error, getattr(self._errors, name))), None)


def _quote(ticker: Mapping[str, Any] | None) -> Quote | None:
    """Read a ticker; where the exchange does not say when its price was made, that is now."""
    if not ticker or ticker["last"] is None or ticker["open"] is None:
        return None
    row = prices([ticker[key] for key in ("open", "high", "low", "last", "baseVolume")])
    stamp = ticker["timestamp"]
    change = ticker["percentage"]
    changed = None if change is None else number(change, Decimal("0.0001"))
    return Quote(
        price=row.close,
        change_pct=changed,
        change_24h=changed,
        open=row.open,
        high=row.high,
        low=row.low,
        volume=row.volume,
        as_of=datetime.now(UTC) if stamp is None else utc(stamp / 1000),
    )


def _at(address: object, base_url: str) -> object:
    """Give an exchange's addresses, text or mappings of it, at another host."""
    if isinstance(address, Mapping):
        return {key: _at(value, base_url) for key, value in address.items()}
    return elsewhere(address, base_url) if isinstance(address, str) else address


def _build(setup: Setup) -> CcxtMarket:
    ccxt, errors = library("ccxt", "ccxt", "ccxt.base.errors")
    from tacore.market.vendors.session import VendorSession  # noqa: PLC0415 - requests

    options: CcxtOptions = setup.options
    if options.exchange not in ccxt.exchanges:
        raise ConfigurationError(f"providers.ccxt.exchange = {options.exchange!r}: ccxt has no such exchange")
    make: Callable[[Mapping[str, Any]], Any] = getattr(ccxt, options.exchange)
    exchange = make(
        {
            "session": VendorSession("ccxt", setup.provider.timeout_s),
            "timeout": round(setup.provider.timeout_s * 1000),
            "enableRateLimit": False,
            "maxRetriesOnFailure": 0,
            "number": str,
            "options": {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False},
        }
    )
    if options.base_url:
        exchange.urls["api"] = _at(exchange.urls["api"], options.base_url)
    return CcxtMarket(setup.market, options, exchange, errors)


PROVIDER = ProviderKind(markets=("CRYPTO",), build=_build, options=CcxtOptions, remote=True)
