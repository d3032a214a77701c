"""Alpaca's brokerage, by its Trading API v2 through alpaca-py.

https://docs.alpaca.markets/docs/orders-at-alpaca, /reference/postorder and /reference/getaccountactivities.
Orders are written and read as text, digit by digit: the library's own models know prices as floats.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from tacore.errors import Rejected
from tacore.execution.venues.library import library
from tacore.execution.venues.offers import Offer, check_offer, refused
from tacore.execution.venues.outcomes import (
    Phase,
    Said,
    adopt,
    exact,
    is_duplicate,
    mapped,
    news,
    plain,
    told,
)
from tacore.execution.venues.session import Lost, OneTry
from tacore.model.orders import Dedupe, Order, Report, TimeInForce, VenueFill
from tacore.model.trading import AlpacaVenue as Settings
from tacore.ports.venue import Change, Cleared, Moment

_TIMES: tuple[TimeInForce, ...] = ("DAY", "GTC", "IOC", "FOK")
OFFERS: Mapping[str, Offer] = MappingProxyType(
    {
        "US": {"market": _TIMES, "limit": _TIMES, "stop": ("DAY", "GTC"), "stop_limit": ("DAY", "GTC")},
        "CRYPTO": dict.fromkeys(("market", "limit", "stop_limit"), ("GTC", "IOC")),
    }
)
"""https://docs.alpaca.markets/docs/orders-at-alpaca and /docs/crypto-orders."""
_STATUSES = MappingProxyType(
    dict.fromkeys(
        (
            "new",
            "accepted",
            "pending_new",
            "accepted_for_bidding",
            "held",
            "stopped",
            "suspended",
            "calculated",
            "done_for_day",  # a GTC order goes on in the next session
            "pending_cancel",
            "pending_replace",
            "pending_review",
        ),
        "accepted",
    )
    | {"canceled": "cancelled", "replaced": "cancelled"}
    | {each: each for each in ("partially_filled", "filled", "expired", "rejected")}
)
_NOT_FOUND = 40410000  # "order not found for ...": a 404 without it may be of a proxy
_PAGE = 100
_PAGES = 200


