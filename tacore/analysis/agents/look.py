"""One look at an ask's instrument: what it is, as of which moment, and how old its data may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from tacore.errors import NotFound, TacoreError
from tacore.model import Instrument
from tacore.model.jobs import Ask
from tacore.ports import MarketData, MarketDataProvider

if TYPE_CHECKING:
    from tacore.model.history import History

SYMBOL_NAMES = ("symbol", "ticker", "stock_code")
_ONE = timedelta(days=1)
_LONGEST_BREAK = 14  # days; exchanges close for up to ten
_IN_SESSION = timedelta(hours=6, minutes=30)  # before the close; early closes lie after it


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is given: text below the line of its origin. ``error`` says why there is no data."""

    text: str
    source: str = ""
    as_of: str = ""
    simulated: bool = False
    stale: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """An instrument as of ``moment``: the close of ``day``, or the market's time where that comes first."""

    data: MarketData
    provider: MarketDataProvider
    instrument: Instrument
    day: date
    moment: datetime

    @property
    def market(self) -> str:
        """Give the market."""
        return self.instrument.market

    def history(self, sessions: int) -> "History":
        """Give the newest daily sessions that had ended by then."""
        return self.provider.history([self.instrument], now=self.moment, sessions=sessions)

    def expected_session(self) -> date | None:
        """Give the newest session that had ended by then, by the calendar; None in a long break."""
        return due_session(self.data, self.market, self.day, self.moment)


def due_session(data: MarketData, market: str, last: date, moment: datetime) -> date | None:
    """Give the newest session, ``last`` or before, that has ended by a moment; None in a long break."""
    for back in range(_LONGEST_BREAK):
        day = last - back * _ONE
        close = data.close(market, day)
        if close <= moment and data.session(market, close - _IN_SESSION) == str(day):
            return day
    return None


def open_look(data: MarketData, ask: Ask, until: date | None = None) -> Look:
    """Find the ask's instrument, as of its date or of an earlier day. NotFound, Unavailable."""
    day = date.fromisoformat(ask.date)
    day = day if until is None else min(day, until)
    provider = data.provider(ask.market)
    instrument = provider.resolve(ask.symbol, ask.market)
    return Look(data, provider, instrument, day, min(data.now(ask.market), data.close(ask.market, day)))


def other_symbol(data: MarketData, ask: Ask, arguments: Mapping[str, Any]) -> str | None:
    """Give the symbol in the arguments that does not mean the ask's instrument, if there is one."""
    for name in SYMBOL_NAMES:
        asked = arguments.get(name)
        if isinstance(asked, str) and asked.strip() and not _means(data, ask, asked):
            return asked
    return None


def _means(data: MarketData, ask: Ask, spelling: str) -> bool:
    if spelling == ask.symbol:
        return True
    try:
        return data.provider(ask.market).resolve(spelling, ask.market).symbol == ask.symbol
    except NotFound:
        return False
    except TacoreError:
        return spelling.strip().upper() == ask.symbol


def origin(data: MarketData, ask: Ask, given: Given) -> str:
    """Write the line that every text begins with: source, as-of, and whether it is simulated or a replay."""
    kind = "SIMULATED, invented by a generator" if given.simulated else "real"
    if not given.source:
        kind = "none"
    clock = "; the market is a replay of the past" if data.is_replay(ask.market) else ""
    stale = "; STALE" if given.stale else ""
    newest = given.as_of or "not dated"
    return (
        f"Source: {given.source or 'none'}; data: {kind}; as of: {newest}{stale}; "
        f"nothing after the close of {ask.date} is shown{clock}."
    )
