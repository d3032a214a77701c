"""Venues with a way to make trades happen there, for the contract tests.

``WORLDS`` maps a kind of venue to what opens it: a context manager that gives a `World`. A venue that is no
server's has ``server`` None, and what only happens on a wire is skipped for it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tacore.execution.venues.registry import build_venue
from tacore.model.orders import Order, Report
from tacore.model.trading import AlpacaVenue, CcxtVenue
from tacore.ports.venue import Cleared, Moment, Venue
from tests.support.venues.alpaca import AlpacaVenueServer
from tests.support.venues.binance import BinanceVenueServer
from tests.support.venues.server import KEY, SECRET, VenueServer

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
MOMENT = Moment(now=NOW, at_us=0, is_open=True, session="2026-01-05")


@dataclass(slots=True)
class World:
    """A venue, an instrument of it, and the quantity and price that orders have here."""

    venue: Venue
    market: str
    symbol: str
    currency: str
    quantity: Decimal
    price: Decimal
    time_in_force: str
    settings: Any
    server: VenueServer
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def order(self, **changes: Any) -> Order:
        """Make a limit order to buy, as the ledger would hand it on."""
        number = next(self.numbers)
        asked: dict[str, Any] = {
            "order_id": f"o-{number}",
            "client_order_id": f"tc-0123abcd-{number}",
            "account": "live",
            "principal": "local",
            "key": str(number),
            "key_kind": "explicit",
            "fingerprint": "",
            "venue": self.venue.name,
            "paper": True,
            "market": self.market,
            "symbol": self.symbol,
            "currency": self.currency,
            "side": "buy",
            "quantity": self.quantity,
            "order_type": "limit",
            "limit_price": self.price,
            "time_in_force": self.time_in_force,
            "status": "submitting",
            "created_us": 0,
            "updated_us": 0,
            "market_time": NOW,
        }
        return Order(**(asked | changes))

    def submit(self, order: Order) -> Report:
        return self.venue.submit(Cleared(order), MOMENT)

    def fill(self, order: Order, quantity: object, price: object, *, shown: bool = True) -> None:
        """Let some of an order trade at the venue."""
        self.server.book.fill(order.client_order_id, quantity, price, shown=shown)


def keys(folder: Path) -> dict[str, str]:
    """Lay the loopback venues' keys into files, and give the settings that name them."""
    named = {"api_key_file": KEY, "secret_key_file": SECRET}
    for name, text in named.items():
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    return {name: str(folder / name) for name in named}


@contextmanager
def _alpaca(folder: Path, timeout_s: float) -> Iterator[World]:
    with AlpacaVenueServer() as server:
        settings = AlpacaVenue(kind="alpaca", base_url=server.url, timeout_s=timeout_s, **keys(folder))
        venue = build_venue("broker", settings, {})
        size, price = Decimal(100), Decimal("187.31")
        yield World(venue, "US", "AAPL", "USD", size, price, "DAY", settings, server)
        venue.close()


@contextmanager
def _ccxt(folder: Path, timeout_s: float) -> Iterator[World]:
    with BinanceVenueServer() as server:
        settings = CcxtVenue(kind="ccxt", base_url=server.url, timeout_s=timeout_s, **keys(folder))
        venue = build_venue("exchange", settings, {})
        size, price = Decimal("0.12345"), Decimal("64250.37")
        yield World(venue, "CRYPTO", "BTC/USDT", "USDT", size, price, "GTC", settings, server)
        venue.close()


Open = Callable[[Path, float], AbstractContextManager[World]]
WORLDS: Mapping[str, Open] = MappingProxyType({"alpaca": _alpaca, "ccxt": _ccxt})
