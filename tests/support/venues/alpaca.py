"""Alpaca's Trading API v2 for orders, as its reference shows it."""

import json
import uuid
from datetime import UTC, datetime

from tests.support.venues.book import Placed, Trade
from tests.support.venues.http import Answer, Request, as_json
from tests.support.venues.server import KEY, SECRET, VenueServer, run

_SPACE = uuid.UUID("8efc7b9a-8b2b-4000-9955-d36e7db0df74")
_TIMES = ("day", "gtc", "opg", "cls", "ioc", "fok")


def order_id(number: int) -> str:
    return str(uuid.uuid5(_SPACE, str(number)))


def stamp(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"


class AlpacaVenueServer(VenueServer):
    """``filters`` False makes it one from before activities could be asked for by order."""

    filters = True

    def kind(self, request: Request) -> str:
        return {"POST": "submit", "DELETE": "cancel"}.get(request.method, "ask")

    def number(self, request: Request) -> int:
        wanted = request.path.rpartition("/")[2]
        return next((each.number for each in self.book.orders if order_id(each.number) == wanted), 0)

    def receive(self, what: str, request: Request) -> None:
        wire = json.loads(request.body) if what == "submit" else {"path": request.path}
        number = self.number(request) if what == "cancel" else 0
        known = self.book.orders[number - 1].client_order_id if number else ""
        self.book.receive(what, wire.get("client_order_id", known), wire)

    def answer(self, request: Request) -> Answer:
        keys = request.headers.get("APCA-API-KEY-ID"), request.headers.get("APCA-API-SECRET-KEY")
        if keys != (KEY, SECRET):
            return self.refusal(401)
        match request.method, request.path:
            case "POST", "/v2/orders":
                return self._submit(json.loads(request.body))
            case "GET", "/v2/account/activities/FILL":
                return as_json(self._activities(request.asked))
            case "GET" | "DELETE", path if path.startswith("/v2/orders"):
                return self._about(request)
        return as_json({"message": "endpoint not found."}, 404)

    def _about(self, request: Request) -> Answer:
        """Answer about one order."""
        name = request.asked.get("client_order_id", "")
        if request.path == "/v2/orders:by_client_order_id":
            known = self.book.of(name)
        else:
            name = request.path.rpartition("/")[2]
            known = [each for each in self.book.orders if order_id(each.number) == name]
        if not known:
            return as_json({"code": 40410000, "message": f"order not found for {name}"}, 404)
        return self._cancel(known[-1]) if request.method == "DELETE" else as_json(order(known[-1]))

    def _submit(self, asked: dict[str, str]) -> Answer:
        client_order_id = asked["client_order_id"]
        if self.book.of(client_order_id):
            return as_json({"code": 40010001, "message": "client_order_id must be unique"}, 422)
        if asked["time_in_force"] not in _TIMES or not all(isinstance(each, str) for each in asked.values()):
            return as_json({"code": 42210000, "message": "invalid order"}, 422)
        placed = self.book.place(
            client_order_id=client_order_id,
            symbol=asked["symbol"],
            side=asked["side"],
            kind=asked["type"],
            time_in_force=asked["time_in_force"],
            quantity=asked["qty"],
            limit_price=asked.get("limit_price"),
            stop_price=asked.get("stop_price"),
        )
        said = order(placed) | {"status": "pending_new"}
        if self.arrive:
            self.book.fill(client_order_id, **self.arrive)
        return as_json(said)

    def _cancel(self, placed: Placed) -> Answer:
        if not placed.is_open:
            return as_json({"code": 42210000, "message": f'order is already in "{placed.status}" state'}, 422)
        self.book.end(placed.client_order_id, "canceled")
        return 204, {}, b""

    def _activities(self, asked: dict[str, str]) -> list[dict[str, str]]:
        rows = [activity(each, self.book.orders[each.order - 1]) for each in self.book.trades if each.shown]
        if self.filters:
            rows = [each for each in rows if each["order_id"] == asked["order_id"]]
        rows = [each for each in reversed(rows) for _ in range(2 if self.twice else 1)]
        ids = [each["id"] for each in rows]
        first = len(ids) - ids[::-1].index(asked["page_token"]) if "page_token" in asked else 0
        return rows[first : first + int(asked["page_size"])]

    def rejection(self, what: str) -> Answer:
        return as_json({"code": 40310000, "message": "insufficient buying power"}, 403)

    def refusal(self, status: int) -> Answer:
        if status == 429:
            code, headers, body = as_json({"code": 42910000, "message": "rate limit exceeded"}, 429)
            return code, {**headers, "Retry-After": "7"}, body
        said = {
            401: {"code": 40110000, "message": "request is not authorized"},
            403: {"message": "forbidden."},
        }
        return as_json(said.get(status, {"code": 50010000, "message": "internal server error"}), status)


def order(placed: Placed) -> dict[str, object]:
    """Give an order as Alpaca does."""
    crypto = "/" in placed.symbol
    return {
        "id": order_id(placed.number),
        "client_order_id": placed.client_order_id,
        "created_at": stamp(placed.at_ms),
        "updated_at": stamp(placed.at_ms),
        "submitted_at": stamp(placed.at_ms),
        "filled_at": stamp(placed.trades[-1].at_ms) if placed.status == "filled" else None,
        "expired_at": None,
        "canceled_at": None,
        "failed_at": None,
        "replaced_at": None,
        "replaced_by": None,
        "replaces": None,
        "asset_id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
        "symbol": placed.symbol,
        "asset_class": "crypto" if crypto else "us_equity",
        "notional": None,
        "qty": f"{placed.quantity:f}",
        "filled_qty": f"{placed.filled:f}",
        "filled_avg_price": f"{placed.cost / placed.filled:.4f}" if placed.trades else None,
        "order_class": "",
        "order_type": placed.kind,
        "type": placed.kind,
        "side": placed.side,
        "time_in_force": placed.time_in_force,
        "limit_price": None if placed.limit_price is None else f"{placed.limit_price:f}",
        "stop_price": None if placed.stop_price is None else f"{placed.stop_price:f}",
        "status": placed.status,
        "extended_hours": False,
        "legs": None,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
        "subtag": None,
        "source": None,
    }


def activity(trade: Trade, placed: Placed) -> dict[str, str]:
    """Give a fill as the account's activities do."""
    done = sum(each.quantity for each in placed.trades if each.number <= trade.number)
    return {
        "id": f"{datetime.fromtimestamp(trade.at_ms / 1000, UTC):%Y%m%d%H%M%S}000::{order_id(-trade.number)}",
        "activity_type": "FILL",
        "transaction_time": stamp(trade.at_ms),
        "type": "fill" if done >= placed.quantity else "partial_fill",
        "price": f"{trade.price:f}",
        "qty": f"{trade.quantity:f}",
        "side": placed.side,
        "symbol": placed.symbol,
        "leaves_qty": f"{placed.quantity - done:f}",
        "order_id": order_id(placed.number),
        "cum_qty": f"{done:f}",
        "order_status": "filled" if done >= placed.quantity else "partially_filled",
    }


if __name__ == "__main__":
    run(AlpacaVenueServer)
