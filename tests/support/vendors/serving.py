"""Markets whose provider asks a loopback vendor."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tacore.clock import ManualClock
from tacore.market.registry import Providers
from tacore.market.router import Markets, build_market_data
from tacore.model.markets import parse_markets
from tacore.model.providers import parse_providers
from tests.support.markets import WALL, wall_us
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


@contextmanager
def serving(name: str, market: str, home: Path, **options: Any) -> Iterator[tuple[VendorServer, Markets]]:
    """Start a vendor, and give it with a market that its provider serves, at a standing time."""
    with SERVERS[name]() as server:
        yield server, markets_of(name, market, home, base_url=server.url, **options)


def markets_of(name: str, market: str, home: Path, wall: datetime = WALL, **options: Any) -> Markets:
    """Build a market on a vendor's provider; the keys lie in files."""
    # One attempt, at once: what the guard makes of failures has tests of its own.
    guard = {"timeout_s": 5, "retries": 0, "rate_per_s": 10_000, "rate_burst": 10_000}
    section = {**guard, "universe": UNIVERSES[name], **options}
    if name == "alpaca":
        for file, text in (("key", KEY), ("secret", SECRET)):
            (home / file).write_text(f"{text}\n", encoding="utf-8")
        section = {"api_key_file": "key", "secret_key_file": "secret", **section}
    providers = Providers(parse_providers({name: section}, (name,)), home)
    raw = {market: {"provider": name}}
    return build_market_data(parse_markets(raw), ManualClock(wall_us=wall_us(wall)), None, providers)
