"""Binance's spot API v3, as its reference shows it: the exchange that ccxt is tested with."""

import json
from datetime import UTC, datetime, timedelta

from tests.support.vendors import tape
from tests.support.vendors.server import Answer, VendorServer, as_json

PAIRS = {"BTCUSDT": ("BTC", "USDT"), "ETHUSDT": ("ETH", "USDT"), "ETHBTC": ("ETH", "BTC")}
_WIDTHS = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "1d": 1440}


def text(cents: float) -> str:
    """Give a price as Binance does, eight places."""
    return f"{cents / 100:.8f}"


class BinanceServer(VendorServer):
    """Three pairs that trade, and one that does not any more; ``most`` is how long a page may be."""

    most = 1000

    def refusal(self, status: int) -> Answer:
        said = {
            401: {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."},
            403: {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."},
            429: {"code": -1003, "msg": "Too much request weight used; current limit is 6000."},
        }.get(status, {"code": -1001, "msg": "Internal error; unable to process your request."})
        answer = as_json(said, status)
        return (status, {**answer[1], "Retry-After": "7"}, answer[2]) if status == 429 else answer

    def page(self, path: str, asked: dict[str, str]) -> Answer:
        if path == "/api/v3/exchangeInfo":
            return as_json(exchange_info())
        if path == "/api/v3/klines":
            return as_json(self._klines(asked))
        if path == "/api/v3/ticker/24hr":
            return as_json([ticker(each) for each in json.loads(asked["symbols"])])
        return as_json({"code": -1000, "msg": "no such page"}, 404)

    def _klines(self, asked: dict[str, str]) -> object:
        if self.mode == "empty":
            return []
        width = _WIDTHS[asked["interval"]]
        since = datetime.fromtimestamp(int(asked["startTime"]) / 1000, UTC)
        since = max(since, datetime.combine(tape.FIRST, datetime.min.time(), UTC))
        rows = [kline(each, width) for each in tape.intraday(asked["symbol"], "CRYPTO", width, since)]
        if self.mode == "nonsense":
            rows = [[*each[:4], "-1.00000000", *each[5:]] for each in rows]
        if self.mode == "incomplete":
            rows = [each[:3] for each in rows]
        return rows[: min(int(asked["limit"]), self.most)]


def kline(row: tape.Row, width: int) -> list[object]:
    """Give a candle."""
    began_ms = round(row.began.timestamp() * 1000)
    prices = [text(each) for each in (row.open, row.high, row.low, row.close)]
    volume = f"{row.volume / 1000:.8f}"
    return [began_ms, *prices, volume, began_ms + width * 60_000 - 1, volume, 308, volume, volume, "0"]


def ticker(symbol: str) -> dict[str, object]:
    """Give the 24 hours before the present, made two seconds before it."""
    day, last = tape.daily(symbol, "CRYPTO")[-2:]
    close_ms = round((tape.PRESENT - timedelta(seconds=2)).timestamp() * 1000)
    return {
        "symbol": symbol,
        "priceChange": text(last.close - day.open),
        "priceChangePercent": f"{(last.close / day.open - 1) * 100:.3f}",
        "weightedAvgPrice": text(day.close),
        "prevClosePrice": text(day.close),
        "lastPrice": text(last.close),
        "lastQty": "0.00080000",
        "bidPrice": text(last.close - 1),
        "bidQty": "6.93850000",
        "askPrice": text(last.close),
        "askQty": "1.20450000",
        "openPrice": text(day.open),
        "highPrice": text(max(day.high, last.high)),
        "lowPrice": text(min(day.low, last.low)),
        "volume": f"{day.volume / 1000:.8f}",
        "quoteVolume": text(day.volume * day.close),
        "openTime": close_ms - 86_400_000,
        "closeTime": close_ms,
        "firstId": 3_471_044_812,
        "lastId": 3_473_296_401,
        "count": 2_251_590,
    }


def exchange_info() -> dict[str, object]:
    """Give the pairs and their rules."""
    pairs = [pair(symbol, *names, "TRADING") for symbol, names in PAIRS.items()]
    return {
        "timezone": "UTC",
        "serverTime": round(tape.PRESENT.timestamp() * 1000),
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}
        ],
        "exchangeFilters": [],
        "symbols": [*pairs, pair("LUNAUSDT", "LUNA", "USDT", "BREAK")],
    }


def pair(symbol: str, base: str, quote: str, status: str) -> dict[str, object]:
    """Give one pair."""
    return {
        "symbol": symbol,
        "status": status,
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.0", "stepSize": "0.00001"},
        ],
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
    }
