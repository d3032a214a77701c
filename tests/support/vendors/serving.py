"""Markets whose provider asks a loopback vendor.

``LOOPBACK`` maps a provider's name to what opens its server for a market, for the contract tests: a context
manager that gives a `Loopback`. A remote provider without one is skipped there, with that reason.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from tacore.market.router import Markets
from tests.support.markets import WALL, open_markets
from tests.support.vendors.alpaca import AlpacaServer
from tests.support.vendors.binance import BinanceServer
from tests.support.vendors.eastmoney import EastMoneyServer
from tests.support.vendors.server import VendorServer
from tests.support.vendors.yahoo import YahooServer

KEY, SECRET = "PKLOOPBACK0000000000", "s3cr3t-0f-the-loopback-vendor"
SERVERS: Mapping[str, type[VendorServer]] = MappingProxyType(
    {"yahoo": YahooServer, "akshare": EastMoneyServer, "alpaca": AlpacaServer, "ccxt": BinanceServer}
)
UNIVERSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "yahoo": ("AAPL", "BRK.B", "MSFT", "600519", "000001", "300750", "0700", "9988", "0005", "BTC-USD"),
        "akshare": (),
        "alpaca": ("MSFT", "AAPL", "BRK.B"),
        "ccxt": (),
    }
)


# One attempt, at once: what the guard makes of failures has tests of its own.
GUARD: Mapping[str, Any] = MappingProxyType(
    {"timeout_s": 5, "retries": 0, "rate_per_s": 10_000, "rate_burst": 10_000, "breaker_failures": 1000}
)


@dataclass(frozen=True, slots=True)
class Loopback:
    """What goes under ``providers.NAME`` to ask the server (no wait unless it says so), and when that is."""

    options: Mapping[str, Any] = field(default_factory=dict)
    wall: datetime = WALL


@contextmanager
def serving(name: str, market: str, home: Path, **options: Any) -> Iterator[tuple[VendorServer, Markets]]:
    """Start a vendor, and give it with a market that its provider serves, at a standing time."""
    with SERVERS[name]() as server:
        yield server, markets_of(name, market, home, base_url=server.url, **options)


def markets_of(name: str, market: str, home: Path, **options: Any) -> Markets:
    """Build a market on a vendor's provider."""
    section = {**section_of(name, home), **options}
    return open_markets({market: {"provider": name}}, WALL, {name: section}, home)


def section_of(name: str, folder: Path) -> dict[str, Any]:
    """Give a vendor's section under ``providers``; keys lie in files."""
    section = {**GUARD, "universe": UNIVERSES[name]}
    if name == "alpaca":
        for key, text in (("api_key_file", KEY), ("secret_key_file", SECRET)):
            (folder / key).write_text(f"{text}\n", encoding="utf-8")
            section[key] = str(folder / key)
    return section


@contextmanager
def _opened(name: str, _market: str) -> Iterator[Loopback]:
    with SERVERS[name]() as server, TemporaryDirectory() as folder:
        yield Loopback({**section_of(name, Path(folder)), "base_url": server.url})


LOOPBACK: Mapping[str, Callable[[str], AbstractContextManager[Loopback]]] = MappingProxyType(
    {name: partial(_opened, name) for name in SERVERS}
)
