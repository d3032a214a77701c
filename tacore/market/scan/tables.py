"""Where a scan's table comes from: the refresher's files, or made on the spot."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tacore.clock import Clock
from tacore.market.asking import in_order
from tacore.market.features.files import Reader
from tacore.market.features.table import SESSIONS, make_table
from tacore.market.scan.presets import Preset
from tacore.model import Instrument
from tacore.model.table import Facts, Table, epoch_us
from tacore.ports import MarketData


class TablesOnDisk:
    """The tables that this host's refresher keeps in a folder."""

    def __init__(
        self,
        folder: Path,
        fingerprints: Mapping[str, str],
        presets: Mapping[str, Preset],
        data: MarketData,
        clock: Clock,
    ) -> None:
        self.presets = presets
        self._data = data
        self._clock = clock
        self._readers = {market: Reader(folder, market, each, clock) for market, each in fingerprints.items()}

    def table(self, market: str) -> Table:
        """Give a market's table; Unavailable names the cause where there is none to trust."""
        return self._readers[market].table(self._clock.wall_us(), epoch_us(self._data.now(market)))


def made_on_the_spot(
    data: MarketData, market: str, instruments: Sequence[Instrument], *, full: bool, wall_us: int
) -> Table:
    """Make a table of some instruments, with the features that need history where ``full``."""
    provider, now = data.provider(market), data.now(market)
    history = [provider.history(instruments, now=now, sessions=SESSIONS)] if full else None
    quotes = provider.quotes(instruments, now=now)
    sources = {quote.source for quote in quotes if quote}
    sources.update(name for each in history or () for name in each.sources)
    facts = Facts(
        market=market,
        source=in_order(sources, provider) or provider.name,
        simulated=provider.simulated,
        full=full,
        market_us=epoch_us(now),
        built_us=wall_us,
    )
    return make_table(instruments, quotes, history, facts)
