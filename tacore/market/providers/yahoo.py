"""The yahoo provider: shares and coins by Yahoo Finance, through yfinance.

Yahoo publishes no interface; yfinance speaks the one of its pages: v8/finance/chart for bars and
v7/finance/quote for prices, v10/finance/quoteSummary for companies' figures, xhr/ncp for news, with a cookie
and a crumb. What Yahoo calls a raw price has later splits taken out already. Its numbers are 32-bit floats:
they are rounded to the precision that it states.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from tacore.errors import NotFound, Unavailable
from tacore.market.registry import ProviderKind
from tacore.market.returns import change_pct
from tacore.market.symbols import vendor_symbol
from tacore.market.timeframes import MINUTES
from tacore.market.vendors.bars import Prices, daily_bar, intraday_bar, number, prices, utc
from tacore.market.vendors.faults import fault, mapped
from tacore.market.vendors.news import newest_of_few
from tacore.market.vendors.options import VendorOptions, library
from tacore.market.vendors.provider import SKEW, Vendor
from tacore.market.vendors.yahoo_figures import MODULES, figures_in
from tacore.market.vendors.yahoo_news import ASKED, NEWS_URL, items_in
from tacore.model import Bar, Fundamentals, Instrument, NewsItem, Quote
from tacore.model.providers import Setup

if TYPE_CHECKING:
    from tacore.market.vendors.yahoo_session import YahooSession

_ARTICLES = 50
_AT_ONCE = 100  # symbols in one question: an address has to stay short
_QUOTE_URL = "https://query1.finance.yahoo.com/v7/finance/quote"
_SUMMARY_URL = "https://query2.finance.yahoo.com/v10/finance/quoteSummary"
_COLUMNS = ("Open", "High", "Low", "Close", "Volume", "Adj Close")
_REASONS = (
    ("YFRateLimitError", "rate_limited"),
    ("YFPricesMissingError", "empty"),
    ("YFDataException", "server_error"),  # its page that says it is down
    ("YFException", "refused"),
)
_NO_USDT = "Yahoo quotes coins in US dollars, and counts their volume in dollars"


class YahooOptions(VendorOptions):
    """The ``providers.yahoo`` section."""

    cache_dir: Path = Path("data/yahoo")
    """Where yfinance keeps its cookie between starts; under the home folder."""


class YahooMarket(Vendor):
    """One market of Yahoo Finance."""

    name = "yahoo"
    timeframes: tuple[str, ...] = ("1m", "5m", "15m", "1h", "1d", "1w")
    reach = MappingProxyType(
        {
            "1m": timedelta(days=7),
            "5m": timedelta(days=59),
            "15m": timedelta(days=59),
            "1h": timedelta(days=729),
            "1d": timedelta(days=366 * 60),
            "1w": timedelta(days=366 * 60),
        }
    )

    def __init__(self, market: str, options: YahooOptions, session: "YahooSession") -> None:
        super().__init__(market, options)
        self._session = session
        self._data, self._errors, self._history = session.library()

    def look_up(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Keep the symbols that have a price; Yahoo leaves out those that it does not know."""
        found = self._ask(symbols)
        with mapped(self.name, self._reason):
            return {
                each: Instrument(
                    symbol=each,
                    market=self.market,
                    name=said.get("longName") or said.get("shortName") or each,
                    currency=said["currency"],
                    note=_NO_USDT if self.market == "CRYPTO" else None,
                )
                for each in symbols
                if (said := found.get(each))
            }

    def fetch(self, instrument: Instrument, timeframe: str, since: datetime, until: datetime) -> list[Bar]:
        """Ask for the chart up to the present; rows without prices, as Yahoo has in halts, are no bars."""
        spelling = vendor_symbol(instrument.symbol, self.market, self.name)
        try:
            with mapped(self.name, self._reason):
                chart = self._history(self._data, spelling, self.hours.zone, session=self._session)
                frame = chart.history(
                    interval=timeframe,
                    start=(since - timedelta(days=1)).astimezone(self.hours.tz),
                    auto_adjust=False,
                    actions=False,
                )
                places = Decimal(1).scaleb(-int(chart.get_history_metadata()["priceHint"]))
                columns = [frame[name].tolist() for name in _COLUMNS]
                rows = zip(frame.index.to_pydatetime(), *columns, strict=True)
                bars = [self._bar(timeframe, row, places) for row in rows if row[1] == row[1]]
        except NotFound as error:
            raise NotFound(f"yahoo has no bars of {instrument.symbol}: it may be delisted") from error
        except Unavailable as error:
            if error.details.get("reason") == "empty":
                return []
            raise
        return [bar for bar in bars if bar]

    def live_quotes(self, instruments: Sequence[Instrument], now: datetime) -> Sequence[Quote | None]:
        """Read the prices of the regular session."""
        symbols = [each.symbol for each in instruments]
        found = self._ask(symbols)
        with mapped(self.name, self._reason):
            return [_quote(found.get(each)) for each in symbols]

    def fundamentals(self, instrument: Instrument, *, now: datetime) -> Fundamentals:
        """Give the company's newest figures; NotFound where it has none, or none as old as ``now``."""
        spelling = vendor_symbol(instrument.symbol, self.market, self.name)
        try:
            with mapped(self.name, self._reason):
                asked = {"modules": ",".join(MODULES), "corsDomain": "finance.yahoo.com", "symbol": spelling}
                answer = self._data.get(f"{_SUMMARY_URL}/{spelling}", params=asked | {"formatted": "false"})
                found = answer.json()["quoteSummary"]["result"]
                if not found:
                    raise fault(self.name, "empty", f"figures of {instrument.symbol}")
                figures = figures_in(found[0], self.name)
        except NotFound as error:
            raise NotFound(f"yahoo has no company figures of {instrument.symbol}") from error
        if figures is None:
            raise NotFound(f"yahoo has no company figures of {instrument.symbol}")
        if figures.as_of > now + SKEW:
            raise NotFound(
                f"yahoo has only the newest figures of {instrument.symbol}, of {figures.as_of.isoformat()}"
            )
        return msgspec.structs.replace(figures, as_of=min(figures.as_of, now))

    def news(self, instrument: Instrument, *, now: datetime, limit: int) -> Sequence[NewsItem]:
        """Give the latest articles; NotFound where none of them is as old as ``now``."""
        spelling = vendor_symbol(instrument.symbol, self.market, self.name)
        # More than asked for: those published after ``now`` fall away.
        wanted = {"snippetCount": max(limit, _ARTICLES), "s": [spelling]}
        with mapped(self.name, self._reason):
            answer = self._data.post(NEWS_URL, params=ASKED, body={"serviceConfig": wanted})
            found = items_in(answer.json()["data"]["tickerStream"]["stream"], self.name)
        return newest_of_few(found, self.name, instrument.symbol, now=now, limit=limit)

    def _bar(self, timeframe: str, row: tuple[Any, ...], places: Decimal) -> Bar | None:
        began, opened, high, low, close, volume, adjusted = row
        values = prices([opened, high, low, close, volume], number(adjusted, _ADJUSTED), places)
        if timeframe == "1d":
            return daily_bar(began.date(), values, self.hours)
        return intraday_bar(began, MINUTES[timeframe], values, self.hours)

    def _ask(self, symbols: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Give what Yahoo says of each symbol it knows, by our spelling."""
        spelled = {vendor_symbol(each, self.market, self.name): each for each in symbols}
        found: dict[str, Mapping[str, Any]] = {}
        names = list(spelled)
        for first in range(0, len(names), _AT_ONCE):
            some = ",".join(names[first : first + _AT_ONCE])
            with mapped(self.name, self._reason):
                answer = self._data.get(_QUOTE_URL, params={"symbols": some, "formatted": "false"})
                for said in answer.json()["quoteResponse"]["result"]:
                    if said["symbol"] in spelled and "regularMarketPrice" in said:
                        found[spelled[said["symbol"]]] = said
        return found

    def _reason(self, error: BaseException) -> str | None:
        known = next((why for name, why in _REASONS if isinstance(error, getattr(self._errors, name))), None)
        return known or self._session.reason(error)


_ADJUSTED = Decimal("0.0001")


def _quote(said: Mapping[str, Any] | None) -> Quote | None:
    """Read a quote; None where the session has no trade, or Yahoo does not say its range."""
    if said is None or not said.get("regularMarketOpen"):
        return None
    places = Decimal(1).scaleb(-int(said["priceHint"]))
    keys = ("Open", "DayHigh", "DayLow", "Price", "Volume")
    row: Prices = prices([said[f"regularMarket{key}"] for key in keys], places=places)
    before = said.get("regularMarketPreviousClose")
    return Quote(
        price=row.close,
        change_pct=None if before is None else change_pct(row.close, number(before, places)),
        open=row.open,
        high=row.high,
        low=row.low,
        volume=row.volume,
        as_of=utc(said["regularMarketTime"]),
    )


def _build(setup: Setup) -> YahooMarket:
    library("yahoo", "yfinance", "curl_cffi")
    from tacore.market.vendors.yahoo_session import YahooSession  # noqa: PLC0415 - an extra

    options: YahooOptions = setup.options
    session = YahooSession(setup.provider.timeout_s, options.base_url, setup.home / options.cache_dir)
    return YahooMarket(setup.market, options, session)


PROVIDER = ProviderKind(markets=("US", "CN", "HK", "CRYPTO"), build=_build, options=YahooOptions, remote=True)
