"""A fake broker that plays the order desk to the command line."""

from collections.abc import Mapping
from typing import Any

from tests.support.fake_broker import Answer, failure, success

OPEN = ("reserved", "submitting", "accepted", "partially_filled", "unknown")
FINAL = ("denied", "filled", "cancelled", "expired", "rejected")


def order(number: int, **changes: Any) -> dict[str, Any]:
    """Make an order as list.orders shows one; a later number is a later order."""
    made = {
        "order_id": f"o-{number:06}",
        "client_order_id": f"tc-0a1b2c3d-{number}",
        "idempotency_key": f"key-{number}",
        "status": "accepted",
        "symbol": "AAPL",
        "market": "US",
        "action": "buy",
        "order_type": "limit",
        "quantity": 10,
        "filled_quantity": 0,
        "average_price": None,
        "fees": 0,
        "currency": "USD",
        "price": 430.1,
        "stop_price": None,
        "time_in_force": "GTC",
        "account": "paper",
        "venue": "paper",
        "paper": True,
        "created_at": f"2026-11-24T06:{number // 60 % 60:02}:{number % 60:02}Z",
        "updated_at": f"2026-11-24T06:{number // 60 % 60:02}:{number % 60:02}Z",
        "market_time": "2013-03-01T21:00:00Z",
        "reason": "",
        "tags": {},
        "warnings": [],
    }
    return made | changes


POSITION = {
    "symbol": "AAPL",
    "market": "US",
    "quantity": 100,
    "average_price": 429.123456789012,
    "currency": "USD",
    "price": 430.47,
    "value": 43047.0,
    "unrealised_pnl": 134.6543210988,
    "realised_pnl": 0,
    "fees": 1.0,
    "as_of": "2013-03-01T21:00:00Z",
    "source": "sample",
    "simulated": False,
}
OF_ACCOUNT = {"account": "paper", "venue": "paper", "paper": True, "base_currency": "USD"}
SUMS = {"realised_pnl": 0, "unrealised_pnl": 134.6543210988, "fees": 1.0}
SOURCES = {"source": "sample", "simulated": False, "as_of": "2013-03-01T21:00:00Z", "warnings": []}


class FakeDesk:
    """Holds orders and a trading state; ``errors`` answers a method with a code, message and details."""

    def __init__(self, *orders: dict[str, Any]) -> None:
        self.orders = {each["order_id"]: each for each in orders}
        self.state: dict[str, Any] = {
            "state": "active",
            "since": "2026-11-24T06:00:00Z",
            "by": "tacore",
            "reason": "",
            "warnings": [],
        }
        self.paper = True
        self.reconciled: dict[str, Any] = {
            "looked_at": 0,
            "adopted": [],
            "unknown": [],
            "needs_a_person": [],
            "ledger_ok": True,
            "problems": [],
            "warnings": [],
        }
        self.errors: dict[str, tuple[str, str, dict[str, Any]]] = {}

    def __call__(self, request: dict[str, Any]) -> Answer:
        """Answer a request."""
        method, params = request["method"], request["params"]
        if method in self.errors:
            code, message, details = self.errors[method]
            passing = code in ("unavailable", "outcome_unknown")
            return Answer(failure(request, code, message, details=details, retryable=passing))
        found = getattr(self, f"_{method.replace('.', '_')}")(params)
        if found is None:
            what = params.get("order_id") or params.get("client_order_id")
            return Answer(failure(request, "not_found", f"there is no order {what}"))
        if isinstance(found, tuple):
            return Answer(failure(request, found[0], found[1], details=found[2]))
        return Answer(success(request, found))

    def change(self, number: int, **changes: Any) -> None:
        """Let something happen to an order; a number that is not there is a new one."""
        order_id = f"o-{number:06}"
        self.orders[order_id] = {**self.orders.get(order_id, order(number)), **changes}

    def _list_orders(self, params: dict[str, Any]) -> dict[str, Any]:
        found = [each for _, each in sorted(self.orders.items(), reverse=True) if _fits(each, params)]
        return {"orders": found[: params.get("limit", 100)], "warnings": []}

    def _get_order(self, params: dict[str, Any]) -> dict[str, Any] | None:
        found = next((each for each in self.orders.values() if _is(each, params)), None)
        if found is None:
            return None
        fill = {"trade_id": "t-1", "quantity": 4, "price": 430.1, "fee": 1, "fee_currency": "USD"}
        event = {"at": found["created_at"], "what": "reserved", "status": "reserved", "details": {}}
        return {**found, "executed_at": None, "fills": [fill], "events": [event]}

    def _cancel_order(self, params: dict[str, Any]) -> dict[str, Any] | tuple[Any, ...] | None:
        found = next((each for each in self.orders.values() if _is(each, params)), None)
        if found is None:
            return None
        order_id = found["order_id"]
        if found["status"] == "filled":
            return "denied", f"{order_id} can't be cancelled: it is filled", {"order_id": order_id}
        if found["paper"]:
            found["status"] = "cancelled"
        return {**found, "fills": [], "events": []}

    def _cancel_all(self, params: dict[str, Any]) -> dict[str, Any]:
        found = [each for each in self.orders.values() if each["status"] in OPEN and _fits(each, params)]
        for each in found:
            each["status"] = "cancelled" if each["paper"] else each["status"]
        done = sum(each["status"] == "cancelled" for each in found)
        return {"cancelled": done, "open": len(found) - done, "orders": found, "warnings": []}

    def _get_positions(self, _params: dict[str, Any]) -> dict[str, Any]:
        return {**OF_ACCOUNT, "paper": self.paper, "positions": [POSITION], **SUMS, **SOURCES}

    def _get_account(self, params: dict[str, Any]) -> dict[str, Any]:
        return {
            **OF_ACCOUNT,
            "account": params.get("account", "paper"),
            "paper": self.paper,
            "equity": 1000134.65,
            "cash": {"USD": 957087.3, "USDT": 1000000},
            "positions": [POSITION],
            **SUMS,
            **SOURCES,
        }

    def _get_trading_state(self, _params: dict[str, Any]) -> dict[str, Any]:
        return self.state

    def _set_trading_state(self, params: dict[str, Any]) -> dict[str, Any]:
        self.state = {**self.state, "by": "local", "reason": "", **params}
        return self.state

    def _reconcile_orders(self, _params: dict[str, Any]) -> dict[str, Any]:
        return self.reconciled


def _is(found: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    return any(found[name] == params.get(name) for name in ("order_id", "client_order_id"))


def _fits(found: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    groups = {"open": OPEN, "final": FINAL}
    wanted = [status for each in params.get("status", []) for status in groups.get(each, (each,))]
    same = all(found[name] == params[name] for name in ("symbol", "market", "account") if name in params)
    older = "before" not in params or found["order_id"] < params["before"]
    return same and older and (not wanted or found["status"] in wanted)
