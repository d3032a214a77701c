"""The alpaca provider: US shares by Alpaca's market data API v2, through alpaca-py.

https://docs.alpaca.markets/reference/stockbars and /stocksnapshots. Its bars say when they began, and cover
the hours before and after the session too: those are left out.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from tacore.market.registry import ProviderKind
from tacore.market.returns import change_pct
from tacore.market.timeframes import MINUTES
from tacore.market.vendors import alpaca_news
from tacore.market.vendors.bars import choose, daily_bar, intraday_bar, number, prices, regroup
from tacore.market.vendors.faults import mapped
from tacore.market.vendors.options import VendorOptions, library
from tacore.market.vendors.provider import Vendor
from tacore.model import Bar, Instrument, NewsItem, Quote
from tacore.model.providers import Setup
from tacore.settings.secrets import secret

_SYMBOL = re.compile(r"[A-Z]{1,6}(\.[A-Z]{1,3})?")
_AT_ONCE = 100  # symbols in one question: an address has to stay short
_YEARS = timedelta(days=366 * 12)  # its history begins in 2016
_WIDTHS = MappingProxyType({"1m": (1, "Min"), "5m": (5, "Min"), "15m": (15, "Min"), "1h": (30, "Min")})
_Rows = Mapping[str, Sequence[Mapping[str, Any]]]


class AlpacaOptions(VendorOptions):
    """The ``providers.alpaca`` section."""

    feed: Literal["iex", "sip", "delayed_sip"] = "iex"
    """Whose trades count: iex (free, one exchange), delayed_sip (all, 15 minutes late) or sip (all, paid)."""

    api_key_file: Path | None = None
    """File that has the key id; nothing means the variable that api_key_env names."""

    secret_key_file: Path | None = None
    """File that has the secret key; nothing means the variable that secret_key_env names."""

    api_key_env: str = "APCA_API_KEY_ID"
    """Variable that has the key id."""

    secret_key_env: str = "APCA_API_SECRET_KEY"  # noqa: S105 - a variable's name
    """Variable that has the secret key."""


class AlpacaShares(Vendor):
    """US shares. Alpaca gives no names of them, so that a share is called by its symbol."""

    name = "alpaca"
    timeframes: tuple[str, ...] = ("1m", "5m", "15m", "1h", "1d", "1w")
    reach = MappingProxyType(
        dict.fromkeys(("1m", "5m"), timedelta(days=30))
        | dict.fromkeys(("15m", "1h"), timedelta(days=366))
        | dict.fromkeys(("1d", "1w"), _YEARS)
    )

    def __init__(self, market: str, options: AlpacaOptions, client: Any, news: Any) -> None:  # noqa: ANN401
        super().__init__(market, options)
        self._client = client
        self._news = news
        self._feed = options.feed

    def look_up(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Keep the symbols that have a snapshot: Alpaca leaves out those that it does not know."""
        known = self._snapshots([each for each in symbols if _SYMBOL.fullmatch(each)])
        return {
            each: Instrument(symbol=each, market=self.market, name=each, currency="USD")
            for each in symbols
            if known.get(each)
        }

    def fetch(self, instrument: Instrument, timeframe: str, since: datetime, until: datetime) -> list[Bar]:
        """Ask for raw and for adjusted bars, and lay them together."""
        return self._fetch_many([instrument.symbol], timeframe, since, until)[instrument.symbol]

    def daily(self, instruments: Sequence[Instrument], now: datetime, sessions: int) -> list[Sequence[Bar]]:
        """Ask for many at once."""
        symbols = [each.symbol for each in instruments]
        found: dict[str, list[Bar]] = {}
        since = self.since(now, "1d", sessions)
        for some in _chunks(symbols):
            found |= self._fetch_many(some, "1d", since, now)
        return [choose(found[each], now=now, start=None, end=None, limit=sessions) for each in symbols]

    def live_quotes(self, instruments: Sequence[Instrument], now: datetime) -> Sequence[Quote | None]:
        """Read the last trades, and the closes before from adjusted bars: snapshots know no splits."""
        symbols = [each.symbol for each in instruments]
        snapshots = self._snapshots(symbols)
        before: dict[str, list[Bar]] = {}
        for some in _chunks(symbols):
            before |= self._fetch_many(some, "1d", self.since(now, "1d", 3), now)
        with mapped(self.name, self._reason):
            return [self._quote(snapshots.get(each), before[each]) for each in symbols]

    def news(self, instrument: Instrument, *, now: datetime, limit: int) -> Sequence[NewsItem]:
        """Give the newest articles of a year; NotFound for a time before there were any."""
        with mapped(self.name, self._reason):
            return alpaca_news.ask(self._news, instrument.symbol, self.name, now, limit)

    def _quote(self, snapshot: Mapping[str, Any] | None, bars: Sequence[Bar]) -> Quote | None:
        """Give the last trade where it lies in the session, else the session's close."""
        today = (snapshot or {}).get("dailyBar")
        if not snapshot or not today:
            return None
        row = prices([today[key] for key in "ohlcv"])
        session = _moment(today).astimezone(self.hours.tz).date()
        closed = self.hours.close(session)
        trade = snapshot.get("latestTrade")
        price, as_of = row.close, closed
        if trade and _moment(trade) <= closed and row.low <= number(trade["p"]) <= row.high:
            price, as_of = number(trade["p"]), _moment(trade)
        before = [bar for bar in bars if bar.session < session.isoformat()]
        return Quote(
            price=price,
            change_pct=change_pct(price, before[-1].adjusted_close if before else None),
            open=row.open,
            high=row.high,
            low=row.low,
            volume=row.volume,
            as_of=as_of,
        )

    def _fetch_many(
        self, symbols: Sequence[str], timeframe: str, since: datetime, until: datetime
    ) -> dict[str, list[Bar]]:
        raw = self._rows(symbols, timeframe, since, until, "raw")
        adjusted = self._rows(symbols, timeframe, since, until, "all")
        with mapped(self.name, self._reason):
            return {
                each: self._bars(raw.get(each, ()), adjusted.get(each, ()), timeframe) for each in symbols
            }

    def _bars(
        self, raw: Sequence[Mapping[str, Any]], adjusted: Sequence[Mapping[str, Any]], timeframe: str
    ) -> list[Bar]:
        closes = {row["t"]: row["c"] for row in adjusted}
        bars: list[Bar] = []
        for row in raw:
            values = prices([row[key] for key in "ohlcv"], closes[row["t"]])
            began = _moment(row)
            if timeframe == "1d":
                bars.append(daily_bar(began.astimezone(self.hours.tz).date(), values, self.hours))
            elif bar := intraday_bar(began, _WIDTHS[timeframe][0], values, self.hours):
                bars.append(bar)
        # Its own hours begin at 9:00, half an hour before the session: ours are made of half hours.
        return regroup(bars, self._hour) if timeframe == "1h" else bars

    def _hour(self, bar: Bar) -> object:
        opened = self.hours.local(bar.time.astimezone(self.hours.tz).date(), self.hours.spans[0][0])
        return bar.session, (bar.time - opened - timedelta(minutes=1)) // timedelta(minutes=MINUTES["1h"])

    def _rows(
        self, symbols: Sequence[str], timeframe: str, since: datetime, until: datetime, adjustment: str
    ) -> _Rows:
        from alpaca.data.enums import Adjustment, DataFeed  # noqa: PLC0415 - an extra
        from alpaca.data.requests import StockBarsRequest  # noqa: PLC0415
        from alpaca.data.timeframe import TimeFrame, TimeFrameUnit  # noqa: PLC0415

        amount, unit = _WIDTHS.get(timeframe, (1, "Day"))
        asked = StockBarsRequest(
            symbol_or_symbols=list(symbols),
            timeframe=TimeFrame(amount, TimeFrameUnit(unit)),
            start=since - timedelta(days=1),
            end=until,
            adjustment=Adjustment(adjustment),
            feed=DataFeed(self._feed),
        )
        with mapped(self.name, self._reason):
            rows: _Rows = self._client.get_stock_bars(asked)
            return dict(rows)

    def _snapshots(self, symbols: Sequence[str]) -> Mapping[str, Any]:
        from alpaca.data.enums import DataFeed  # noqa: PLC0415 - an extra
        from alpaca.data.requests import StockSnapshotRequest  # noqa: PLC0415

        found: dict[str, Any] = {}
        for some in _chunks(symbols):
            with mapped(self.name, self._reason):
                asked = StockSnapshotRequest(symbol_or_symbols=list(some), feed=DataFeed(self._feed))
                found |= self._client.get_stock_snapshot(asked)
        return found

    @staticmethod
    def _reason(error: BaseException) -> str | None:
        from alpaca.common.exceptions import APIError  # noqa: PLC0415 - an extra

        return "refused" if isinstance(error, APIError) else None


