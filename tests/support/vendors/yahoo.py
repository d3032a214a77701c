"""Yahoo Finance's pages, as yfinance asks for them: cookie, crumb, chart, quote, quoteSummary and news."""

import json
import struct
from datetime import UTC, datetime, timedelta

from tacore.market.hours import CURRENCY, HOURS
from tests.support.vendors import press, tape
from tests.support.vendors.server import STATUS, Answer, VendorServer, as_json

MARKETS = {
    "AAPL": "US",
    "BRK-B": "US",
    "MSFT": "US",
    "600519.SS": "CN",
    "000001.SZ": "CN",
    "300750.SZ": "CN",
    "0700.HK": "HK",
    "9988.HK": "HK",
    "0005.HK": "HK",
    "BTC-USD": "CRYPTO",
    "ETH-USD": "CRYPTO",
}
NEWS = "/xhr/ncp"
CRUMB = "Xv4k1.p0Q2s"
_WIDTHS = {"1m": 1, "5m": 5, "15m": 15, "1h": 60}
_DELISTED = {"code": "Not Found", "description": "No data found, symbol may be delisted"}


def noisy(cents: float) -> float:
    """Give a price as a 32-bit float does: 189.92 is 189.9199981689453."""
    return float(struct.unpack("f", struct.pack("f", cents / 100))[0])


class YahooServer(VendorServer):
    """Shares of three markets and two coins; asked without its crumb it refuses quotes."""

    crumb = CRUMB

    def respond(self, path: str, asked: dict[str, str]) -> Answer:
        if path == "/v1/test/getcrumb":
            return 200, {"Content-Type": "text/plain"}, self.crumb.encode()
        if "/finance/" not in path and path != NEWS:
            return 404, {"Set-Cookie": "A3=d=AQABBG; Path=/; Max-Age=31557600"}, b"<html></html>"
        return super().respond(path, asked)

    def refusal(self, status: int) -> Answer:
        if status == STATUS["rate_limited"]:
            return status, {"Content-Type": "text/plain", "Retry-After": "7"}, b"Too Many Requests\r\n"
        error = {"code": "Unauthorized", "description": "Invalid Crumb"}
        return as_json({"finance": {"result": None, "error": error}}, status)

    def page(self, path: str, asked: dict[str, str]) -> Answer:
        if asked.get("crumb") != self.crumb:
            return self.refusal(401)
        if path == "/v7/finance/quote":
            symbols = [] if self.mode == "empty" else asked["symbols"].split(",")
            found = [quote(each) for each in symbols if each in MARKETS]
            return as_json({"quoteResponse": {"result": found, "error": None}})
        if path == NEWS:
            return as_json(self._news(json.loads(asked["body"])["serviceConfig"]))
        symbol = path.rpartition("/")[2]
        if path.startswith("/v10/finance/quoteSummary/"):
            return self._summary(symbol, asked["modules"].split(","))
        if symbol not in MARKETS:
            return as_json({"chart": {"result": None, "error": _DELISTED}}, 404)
        return as_json({"chart": {"result": [self._chart(symbol, asked)], "error": None}})

    def _news(self, wanted: dict[str, object]) -> dict[str, object]:
        made = [] if self.mode == "empty" else press.articles(30)[: int(str(wanted["snippetCount"]))]
        stream = [{"id": "ad", "ad": ["buy"], "content": {"title": "Buy"}}, *map(story, made)]
        for each in stream[1:] if self.mode == "nonsense" else ():
            each["content"]["pubDate"] = "soon"  # type: ignore[index]
        return {} if self.mode == "incomplete" else {"data": {"tickerStream": {"stream": stream}}}

    def _summary(self, symbol: str, modules: list[str]) -> Answer:
        if MARKETS.get(symbol, "CRYPTO") == "CRYPTO":
            error = {"code": "Not Found", "description": f"No fundamentals data found for symbol: {symbol}"}
            return as_json({"quoteSummary": {"result": None, "error": error}}, 404)
        said = summary(symbol)
        if self.mode == "nonsense":
            said["summaryDetail"]["marketCap"] = "a lot"
        if self.mode == "incomplete":
            del said["price"]["regularMarketTime"]
        found = [] if self.mode == "empty" else [{name: said[name] for name in modules if name in said}]
        return as_json({"quoteSummary": {"result": found, "error": None}})

    def _chart(self, symbol: str, asked: dict[str, str]) -> dict[str, object]:
        market, interval = MARKETS[symbol], asked["interval"]
        since = datetime.fromtimestamp(max(int(asked["period1"]), 0), UTC)
        if interval == "1d":
            rows = tape.daily(symbol, market, max(since.date(), tape.FIRST))
        else:
            rows = tape.intraday(symbol, market, _WIDTHS[interval], since)
        if self.mode == "empty":
            return {"meta": meta(symbol, interval, rows), "indicators": {"quote": [{}], "adjclose": [{}]}}
        prices: dict[str, list[float | None]] = {
            key: [noisy(getattr(each, key)) for each in rows] for key in ("open", "high", "low", "close")
        }
        prices["volume"] = [each.volume for each in rows]
        adjusted = [noisy(each.adjusted) for each in rows]
        if self.mode == "nonsense":
            prices["close"] = [-1.5 for _ in rows]
        if self.mode == "incomplete":
            del prices["high"]
        indicators: dict[str, object] = {"quote": [prices]}
        if interval == "1d":
            indicators["adjclose"] = [{"adjclose": adjusted}]
        return {
            "meta": meta(symbol, interval, rows),
            "timestamp": [round(each.began.timestamp()) for each in rows],
            "indicators": indicators,
        }


