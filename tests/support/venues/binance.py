"""Binance's spot API v3 for orders, as its reference shows it: the exchange that ccxt is tested with."""

import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from tests.support.venues.book import OPEN, Placed, Trade
from tests.support.venues.http import PAGE, Answer, Request, as_json
from tests.support.venues.server import KEY, SECRET, VenueServer, run

PAIRS = {"BTCUSDT": ("BTC", "USDT"), "ETHUSDT": ("ETH", "USDT"), "ETHBTC": ("ETH", "BTC")}
_TYPES = [
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
]
_STATUSES = {"new": "NEW", "partially_filled": "PARTIALLY_FILLED", "filled": "FILLED", "canceled": "CANCELED"}
_FEE_BPS = 10


class BinanceVenueServer(VenueServer):
    def kind(self, request: Request) -> str:
        return {"POST": "submit", "DELETE": "cancel"}.get(request.method, "ask")

    def number(self, request: Request) -> int:
        return int(self._named(request.asked).number)

    def receive(self, what: str, request: Request) -> None:
        wire = dict(parse_qsl(request.body)) if what == "submit" else request.asked
        own = wire.get("newClientOrderId", "") if what == "submit" else ""
        known = [] if what == "submit" else self._known(request.asked)
        self.book.receive(what, own or (known[-1].client_order_id if known else ""), wire)

    def answer(self, request: Request) -> Answer:
        match request.path:
            case "/api/v3/exchangeInfo":
                return as_json(exchange_info())
            case "/api/v3/time":
                return as_json({"serverTime": time.time_ns() // 1_000_000})
        return self._private(request) if self._is_signed(request) else self.refusal(401)

    def _private(self, request: Request) -> Answer:
        pages: dict[tuple[str, str], Callable[[dict[str, str]], Answer]] = {
            ("POST", "/api/v3/order"): lambda _: self._submit(dict(parse_qsl(request.body))),
            ("DELETE", "/api/v3/order"): self._cancel,
            ("GET", "/api/v3/order"): self._order,
            ("GET", "/api/v3/openOrders"): lambda _: as_json(self._orders(OPEN)),
            ("GET", "/api/v3/allOrders"): lambda _: as_json(self._orders(())),
            ("GET", "/api/v3/myTrades"): lambda asked: as_json(self._trades(asked)),
        }
        found = pages.get((request.method, request.path))
        return found(request.asked) if found else (404, {"Content-Type": "text/html"}, PAGE)

    def _order(self, asked: dict[str, str]) -> Answer:
        known = self._known(asked)
        return as_json(order(known[-1])) if known else no(-2013, "Order does not exist.")

    def _orders(self, statuses: tuple[str, ...]) -> list[dict[str, object]]:
        return [order(each) for each in self.book.orders if not statuses or each.status in statuses]

    @staticmethod
    def _is_signed(request: Request) -> bool:
        text, _, signature = (request.body or request.query).rpartition("&signature=")
        right = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        return request.headers.get("X-MBX-APIKEY") == KEY and hmac.compare_digest(signature, right)

    def _known(self, asked: dict[str, str]) -> list[Placed]:
        if "origClientOrderId" in asked:
            return self.book.of(asked["origClientOrderId"])
        return [each for each in self.book.orders if str(each.number) == asked["orderId"]]

    def _named(self, asked: dict[str, str]) -> Placed:
        return self._known(asked)[-1]

    def _submit(self, asked: dict[str, str]) -> Answer:
        client_order_id = asked["newClientOrderId"]
        if any(each.is_open for each in self.book.of(client_order_id)):
            return no(-2010, "Duplicate order sent.")
        if asked["symbol"] not in PAIRS or asked["type"] not in _TYPES:
            return no(-1121, "Invalid symbol.")
        placed = self.book.place(
            client_order_id=client_order_id,
            symbol=asked["symbol"],
            side=asked["side"],
            kind=asked["type"],
            time_in_force=asked.get("timeInForce", "GTC"),
            quantity=asked["quantity"],
            limit_price=asked.get("price"),
            stop_price=asked.get("stopPrice"),
        )
        if self.arrive:
            self.book.fill(client_order_id, **self.arrive)
        shown = [each for each in placed.trades if each.shown]
        fills = [
            {key: row[key] for key in ("price", "qty", "commission", "commissionAsset")}
            | {"tradeId": row["id"]}
            for row in (trade(each, placed) for each in shown)
        ]
        return as_json(order(placed) | {"transactTime": placed.at_ms, "fills": fills})

    def _cancel(self, asked: dict[str, str]) -> Answer:
        known = self._known(asked)
        if not known or not known[-1].is_open:
            return no(-2011, "Unknown order sent.")
        own = known[-1].client_order_id
        self.book.end(own, "canceled")
        said = order(known[-1]) | {"origClientOrderId": own, "clientOrderId": "pXLV6Hz6mprAcVYpVMTGgx"}
        return as_json(said)

    def _trades(self, asked: dict[str, str]) -> list[dict[str, object]]:
        own = asked.get("orderId")
        wanted = [each for each in self.book.trades if each.shown and own in (None, str(each.order))]
        rows = [trade(each, self.book.orders[each.order - 1]) for each in wanted]
        return [each for each in rows for _ in range(2 if self.twice else 1)][: int(asked.get("limit", 500))]

    def rejection(self, what: str) -> Answer:
        return no(-2010, "Account has insufficient balance for requested action.")

    def refusal(self, status: int) -> Answer:
        if status == 403:
            return 403, {"Content-Type": "text/html"}, PAGE
        code, said = {
            401: (-2015, "Invalid API-key, IP, or permissions for action."),
            429: (-1003, "Too much request weight used; current limit is 6000."),
        }.get(status, (-1001, "Internal error; unable to process your request."))
        answer = no(code, said, status)
        return (status, {**answer[1], "Retry-After": "7"}, answer[2]) if status == 429 else answer


def no(code: int, said: str, status: int = 400) -> Answer:
    return as_json({"code": code, "msg": said}, status)


def order(placed: Placed) -> dict[str, object]:
    """Give an order as Binance does."""
    return {
        "symbol": placed.symbol,
        "orderId": placed.number,
        "orderListId": -1,
        "clientOrderId": placed.client_order_id,
        "price": f"{placed.limit_price or 0:.8f}",
        "origQty": f"{placed.quantity:.8f}",
        "executedQty": f"{placed.filled:.8f}",
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": f"{placed.cost:.8f}",
        "status": _STATUSES.get(placed.status, placed.status.upper()),
        "timeInForce": placed.time_in_force,
        "type": placed.kind,
        "side": placed.side,
        "stopPrice": f"{placed.stop_price or 0:.8f}",
        "icebergQty": "0.00000000",
        "time": placed.at_ms,
        "updateTime": placed.at_ms,
        "isWorking": True,
        "workingTime": placed.at_ms,
        "selfTradePreventionMode": "NONE",
    }


def trade(made: Trade, placed: Placed) -> dict[str, object]:
    """Give a trade; the fee is a thousandth, in the quote currency."""
    return {
        "symbol": placed.symbol,
        "id": made.number,
        "orderId": placed.number,
        "orderListId": -1,
        "price": f"{made.price:.8f}",
        "qty": f"{made.quantity:.8f}",
        "quoteQty": f"{made.price * made.quantity:.8f}",
        "commission": f"{made.price * made.quantity * _FEE_BPS / 10_000:.8f}",
        "commissionAsset": PAIRS[placed.symbol][1],
        "time": made.at_ms,
        "isBuyer": placed.side == "BUY",
        "isMaker": False,
        "isBestMatch": True,
    }


def exchange_info() -> dict[str, object]:
    """Give the pairs and their rules."""
    return {
        "timezone": "UTC",
        "serverTime": time.time_ns() // 1_000_000,
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}
        ],
        "exchangeFilters": [],
        "symbols": [pair(symbol, *names) for symbol, names in PAIRS.items()],
    }


def pair(symbol: str, base: str, quote: str) -> dict[str, object]:
    """Give one pair."""
    return {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": _TYPES,
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


if __name__ == "__main__":
    run(BinanceVenueServer)