class AlpacaVenue:
    """One account at Alpaca.

    Alpaca refuses a client_order_id that an order has had, cancelled ones included
    (https://github.com/alpacahq/alpaca-py/issues/260), and finds it by that; fills are the account's FILL
    activities, whose ids are Alpaca's. Alpaca books its fees at the end of the day and not with the fill.
    """

    inline = False
    dedupe: Dedupe = "lasting"
    settle_s = 30.0
    modifies = False

    def __init__(self, name: str, settings: Settings, key: str, secret_key: str) -> None:
        # What TradingClient is made of: with that comes pandas, three seconds of an executor's start.
        rest, errors = library("alpaca", "alpaca.common.rest", "alpaca.common.exceptions")
        self.name = name
        self.paper = not settings.live
        self._refusal: type[Exception] = errors.APIError
        self._secrets = (secret_key, key)
        self._session = OneTry(settings.timeout_s)
        url = settings.base_url.rstrip("/")
        self._client: Any = rest.RESTClient(url, key, secret_key, sandbox=self.paper, raw_data=True)
        # The library sleeps and sends again after 429 and 504, three times; it takes 0 from nobody.
        self._client._retry = 0  # noqa: SLF001
        self._client._session = self._session  # noqa: SLF001

    def submit(self, cleared: Cleared, moment: Moment) -> Report:
        """Send an order, once."""
        order = cleared.order
        check_offer(self.name, order, OFFERS)
        if order.quantity % 1 and order.market == "US" and order.time_in_force != "DAY":
            raise refused(self.name, "time_in_force", f"{order.time_in_force} of a fraction", ["DAY"])
        try:
            with self._mapped("sending"):
                answer = self._client.post("/orders", _wire(order))
                return self._report(_own(order, answer), ())
        except Rejected as error:
            if error.details["reason"] != "duplicate":
                raise
        return adopt(self.name, order, self.find)

    def cancel(self, order: Order, moment: Moment) -> Report:
        """Ask for an order's cancellation, then for the order."""
        order_id = order.venue_order_id
        if not order_id:
            with self._mapped("asking"):
                order_id = str(self._look(order)["id"])
        try:
            with self._mapped("sending"):
                self._client.delete(f"/orders/{order_id}")
        except Rejected as error:
            # It says 422 of an order that is done already, which then shows how it ended.
            if error.details["reason"] != "not_cancelable":
                raise
        with self._mapped("sent"):
            return self._whole(self._get(order, f"/orders/{order_id}"))

    def modify(self, order: Order, change: Change, moment: Moment) -> Report:
        """Refuse: Alpaca replaces an order by another, with another client_order_id."""
        raise refused(self.name, "modify", order.client_order_id, "cancel it and place another")

    def find(self, order: Order) -> Report | None:
        """Ask for an order by its client_order_id."""
        with self._mapped("asking"):
            found = self._by_client_order_id(order)
            return None if found is None else self._whole(found)

    def follow(self, order: Order, moment: Moment) -> Report | None:
        """Ask for an order, and for its fills where there are more."""
        with self._mapped("asking"):
            found = self._look(order)
            if exact(found["filled_qty"]) == order.filled_quantity and _state(found) == order.status:
                return None
            return news(order, self._whole(found))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _look(self, order: Order) -> Mapping[str, Any]:
        if order.venue_order_id:
            return self._get(order, f"/orders/{order.venue_order_id}")
        found = self._by_client_order_id(order)
        if found is None:
            raise Lost("not_found", maybe=False, what=order.client_order_id)
        return found

    def _by_client_order_id(self, order: Order) -> Mapping[str, Any] | None:
        try:
            asked = {"client_order_id": order.client_order_id}
            return self._get(order, "/orders:by_client_order_id", asked)
        except self._refusal as error:
            if getattr(error, "status_code", None) == HTTPStatus.NOT_FOUND and _code(error) == _NOT_FOUND:
                return None
            raise

    def _get(self, order: Order, path: str, asked: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        return _own(order, self._client.get(path, asked))

    def _whole(self, found: Mapping[str, Any]) -> Report:
        """Report an order with all of its fills."""
        filled = exact(found["filled_qty"])
        return self._report(found, self._fills(str(found["id"]), filled) if filled else ())

    def _report(self, found: Mapping[str, Any], fills: Sequence[VenueFill]) -> Report:
        said = str(found["status"])
        reason = {"replaced": "replaced at the venue", "rejected": "rejected by the venue"}.get(said, "")
        return told(_state(found), str(found["id"]), exact(found["filled_qty"]), fills, reason)

    def _fills(self, order_id: str, filled: Decimal) -> Sequence[VenueFill]:
        """Read an order's fills, newest first, until they make up what is filled."""
        fills: dict[str, VenueFill] = {}
        token: str | None = None
        for _ in range(_PAGES):
            asked = {"order_id": order_id, "page_size": _PAGE, **({"page_token": token} if token else {})}
            rows = self._client.get("/account/activities/FILL", asked)
            # Servers from before 2026-07-29 know no order_id, and give the fills of all orders.
            fills |= {str(row["id"]): _fill(row) for row in rows if row["order_id"] == order_id}
            if len(rows) < _PAGE or sum(each.quantity for each in fills.values()) >= filled:
                return list(reversed(fills.values()))
            token = str(rows[-1]["id"])
        what = f"fills of {order_id} are not among the newest {_PAGE * _PAGES}"
        raise Lost("malformed", maybe=False, what=what)

    def _mapped(self, phase: Phase) -> AbstractContextManager[None]:
        return mapped(self.name, phase, self._judge)

    def _judge(self, error: Exception) -> Said:
        status = getattr(error, "status_code", None)
        if not isinstance(error, self._refusal) or status is None:
            return Said(verdict="unknown", reason="malformed", words=type(error).__name__)
        words = plain(_message(error), self._secrets)
        if is_duplicate(words):
            return Said(verdict="refused", reason="duplicate", words=words)
        # A 403 with a code is about money or shares; without, about the key.
        if status == HTTPStatus.FORBIDDEN and _code(error) is None:
            return Said(verdict="away", reason="unauthorized", words=f"HTTP {status}")
        if status == HTTPStatus.UNPROCESSABLE_ENTITY and re.search("not cancel|already in", words):
            return Said(verdict="refused", reason="not_cancelable", words=words)
        return Said(verdict="refused", reason="refused", words=words)


def _own(order: Order, answer: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    """Make sure that an answer is about the order that was meant."""
    if not isinstance(answer, dict) or answer.get("client_order_id") != order.client_order_id:
        raise Lost("malformed", maybe=True, what="no order, or another one")
    return answer


def _state(found: Mapping[str, Any]) -> str:
    """Give an order's status in our words; one that is not known is left as it is."""
    said = str(found["status"])
    return _STATUSES.get(said, said)


def _wire(order: Order) -> Mapping[str, str]:
    """Write an order as Alpaca takes it."""
    asked = {
        "symbol": order.symbol,
        "qty": f"{order.quantity:f}",
        "side": order.side,
        "type": order.order_type,
        "time_in_force": order.time_in_force.lower(),
        "client_order_id": order.client_order_id,
    }
    prices = {"limit_price": order.limit_price, "stop_price": order.stop_price}
    return asked | {key: f"{price:f}" for key, price in prices.items() if price is not None}


def _fill(row: Mapping[str, Any]) -> VenueFill:
    return VenueFill(
        trade_id=str(row["id"]),
        quantity=exact(row["qty"]),
        price=exact(row["price"]),
        at=datetime.fromisoformat(row["transaction_time"]),
    )


def _body(error: Exception) -> Mapping[str, Any]:
    try:
        body = json.loads(str(error))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _code(error: Exception) -> object:
    return _body(error).get("code")


def _message(error: Exception) -> object:
    return _body(error).get("message") or str(error)
