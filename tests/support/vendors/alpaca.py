"""Alpaca's market data API v2, as its reference shows it."""

from datetime import UTC, datetime

from tacore.market.hours import HOURS
from tests.support.vendors import press, tape
from tests.support.vendors.server import Answer, VendorServer, as_json

KNOWN = ("AAPL", "BRK.B", "MSFT")
_WIDTHS = {"1Min": 1, "5Min": 5, "15Min": 15, "30Min": 30}
_PAGE = 1000


def bar(row: tape.Row, *, adjusted: bool = False, daily: bool = False) -> dict[str, object]:
    """Give a bar; daily ones begin at midnight in New York."""
    began = row.began.astimezone(UTC)
    if daily:
        began = datetime.combine(row.session, datetime.min.time(), HOURS["US"].tz).astimezone(UTC)
    factor = row.adjusted / row.close if adjusted else 1
    cents = {"o": row.open, "h": row.high, "l": row.low, "c": row.close}
    return {
        "t": began.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **{key: round(value * factor / 100, 4) for key, value in cents.items()},
        "v": row.volume,
        "n": row.volume // 10,
        "vw": round(row.open * factor / 100, 6),
    }


class AlpacaServer(VendorServer):
    """Three shares; a page has at most a thousand bars."""

    def refusal(self, status: int) -> Answer:
        answer = as_json({"message": "forbidden." if status == 403 else "unauthorized."}, status)
        return (status, {**answer[1], "Retry-After": "7"}, answer[2]) if status == 429 else answer

    def page(self, path: str, asked: dict[str, str]) -> Answer:
        symbols = [each for each in asked["symbols"].split(",") if each in KNOWN]
        if path == "/v2/stocks/snapshots":
            return as_json({} if self.mode == "empty" else {each: snapshot(each) for each in symbols})
        if path == "/v1beta1/news":
            return as_json(self._news(asked))
        if path == "/v2/stocks/bars":
            return as_json(self._bars(symbols, asked))
        return as_json({"message": "endpoint not found."}, 404)

    def _bars(self, symbols: list[str], asked: dict[str, str]) -> dict[str, object]:
        if self.mode == "empty":
            return {"bars": {}, "next_page_token": None}
        flat = [(each, made) for each in symbols for made in self._series(each, asked)]
        first = int(asked.get("page_token") or 0)
        page = flat[first : first + _PAGE]
        bars: dict[str, list[dict[str, object]]] = {}
        for symbol, made in page:
            bars.setdefault(symbol, []).append(made)
        more = str(first + _PAGE) if first + _PAGE < len(flat) else None
        return {"bars": bars, "next_page_token": more}

    def _news(self, asked: dict[str, str]) -> dict[str, object]:
        since, until = (datetime.fromisoformat(asked[key]) for key in ("start", "end"))
        every = [] if self.mode == "empty" else press.articles(60)
        found = sorted((each for each in every if since <= each.published <= until), key=_age)
        first = int(asked.get("page_token") or 0)
        last = first + min(int(asked["limit"]), 20)
        made = [story(each) for each in found[first:last]]
        for each in made:
            if self.mode == "nonsense":
                each["created_at"] = "soon"
        more = str(last) if last < len(found) else None
        return {"next_page_token": more} | ({} if self.mode == "incomplete" else {"news": made})

    def _series(self, symbol: str, asked: dict[str, str]) -> list[dict[str, object]]:
        since, until = (datetime.fromisoformat(asked[key]) for key in ("start", "end"))
        adjusted = asked["adjustment"] == "all"
        if asked["timeframe"] == "1Day":
            rows = [each for each in tape.daily(symbol, "US", max(since.date(), tape.FIRST))]
        else:
            rows = tape.intraday(symbol, "US", _WIDTHS[asked["timeframe"]], since)
        made = [
            bar(each, adjusted=adjusted, daily=asked["timeframe"] == "1Day")
            for each in rows
            if each.began <= until
        ]
        if self.mode == "nonsense":
            made = [each | {"c": -1.5} for each in made]
        if self.mode == "incomplete":
            made = [{key: value for key, value in each.items() if key != "h"} for each in made]
        return made


def _age(told: press.Article) -> int:
    return told.number


def story(told: press.Article) -> dict[str, object]:
    """Give an article of Benzinga's."""
    stamp = told.published.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "author": "Benzinga Newsdesk",
        "content": "",
        "created_at": stamp,
        "headline": told.title.replace("&", "&amp;"),
        "id": 24843171 - told.number,
        "images": [],
        "source": "benzinga",
        "summary": f"<p>Summary {told.number}.</p>",
        "symbols": ["AAPL", "MSFT"],
        "updated_at": stamp,
        "url": f"https://www.benzinga.com/{told.number}",
    }


def snapshot(symbol: str) -> dict[str, object]:
    """Give the last session's trade and bars; stamps have nanoseconds."""
    before, last = tape.daily(symbol, "US")[-2:]
    closed = HOURS["US"].close(last.session)
    return {
        "latestTrade": {
            "t": closed.strftime("%Y-%m-%dT19:59:58.123456789Z"),
            "x": "V",
            "p": last.close / 100,
            "s": 100,
            "c": ["@"],
            "i": 52983525029461,
            "z": "C",
        },
        "latestQuote": {
            "t": closed.strftime("%Y-%m-%dT19:59:58.523456789Z"),
            "ax": "V",
            "ap": (last.close + 1) / 100,
            "as": 1,
            "bx": "V",
            "bp": (last.close - 1) / 100,
            "bs": 2,
            "c": ["R"],
            "z": "C",
        },
        "minuteBar": bar(last),
        "dailyBar": bar(last, daily=True),
        "prevDailyBar": bar(before, daily=True),
    }
