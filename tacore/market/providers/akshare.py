"""The akshare provider: mainland A shares and Hong Kong by East Money, through akshare.

https://akshare.akfamily.xyz/data/stock/stock.html. East Money states mainland volume in lots of 100 shares;
here it is in shares. Its bars of minutes say when they ended. Adjusted closes are its back-adjusted ones
(hfq), scaled so that the last is the raw close: its forward-adjusted ones (qfq) take dividends off in yuan,
so old prices turn negative.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tacore.errors import NotFound
from tacore.market.hours import CURRENCY
from tacore.market.registry import ProviderKind
from tacore.market.symbols import canonical, exchange_of, vendor_symbol
from tacore.market.timeframes import MINUTES
from tacore.market.vendors.bars import choose, daily_bar, intraday_bar, number, prices, regroup
from tacore.market.vendors.faults import mapped
from tacore.market.vendors.news import newest_of_few
from tacore.market.vendors.options import VendorOptions, library
from tacore.market.vendors.provider import Vendor, quote_of
from tacore.model import Bar, Instrument, NewsItem, Quote
from tacore.model.providers import Setup

if TYPE_CHECKING:
    from tacore.market.vendors.eastmoney import EastMoney
    from tacore.market.vendors.eastmoney_news import EastMoneyNews

_LOT = MappingProxyType({"CN": 100, "HK": 1})
_OHLCV = ("开盘", "最高", "最低", "收盘", "成交量")
_CODE = re.compile(r"\d{6}")
_HK_CODE = re.compile(r"\d{4,5}")
_PLACES = Decimal("0.0001")


class AkshareOptions(VendorOptions):
    """The ``providers.akshare`` section."""


class AkshareMarket(Vendor):
    """Mainland A shares, or Hong Kong."""

    name = "akshare"
    timeframes: tuple[str, ...] = ("1m", "5m", "15m", "1h", "1d", "1w")
    reach = MappingProxyType(
        {
            "1m": timedelta(days=7),
            "5m": timedelta(days=62),
            "15m": timedelta(days=186),
            "1h": timedelta(days=366),
            "1d": timedelta(days=366 * 60),
            "1w": timedelta(days=366 * 60),
        }
    )

    def __init__(self, market: str, options: AkshareOptions, asks: "EastMoney") -> None:
        super().__init__(market, options)
        mainland = market == "CN"
        self._ask_daily = asks.mainland_daily if mainland else asks.hongkong_daily
        self._ask_minutes = asks.mainland_minutes if mainland else asks.hongkong_minutes
        self._ask_list = asks.mainland_list if mainland else asks.hongkong_list
        self._ask_info = asks.mainland_info if mainland else asks.hongkong_info

    def look_up(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Ask for each one's particulars; what is no share's code is not asked for."""
        found = ((each, self._info(each)) for each in symbols if self._is_share(each))
        return {each: instrument for each, instrument in found if instrument}

    def listing(self) -> Sequence[Instrument]:
        """Read the whole board: a page for each hundred, about one a second."""
        with mapped(self.name, _reason):
            board = self._ask_list()
            pairs = zip(board["代码"].tolist(), board["名称"].tolist(), strict=True)
            return [self._instrument(canonical(str(code), self.market), str(name)) for code, name in pairs]

    def fetch(self, instrument: Instrument, timeframe: str, since: datetime, until: datetime) -> list[Bar]:
        """Ask for raw bars, and for the factors that adjust them."""
        first = since.astimezone(self.hours.tz).date() - timedelta(days=1)
        days = self._days(instrument, first)
        if timeframe == "1d":
            return days
        factors = {bar.session: bar.adjusted_close / bar.close for bar in days}
        with mapped(self.name, _reason):
            frame = self._ask_minutes(
                symbol=self._code(instrument),
                period=str(MINUTES[timeframe]),
                start_date=f"{first} 00:00:00",
                adjust="",
            )
            bars = [self._minutes(row, timeframe, factors) for row in _rows(frame, "时间")]
        # Two rows are one bar where the opening auction has a row of its own.
        return regroup((bar for bar in bars if bar), lambda bar: bar.time)

    def live_quotes(self, instruments: Sequence[Instrument], now: datetime) -> Sequence[Quote | None]:
        """Read the last session's row, which moves while the session lasts."""
        return [self._quote(each, now) for each in instruments]

    def _quote(self, instrument: Instrument, now: datetime) -> Quote | None:
        days = self._days(instrument, (now - timedelta(days=30)).astimezone(self.hours.tz).date())
        today = now.astimezone(self.hours.tz).date().isoformat()
        if not days or days[-1].time <= now or days[-1].session > today:
            return quote_of(choose(days, now=now, start=None, end=None, limit=2))
        number_, minutes = self.hours.elapsed(now)
        return quote_of(days[-2:], as_of=self.hours.ended(self.hours.session(number_), minutes))

    def _days(self, instrument: Instrument, first: date) -> list[Bar]:
        with mapped(self.name, _reason):
            raw = self._sessions(instrument, first, "")
            back = {day: number(row[3]) for day, row in self._sessions(instrument, first, "hfq").items()}
            if not raw:
                return []
            last = max(raw)
            scale = number(raw[last][3]) / back[last]
            return [
                daily_bar(day, prices(row, (back[day] * scale).quantize(_PLACES)), self.hours)
                for day, row in sorted(raw.items())
            ]

    def _sessions(self, instrument: Instrument, first: date, adjust: str) -> dict[date, list[object]]:
        frame = self._ask_daily(
            symbol=self._code(instrument),
            period="daily",
            start_date=f"{first:%Y%m%d}",
            end_date="20500101",
            adjust=adjust,
        )
        return {row[0]: self._shares(row[1:]) for row in _rows(frame, "日期")}

    def _minutes(self, row: Sequence[Any], timeframe: str, factors: Mapping[str, Decimal]) -> Bar | None:
        ended = datetime.fromisoformat(row[0]).replace(tzinfo=self.hours.tz)
        values = self._shares(row[1:])
        # Before its first daily row a session is the latest there is: nothing later is to be taken out.
        factor = factors.get(ended.date().isoformat(), Decimal(1))
        made = prices(values, (number(values[3]) * factor).quantize(_PLACES))
        width = MINUTES[timeframe]
        began = ended - timedelta(minutes=width)
        return intraday_bar(began, width, made, self.hours) or intraday_bar(ended, width, made, self.hours)

    def _shares(self, row: Sequence[Any]) -> list[object]:
        return [*row[:4], number(row[4]) * _LOT[self.market]]

    def _info(self, symbol: str) -> Instrument | None:
        try:
            with mapped(self.name, _reason):
                if self.market == "HK":
                    said = self._ask_info(symbol=f"{self._spelled(symbol)}")
                    return self._instrument(symbol, str(said["证券简称"].tolist()[0]))
                said = self._ask_info(symbol=symbol)
                facts = dict(zip(said["item"].tolist(), said["value"].tolist(), strict=True))
                return self._instrument(symbol, str(facts["股票简称"]), str(facts["行业"]))
        except NotFound:
            return None

    def _instrument(self, symbol: str, name: str, sector: str | None = None) -> Instrument:
        return Instrument(
            symbol=symbol, market=self.market, name=name, currency=CURRENCY[self.market], sector=sector
        )

    def _is_share(self, symbol: str) -> bool:
        """Refuse what akshare would seek at the wrong exchange: it takes what begins with 6 for Shanghai."""
        if self.market == "HK":
            return _HK_CODE.fullmatch(symbol) is not None
        if _CODE.fullmatch(symbol) is None:
            return False
        return (exchange_of(symbol) == "SH") == symbol.startswith("6")

    def _code(self, instrument: Instrument) -> str:
        return self._spelled(instrument.symbol)

    def _spelled(self, symbol: str) -> str:
        return vendor_symbol(symbol, self.market, self.name).lstrip("shzbj")


