"""A crypto exchange's spot market, through ccxt.

https://docs.ccxt.com/#/?id=order-structure, ?id=trade-structure and ?id=exception-hierarchy. Numbers are the
exchange's text; quantities and prices that the exchange's steps would change are refused, for ccxt cuts them.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from threading import Lock
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from tacore.errors import ConfigurationError, Rejected
from tacore.execution.venues.ccxt_answers import Judge, fills_of, report_of
from tacore.execution.venues.library import library
from tacore.execution.venues.offers import Offer, check_offer, refused
from tacore.execution.venues.outcomes import Phase, adopt, exact, mapped, news
from tacore.execution.venues.session import Lost, OneTry
from tacore.model.orders import Dedupe, Order, Report, VenueFill
from tacore.model.trading import CcxtVenue as Settings
from tacore.ports.venue import Change, Cleared, Moment

OFFERS: Mapping[str, Offer] = MappingProxyType(
    {
        "CRYPTO": {
            # What a market order leaves is dropped at once; what a stop leaves rests as what it triggers.
            "market": ("IOC",),
            "limit": ("GTC", "IOC", "FOK"),
            "stop": ("GTC",),
            "stop_limit": ("GTC", "IOC", "FOK"),
        }
    }
)
_BINANCE = frozenset({"binance", "binanceus"})
_MOST = 1000  # trades of one order in one answer


class CcxtVenue:
    """One account at one exchange.

    Binance refuses a client_order_id only while an order with it is open, and finds it later too
    (https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints): "window". What
    other exchanges do differs, so nothing is counted on: "echo". ccxt is not made for threads: calls wait
    for each other.
    """

    inline = False
    # ccxt signs Binance's orders with a window of 10 s, after which one that is still under way is refused.
    settle_s = 30.0
    modifies = False

    def __init__(self, name: str, settings: Settings, key: str, secret_key: str) -> None:
        ccxt, errors = library("ccxt", "ccxt", "ccxt.base.errors")
        if settings.exchange not in ccxt.exchanges:
            known = "ccxt has no such exchange; allowed: those of https://docs.ccxt.com"
            raise ConfigurationError(f"trading.venues.{name}.exchange = {settings.exchange!r}: {known}")
        self.name = name
        self.paper = not settings.live
        self.dedupe: Dedupe = "window" if settings.exchange in _BINANCE else "echo"
        self._errors: Any = errors
        self._session = OneTry(settings.timeout_s)
        self._exchange: Any = _exchange(ccxt, settings, self._session, (key, secret_key))
        self._judge = Judge(errors, (secret_key, key))
        self._one_at_a_time = Lock()

    def submit(self, cleared: Cleared, moment: Moment) -> Report:
        """Send an order, once."""
        order = cleared.order
        check_offer(self.name, order, OFFERS)
        with self._mapped("asking"):
            self._exchange.load_markets()
            self._check_steps(order)
        try:
            with self._mapped("sending"):
                made = self._create(order)
                if made.get("clientOrderId") != order.client_order_id or not made.get("id"):
                    raise Lost("malformed", maybe=True, what="no order, or another one")
                return report_of(
                    made, fills_of(made.get("trades") or (), order.symbol, made.get("timestamp"))
                )
        except Rejected as error:
            if error.details["reason"] != "duplicate":
                raise
        return adopt(self.name, order, self.find)

    def cancel(self, order: Order, moment: Moment) -> Report:
        """Ask for an order's cancellation, then for the order."""
        with self._mapped("asking"):
            self._exchange.load_markets()
            order_id = order.venue_order_id or str(self._known(order)["id"])
        try:
            with self._mapped("sending"):
                self._exchange.cancel_order(order_id, order.symbol)
        except Rejected as error:
            # It may say that of an order that is done already, which then shows how it ended.
            if error.details["reason"] != "not_found":
                raise
        with self._mapped("sent"):
            return self._whole(self._fetched(order_id, order, {}), order)

    def modify(self, order: Order, change: Change, moment: Moment) -> Report:
        """Refuse: exchanges replace an order by another, if at all."""
        raise refused(self.name, "modify", order.client_order_id, "cancel it and place another")

    def find(self, order: Order) -> Report | None:
        """Ask for an order by its client_order_id."""
        with self._mapped("asking"):
            self._exchange.load_markets()
            found = self._look(order)
            return None if found is None else self._whole(found, order)

    def follow(self, order: Order, moment: Moment) -> Report | None:
        """Ask for an order, and for its fills where there are some."""
        with self._mapped("asking"):
            self._exchange.load_markets()
            return news(order, self._whole(self._known(order), order))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _check_steps(self, order: Order) -> None:
        if order.symbol not in self._exchange.markets:
            raise refused(self.name, "symbol", order.symbol, "the exchange's spot pairs")
        self._check_step("quantity", order.quantity, self._exchange.amount_to_precision, order.symbol)
        for field in ("limit_price", "stop_price"):
            if (price := getattr(order, field)) is not None:
                self._check_step(field, price, self._exchange.price_to_precision, order.symbol)

    def _check_step(self, field: str, value: Decimal, cut: Any, symbol: str) -> None:  # noqa: ANN401 - ccxt's
        try:
            kept = Decimal(cut(symbol, f"{value:f}"))
        except self._errors.InvalidOrder:
            kept = Decimal(0)  # less than a step
        if kept != value:
            kind = "amount" if field == "quantity" else "price"
            step = self._exchange.markets[symbol]["precision"][kind]
            raise refused(self.name, field, f"{value:f}", f"multiples of {step}")

    def _create(self, order: Order) -> Mapping[str, Any]:
        params = {"clientOrderId": order.client_order_id}
        if order.limit_price is not None:
            params["timeInForce"] = order.time_in_force
        if order.stop_price is not None:
            params["triggerPrice"] = f"{order.stop_price:f}"
        made: Mapping[str, Any] = self._exchange.create_order(
            order.symbol,
            "market" if order.limit_price is None else "limit",
            order.side,
            f"{order.quantity:f}",
            None if order.limit_price is None else f"{order.limit_price:f}",
            params,
        )
        return made

    def _known(self, order: Order) -> Mapping[str, Any]:
        found = self._look(order)
        if found is None:
            raise Lost("not_found", maybe=False, what=order.client_order_id)
        return found

    def _look(self, order: Order) -> Mapping[str, Any] | None:
        """Find an order by the exchange's id where that is known, else by ours."""
        try:
            if order.venue_order_id:
                return self._fetched(order.venue_order_id, order, {})
            if self._exchange.id in _BINANCE:
                return self._fetched("", order, {"clientOrderId": order.client_order_id})
        except self._errors.OrderNotFound:
            return None
        return self._searched(order)

    def _searched(self, order: Order) -> Mapping[str, Any] | None:
        """Look through all orders since it was made, at an exchange that may not look up our ids."""
        since = max(0, order.created_us // 1000 - 60_000)  # its clock may be behind ours
        has = self._exchange.has
        done = ("fetchOrders",) if has["fetchOrders"] else ("fetchClosedOrders", "fetchCanceledOrders")
        for page in ("fetchOpenOrders", *done):
            rows = getattr(self._exchange, page)(order.symbol, since) if has.get(page) else ()
            for each in rows:
                if each.get("clientOrderId") == order.client_order_id:
                    return dict(each)
        return None

    def _fetched(self, order_id: str, order: Order, params: Mapping[str, str]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._exchange.fetch_order(order_id, order.symbol, params)
        # A cancelled order may show the id of its cancel, which Binance names too.
        ours = found.get("clientOrderId") == order.client_order_id or found.get("status") == "canceled"
        right = found.get("id") == order_id if order_id else ours
        if not found.get("id") or not right:
            raise Lost("malformed", maybe=True, what="no order, or another one")
        return found

    def _whole(self, found: Mapping[str, Any], order: Order) -> Report:
        """Report an order with all of its fills."""
        return report_of(found, self._trades(found, order) if exact(found["filled"]) else ())

    def _trades(self, found: Mapping[str, Any], order: Order) -> Sequence[VenueFill]:
        order_id = found["id"]
        if self._exchange.has["fetchOrderTrades"]:
            rows = self._exchange.fetch_order_trades(order_id, order.symbol, None, _MOST)
        else:
            rows = self._exchange.fetch_my_trades(order.symbol, found["timestamp"])
        return fills_of([each for each in rows if each["order"] in (None, order_id)], order.symbol)

    @contextmanager
    def _mapped(self, phase: Phase) -> Iterator[None]:
        with self._one_at_a_time, mapped(self.name, phase, self._judge):
            yield


def _exchange(
    ccxt: Any,  # noqa: ANN401 - a library without types
    settings: Settings,
    session: OneTry,
    keys: tuple[str, str],
) -> Any:  # noqa: ANN401
    """Make the exchange: one attempt, our session and address, numbers as text."""
    exchange = getattr(ccxt, settings.exchange)(
        {
            "apiKey": keys[0],
            "secret": keys[1],
            "session": session,
            "timeout": round(settings.timeout_s * 1000),
            "enableRateLimit": True,
            "maxRetriesOnFailure": 0,
            "number": str,
            "options": {
                "defaultType": "spot",
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
                "maxRetriesOnFailure": 0,
            },
        }
    )
    exchange.urls["api"] = _at(exchange.urls["api"], settings.base_url)
    # At DEBUG it would write every request with its headers, and so the key.
    exchange.logger.setLevel(max(exchange.logger.getEffectiveLevel(), logging.INFO))
    return exchange


def _at(address: object, base_url: str) -> object:
    """Give an exchange's addresses, text or mappings of it, at another host."""
    if isinstance(address, Mapping):
        return {key: _at(value, base_url) for key, value in address.items()}
    return base_url.rstrip("/") + urlsplit(address).path if isinstance(address, str) else address