def meta(symbol: str, interval: str, rows: list[tape.Row]) -> dict[str, object]:
    """Give what Yahoo says of a chart."""
    hours = HOURS[MARKETS[symbol]]
    last = rows[-1]
    periods = [
        [period(hours.local(day, hours.spans[0][0]), hours.close(day))]
        for day in sorted({each.session for each in rows})
    ]
    said: dict[str, object] = {
        "currency": CURRENCY[MARKETS[symbol]].replace("USDT", "USD"),
        "symbol": symbol,
        "exchangeName": "NMS",
        "fullExchangeName": "NasdaqGS",
        "instrumentType": "CRYPTOCURRENCY" if MARKETS[symbol] == "CRYPTO" else "EQUITY",
        "firstTradeDate": 345479400,
        "regularMarketTime": round(last.began.timestamp()),
        "hasPrePostMarketData": True,
        "gmtoffset": round(last.began.astimezone(hours.tz).utcoffset().total_seconds()),  # type: ignore[union-attr]
        "timezone": last.began.astimezone(hours.tz).tzname(),
        "exchangeTimezoneName": hours.zone,
        "regularMarketPrice": last.close / 100,
        "chartPreviousClose": last.open / 100,
        "priceHint": 2,
        "currentTradingPeriod": {name: periods[-1][0] for name in ("pre", "regular", "post")},
        "dataGranularity": interval,
        "range": "",
        "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
    }
    return said if interval == "1d" else said | {"tradingPeriods": periods}


def period(start: datetime, end: datetime) -> dict[str, object]:
    """Give a trading period."""
    return {
        "timezone": "EST",
        "start": round(start.timestamp()),
        "end": round(end.timestamp()),
        "gmtoffset": -18000,
    }


def story(told: press.Article) -> dict[str, object]:
    """Give an article as the stream has had it since 2025."""
    stamp = told.published.strftime("%Y-%m-%dT%H:%M:%SZ")
    content = {
        "id": f"{told.number:08}",
        "contentType": "STORY",
        "title": told.title,
        "description": "",
        "summary": f"Summary {told.number}.",
        "pubDate": stamp,
        "displayTime": stamp,
        "isHosted": True,
        "bypassModal": False,
        "previewUrl": None,
        "thumbnail": None,
        "provider": {"displayName": "Reuters", "url": "https://www.reuters.com/"},
        "canonicalUrl": {"url": f"https://finance.yahoo.com/news/{told.number}.html", "region": "US"},
        "clickThroughUrl": None,
    }
    return {"id": f"{told.number:08}", "content": content}


def quote(symbol: str) -> dict[str, object]:
    """Give the newest price, made two seconds before the present or at the last close."""
    market = MARKETS[symbol]
    before, last = tape.daily(symbol, market)[-2:]
    made = min(tape.PRESENT - timedelta(seconds=2), HOURS[market].close(last.session))
    return {
        "language": "en-US",
        "region": "US",
        "quoteType": "CRYPTOCURRENCY" if market == "CRYPTO" else "EQUITY",
        "currency": CURRENCY[market].replace("USDT", "USD"),
        "exchange": "NMS",
        "shortName": f"{symbol} short",
        "longName": f"{symbol} Inc.",
        "marketState": "REGULAR",
        "priceHint": 2,
        "regularMarketTime": round(made.timestamp()),
        "regularMarketPrice": noisy(last.close),
        "regularMarketOpen": noisy(last.open),
        "regularMarketDayHigh": noisy(last.high),
        "regularMarketDayLow": noisy(last.low),
        "regularMarketVolume": last.volume,
        "regularMarketPreviousClose": noisy(before.close),
        "symbol": symbol,
    }


def summary(symbol: str) -> dict[str, dict[str, object]]:
    """Give a company's figures by module, unformatted: those of Apple in July 2025, whoever it is.

    Fractions but for debtToEquity, which is in percent; what there is none of is null.
    """
    now = quote(symbol)
    return {
        "price": {
            "maxAge": 1,
            "symbol": symbol,
            "quoteType": now["quoteType"],
            "currency": now["currency"],
            "regularMarketTime": now["regularMarketTime"],
            "regularMarketPrice": 213.88,
            "marketCap": 3194468958208,
        },
        "summaryDetail": {
            "maxAge": 1,
            "priceHint": 2,
            "previousClose": 213.76,
            "dividendRate": 1.04,
            "dividendYield": 0.0049,
            "trailingAnnualDividendRate": 1.0,
            "trailingAnnualDividendYield": 0.0046781437,
            "payoutRatio": 0.1558,
            "trailingPE": 33.314644,
            "forwardPE": 25.737665,
            "priceToSalesTrailing12Months": 7.978939,
            "marketCap": 3194468958208,
            "navPrice": None,
            "currency": now["currency"],
        },
        "defaultKeyStatistics": {
            "maxAge": 1,
            "priceHint": 2,
            "profitMargins": 0.24301,
            "bookValue": 4.471,
            "priceToBook": 47.837173,
            "trailingEps": 6.42,
            "lastSplitFactor": "4:1",
            "mostRecentQuarter": 1743206400,
            "ytdReturn": None,
        },
        "financialData": {
            "maxAge": 86400,
            "currentPrice": 213.88,
            "recommendationKey": "buy",
            "debtToEquity": 146.994,
            "returnOnEquity": 1.38015,
            "earningsGrowth": 0.078,
            "revenueGrowth": 0.051,
            "profitMargins": 0.24301,
            "financialCurrency": "CNY" if MARKETS[symbol] == "HK" else now["currency"],
        },
    }