class AkshareMainland(AkshareMarket):
    """Mainland A shares, of which East Money has news."""

    def __init__(self, options: AkshareOptions, asks: "EastMoney", news: "EastMoneyNews") -> None:
        super().__init__("CN", options, asks)
        self._news = news

    def news(self, instrument: Instrument, *, now: datetime, limit: int) -> Sequence[NewsItem]:
        """Give the ten articles or fewer that a search finds; NotFound where none is as old as ``now``."""
        with mapped(self.name, _reason):
            found = self._news.articles(self._code(instrument), self.hours.tz)
        return newest_of_few(found, self.name, instrument.symbol, now=now, limit=limit)


def _rows(frame: Any, stamp: str) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - a data frame
    """Give a frame's stamp, open, high, low, close and volume, row by row."""
    if frame.empty:
        return iter(())
    return zip(*(frame[name].tolist() for name in (stamp, *_OHLCV)), strict=True)


def _reason(_error: BaseException) -> None:
    """Know no error: the session has raised ours before akshare could."""


def _build(setup: Setup) -> AkshareMarket:
    library("akshare", "akshare", "requests", "curl_cffi")
    from tacore.market.vendors.eastmoney import EastMoney, EastMoneySession  # noqa: PLC0415 - an extra
    from tacore.market.vendors.eastmoney_news import EastMoneyNews, NewsSession  # noqa: PLC0415 - an extra

    options: AkshareOptions = setup.options
    session = EastMoneySession("akshare", setup.provider.timeout_s, options.base_url)
    asks = EastMoney(session)
    if setup.market != "CN":
        return AkshareMarket(setup.market, options, asks)
    news = NewsSession(setup.provider.timeout_s, options.base_url)
    return AkshareMainland(options, asks, EastMoneyNews(news))


PROVIDER = ProviderKind(markets=("CN", "HK"), build=_build, options=AkshareOptions, remote=True)
