"""What a loopback venue remembers: every order request that reached it, its orders and its trades.

All of it is a list of events, one JSON line each, so that a file has it after the process is gone, and a new
process goes on from there.
"""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

OPEN = ("new", "partially_filled")


@dataclass(slots=True)
class Trade:
    number: int
    order: int
    quantity: Decimal
    price: Decimal
    at_ms: int
    shown: bool = True


@dataclass(slots=True)
class Placed:
    number: int
    client_order_id: str
    symbol: str
    side: str
    kind: str
    time_in_force: str
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    at_ms: int
    status: str = "new"
    trades: list[Trade] = field(default_factory=list)

    @property
    def filled(self) -> Decimal:
        return sum((each.quantity for each in self.trades), Decimal(0))

    @property
    def cost(self) -> Decimal:
        return sum((each.quantity * each.price for each in self.trades), Decimal(0))

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


def read_events(file: Path) -> list[dict[str, Any]]:
    """Give the events that a venue wrote; a last line that a kill cut short is left out."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
    return [json.loads(each) for each in lines if each.endswith("\n")]


class Book:
    def __init__(self, file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.received: list[dict[str, Any]] = []
        self.orders: list[Placed] = []
        self.trades: list[Trade] = []
        for event in read_events(file) if file else ():
            self._apply(event)
        if file and file.exists():
            whole = file.read_bytes()
            file.write_bytes(whole[: whole.rfind(b"\n") + 1])
        self._out = file.open("a", encoding="utf-8") if file else None

    def close(self) -> None:
        if self._out:
            self._out.close()

    def receive(self, what: str, client_order_id: str, wire: Mapping[str, Any]) -> None:
        """Note a request to place or cancel an order, whatever becomes of it."""
        self._happen("received", what=what, client_order_id=client_order_id, wire=dict(wire))

    def place(self, **order: str | None) -> Placed:
        self._happen("placed", at_ms=_now(), **order)
        return self.orders[-1]

    def fill(self, client_order_id: str, quantity: object, price: object, *, shown: bool = True) -> Trade:
        """Trade some of an order, cancelled ones too: a trade may have crossed the cancel."""
        order = self.newest(client_order_id)
        about = {"quantity": str(quantity), "price": str(price), "shown": shown}
        self._happen("trade", number=order.number, at_ms=_now(), **about)
        return self.trades[-1]

    def end(self, client_order_id: str, status: str) -> None:
        """Cancel, expire or reject an order."""
        self._happen("ended", number=self.newest(client_order_id).number, status=status)

    def show(self) -> None:
        """Let trades be seen that were not shown so far."""
        self._happen("shown")

    def of(self, client_order_id: str) -> list[Placed]:
        """Give the orders that were placed with an id, oldest first; more than one is a double."""
        return [each for each in self.orders if each.client_order_id == client_order_id]

    def newest(self, client_order_id: str) -> Placed:
        return self.of(client_order_id)[-1]

    def sent(self, client_order_id: str, what: str = "submit") -> int:
        """Count the requests about an order that reached the venue."""
        about = [each for each in self.received if each["client_order_id"] == client_order_id]
        return sum(each["what"] == what for each in about)

    def _happen(self, event: str, **about: Any) -> None:
        with self.lock:
            line = {"event": event, **about}
            if self._out:
                self._out.write(json.dumps(line) + "\n")
                self._out.flush()
            self._apply(line)

    def _apply(self, line: Mapping[str, Any]) -> None:
        about = {key: value for key, value in line.items() if key != "event"}
        match line["event"]:
            case "received":
                self.received.append(about)
            case "placed":
                prices = ("quantity", "limit_price", "stop_price")
                exact = {key: None if about[key] is None else Decimal(about[key]) for key in prices}
                self.orders.append(Placed(len(self.orders) + 1, **{**about, **exact}))
            case "trade":
                self._trade(**about)
            case "ended":
                self.orders[about["number"] - 1].status = about["status"]
            case "shown":
                for each in self.trades:
                    each.shown = True

    def _trade(self, number: int, at_ms: int, quantity: str, price: str, shown: bool) -> None:
        order = self.orders[number - 1]
        made = Trade(len(self.trades) + 1, number, Decimal(quantity), Decimal(price), at_ms, shown)
        self.trades.append(made)
        order.trades.append(made)
        if order.filled >= order.quantity:
            order.status = "filled"
        elif order.is_open:
            order.status = "partially_filled"


def _now() -> int:
    return time.time_ns() // 1_000_000
