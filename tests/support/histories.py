"""The real sample history, as a series to analyse and, made another way, as what it must be."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from tacore.analysis.series import Series, daily_series
from tacore.market.hours import HOURS
from tests.support.markets import open_markets

DEFAULT_BARS = 504


@dataclass(frozen=True)
class Candle:
    """A bar in plain floats; the attributes are those that talipp reads."""

    session: str
    open: float
    high: float
    low: float
    close: float
    volume: float


def series(symbol: str, until: str, sessions: int = DEFAULT_BARS) -> Series:
    """Give the newest sessions by a day's close as a series."""
    provider = open_markets().provider("US")
    now = HOURS["US"].close(date.fromisoformat(until))
    found = provider.history([provider.resolve(symbol, "US")], now=now, sessions=sessions)
    lines = (found.open, found.high, found.low, found.close, found.volume, found.adjusted_close)
    return daily_series(found.sessions, *(each[0] for each in lines))


def candles(
    symbol: str, until: str, sessions: int = DEFAULT_BARS, splits: tuple[tuple[str, float], ...] = ()
) -> list[Candle]:
    """Give the provider's own adjusted bars, brought to the prices of the last day by hand.

    ``splits`` are the first session after each and its shares for one; only they change the volume.
    """
    provider = open_markets().provider("US")
    instrument = provider.resolve(symbol, "US")
    now = HOURS["US"].close(date.fromisoformat(until))
    bars = provider.bars(instrument, "1d", now=now, limit=sessions, adjusted=True)
    (last,) = provider.bars(instrument, "1d", now=now, limit=1)
    scale = last.close / last.adjusted_close
    made = []
    for bar in bars:
        shares = float(np.prod([ratio for session, ratio in splits if bar.session < session]))
        opened, high, low, close = (float(each * scale) for each in (bar.open, bar.high, bar.low, bar.close))
        made.append(Candle(bar.session, opened, high, low, close, float(bar.volume) * shares))
    return made


def flat(prices: list[float], volume: float = 1000.0) -> Series:
    """Make a series whose bars are but a price each, from 2001-01-01 on."""
    line = np.array(prices, dtype=np.float64)
    sessions = np.datetime64("2001-01-01") + np.arange(len(line))
    return daily_series(sessions, line, line, line, line, np.full(len(line), volume), line)
