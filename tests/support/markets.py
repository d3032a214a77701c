"""Real markets on a manual clock, and methods called as a worker calls them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tacore.clock import ManualClock
from tacore.errors import Unavailable
from tacore.market.features.table import SESSIONS
from tacore.market.registry import Providers, provider_names
from tacore.market.router import Markets, build_market_data
from tacore.market.scan.presets import parse_scan
from tacore.model import Instrument
from tacore.model.history import History
from tacore.model.markets import parse_markets
from tacore.model.providers import parse_providers
from tacore.model.table import Table
from tacore.ports import Cache, Context, FeatureTables, Method, Ports
from tacore.worker.params import ParamsReader

WALL = datetime(2024, 3, 13, 6, 30, tzinfo=UTC)  # a Wednesday: 14:30 in Shanghai and Hong Kong
ALL_MARKETS: Mapping[str, Any] = {
    "US": {"provider": "sample"},
    "CN": {"provider": "synthetic", "synthetic": {"size": 60}},
    "HK": {"provider": "synthetic", "synthetic": {"size": 60}},
    "CRYPTO": {"provider": "synthetic", "synthetic": {"size": 60}},
    "SIM": {"provider": "synthetic", "synthetic": {"size": 60}},
}


def wall_us(moment: datetime) -> int:
    """Give epoch microseconds."""
    return round(moment.timestamp() * 1_000_000)


def open_markets(
    raw: Mapping[str, Any] = ALL_MARKETS,
    wall: datetime = WALL,
    providers: Mapping[str, Any] | None = None,
    home: Path = Path(),
    cache: Cache | None = None,
) -> Markets:
    """Build markets from a configuration, at a standing wall time."""
    configured = Providers(parse_providers(providers, tuple(provider_names())), home)
    return build_market_data(
        parse_markets(raw), ManualClock(wall_us=wall_us(wall)), None, configured, cache=cache
    )


class NoTables:
    """What a host has before its refresher has built anything: scans by name, and no table."""

    presets = parse_scan(None).presets
    markets: Markets

    def table(self, market: str) -> Table:
        raise Unavailable(f"no table of {market}")

    def history(self, market: str, instruments: Sequence[Instrument]) -> History:
        data = self.markets
        return data.provider(market).history(instruments, now=data.now(market), sessions=SESSIONS)


def answer(
    method: Method,
    params: Mapping[str, Any],
    markets: Markets | None = None,
    tables: FeatureTables | None = None,
) -> Any:
    """Call a method with raw params and give its data as a client reads it; numbers are floats."""
    typed, warnings = ParamsReader(method).read(msgspec.Raw(msgspec.json.encode(params)))
    clock = ManualClock(wall_us=wall_us(WALL))
    given = tables or NoTables()
    data = markets or open_markets()
    if isinstance(given, NoTables):
        given.markets = data
    ports = Ports(data, tables=given)
    context = Context("1", method.name, "local", 2_000.0, clock, ports)
    result = method.handler(typed, context)
    result.warnings.extend(warnings)
    return msgspec.json.decode(msgspec.json.Encoder(decimal_format="number").encode(result))