def _moment(row: Mapping[str, Any]) -> datetime:
    """Read RFC 3339 with nanoseconds, which datetime cuts to microseconds."""
    return datetime.fromisoformat(row["t"])


def _chunks(symbols: Sequence[str]) -> list[Sequence[str]]:
    return [symbols[first : first + _AT_ONCE] for first in range(0, len(symbols), _AT_ONCE)]


def _build(setup: Setup) -> AlpacaShares:
    library("alpaca", "alpaca.data.historical.stock", "alpaca.data.historical.news")
    from alpaca.data.historical.news import NewsClient  # noqa: PLC0415 - an extra
    from alpaca.data.historical.stock import StockHistoricalDataClient  # noqa: PLC0415 - an extra

    from tacore.market.vendors.session import VendorSession  # noqa: PLC0415 - requests

    options: AlpacaOptions = setup.options
    key = secret("alpaca's key id", options.api_key_file, options.api_key_env, setup.home)
    secret_key = secret("alpaca's secret key", options.secret_key_file, options.secret_key_env, setup.home)

    class Client(StockHistoricalDataClient):
        """Alpaca's client on our session: its own would sleep and ask again up to three times."""

        def __init__(self) -> None:
            super().__init__(key, secret_key, raw_data=True, url_override=options.base_url)
            self._session = VendorSession("alpaca", setup.provider.timeout_s)

    class News(NewsClient):
        """The same for news."""

        def __init__(self) -> None:
            super().__init__(key, secret_key, raw_data=True, url_override=options.base_url)
            self._session = VendorSession("alpaca", setup.provider.timeout_s)

    return AlpacaShares(setup.market, options, Client(), News())


PROVIDER = ProviderKind(markets=("US",), build=_build, options=AlpacaOptions, remote=True)
