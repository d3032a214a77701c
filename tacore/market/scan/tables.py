"""Where a scan's table comes from: the refresher's files, or made on the spot."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cachetools import TTLCache

from tacore.clock import Clock
from tacore.market.asking import in_order
from tacore.market.features.files import Reader
from tacore.market.features.table import SESSIONS, make_table
from tacore.market.hours import HOURS
from tacore.market.scan.presets import Preset
from tacore.model import Instrument
from tacore.model.history import History
from tacore.model.table import Facts, Table, epoch_us
from tacore.ports import MarketData

RECENT, RECENT_S = 16, 60.0
"""How many histories of a few instruments a worker keeps, and for how long."""


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
        self._recent: TTLCache[tuple[object, ...], History] = TTLCache(RECENT, RECENT_S)
        self._readers = {market: Reader(folder, market, each, clock) for market, each in fingerprints.items()}

    def table(self, market: str) -> Table:
        """Give a market's table; Unavailable names the cause where there is none to trust."""
        return self._readers[market].table(self._clock.wall_us(), epoch_us(self._data.now(market)))

    def history(self, market: str, instruments: Sequence[Instrument]) -> History:
        """Give history for a table made on the spot; asked for again soon, it is what it was."""
        now, hours = self._data.now(market), HOURS[market]
        number, traded = hours.elapsed(now)
        ended = number if traded >= hours.minutes else number - 1
        key = market, ended, tuple(each.symbol for each in instruments)
        found = self._recent.get(key)
        if found is None:
            provider = self._data.provider(market)
            found = self._recent[key] = provider.history(instruments, now=now, sessions=SESSIONS)
        return found


def made_on_the_spot(
    data: MarketData,
    market: str,
    instruments: Sequence[Instrument],
    history: Sequence[History] | None,
    wall_us: int,
) -> Table:
    """Make a table of some instruments; without history it has what quotes tell."""
    provider, now = data.provider(market), data.now(market)
    quotes = provider.quotes(instruments, now=now)
    sources = {quote.source for quote in quotes if quote}
    sources.update(name for each in history or () for name in each.sources)
    facts = Facts(
        market=market,
        source=in_order(sources, provider) or provider.name,
        simulated=provider.simulated,
        full=history is not None,
        market_us=epoch_us(now),
        built_us=wall_us,
    )
    return make_table(instruments, quotes, history, facts)
