"""Feature tables of real markets, made on the spot."""

from collections.abc import Sequence

from tacore.market.features.table import SESSIONS, make_table
from tacore.market.router import Markets
from tacore.model.table import Facts, Table, epoch_us
from tests.support.markets import WALL, open_markets, wall_us


def table_of(
    market: str, markets: Markets | None = None, *, full: bool = True, symbols: Sequence[str] = ()
) -> Table:
    """Build a market's table as a refresher does."""
    data = markets or open_markets()
    provider, now = data.provider(market), data.now(market)
    listed = [each for each in provider.instruments(market) if not symbols or each.symbol in symbols]
    history = [provider.history(listed, now=now, sessions=SESSIONS)] if full else None
    facts = Facts(
        market=market,
        source=provider.name,
        simulated=provider.simulated,
        full=full,
        market_us=epoch_us(now),
        built_us=wall_us(WALL),
    )
    return make_table(listed, provider.quotes(listed, now=now), history, facts)
