"""The configured markets behind the MarketData port."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tacore.clock import Clock
from tacore.errors import InvalidParams, NotFound, Unavailable, bad_param
from tacore.market.anchors import clock_of, make_anchors
from tacore.market.annual import sessions_per_year
from tacore.market.calendars import Calendars, Sessions
from tacore.market.hours import HOURS
from tacore.market.lineup import open_providers
from tacore.market.registry import Providers
from tacore.market.symbols import MARKET_SPELLINGS, market_of
from tacore.model.markets import MarketSettings
from tacore.ports import Cache, MarketDataProvider

_MOMENT = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US = (datetime(9000, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)  # dates end near there


class Markets:
    """Which provider serves each market, and what time it is there."""

    def __init__(
        self,
        providers: Mapping[str, MarketDataProvider],
        anchors: Mapping[str, Mapping[str, Any]],
        clock: Clock,
        calendars: Calendars,
        settings: Mapping[str, MarketSettings],
    ) -> None:
        self._providers = dict(providers)
        self._calendars = calendars
        self._stale_after_s = {market: each.stale_after_s for market, each in settings.items()}
        self._replays = {market: bool(anchors[market]["mode"] == "replay") for market in providers}
        self._clocks = {market: clock_of(anchors[market]) for market in providers}
        self._latest = dict.fromkeys(providers, 0)
        self._clock = clock

    def markets(self) -> Sequence[str]:
        """List the markets that have a provider."""
        return tuple(self._providers)

    def market(self, spelling: str) -> str:
        """Give the market that a spelling means (stock is US); InvalidParams names the markets there are."""
        name = spelling.strip().upper()
        name = MARKET_SPELLINGS.get(name, name)
        if name not in self._providers:
            raise bad_param(
                "market", "no provider serves it", value=spelling, allowed=self._providers, near=spelling
            )
        return name

    def provider(self, market: str) -> MarketDataProvider:
        """Give the market's provider; InvalidParams names the markets there are."""
        return self._providers[self.market(market)]

    def now(self, market: str, at_us: int | None = None) -> datetime:
        """Tell the market's own time (aware UTC); it never goes back, even if the machine's clock does."""
        name = self.market(market)
        if at_us is not None:
            return _EPOCH + timedelta(microseconds=min(self._clocks[name].at(at_us), _LAST_US))
        self._latest[name] = max(self._latest[name], self._clocks[name].at(self._clock.wall_us()))
        return _EPOCH + timedelta(microseconds=min(self._latest[name], _LAST_US))

    def is_open(self, market: str) -> bool:
        """Tell whether the market trades now, by its own time and its exchange's calendar.

        A replay that stands at a session's close is open there: that is where its market orders fill.
        """
        name = self.market(market)
        sessions, now = self._sessions(name), self.now(name)
        return sessions.is_open(now) or (self.stands_still(name) and sessions.is_open(now - _MOMENT))

    def session(self, market: str, at: datetime) -> str:
        """Give the date of the session that trades at a market time, or of the next one (ISO 8601)."""
        return self._sessions(self.market(market)).session(at).isoformat()

    def close(self, market: str, day: date) -> datetime:
        """Give when a day's regular session ends (aware UTC), whether or not the day has one."""
        return HOURS[self.market(market)].close(day)

    def sessions_per_year(self, market: str) -> float:
        """Give the sessions of a year, by which a daily figure becomes a yearly one."""
        return sessions_per_year(HOURS[self.market(market)])

    def is_stale(self, market: str, as_of: datetime) -> bool:
        """Tell whether the market has traded since then for longer than its ``stale_after_s``."""
        name = self.market(market)
        return self.traded_s(name, as_of) > self._stale_after_s[name]

    def traded_s(self, market: str, since: datetime) -> float:
        """Count the seconds that the market has traded since then."""
        name = self.market(market)
        return self._sessions(name).traded_s(since, self.now(name))

    def warm(self) -> None:
        """Load what the first question would have to wait for; may be called from another thread."""
        for market in self._providers:
            self._sessions(market)

    def _sessions(self, market: str) -> Sessions:
        return self._calendars.sessions(market, simulated=self._providers[market].simulated)

    def is_replay(self, market: str) -> bool:
        """Tell whether the market's clock is a replay, standing or moving, and not wall time."""
        return self._replays[self.market(market)]

    def stands_still(self, market: str) -> bool:
        """Tell whether the market's time never moves: a replay at speed 0."""
        return self._clocks[self.market(market)].speed == 0

    def infer_market(self, symbols: Sequence[str]) -> str:
        """Tell which market the symbols belong to, US where nothing says otherwise.

        Raises InvalidParams where they point to different markets.
        """
        said = {symbol: self._market_of(symbol) for symbol in symbols}
        found = {market for market in said.values() if market}
        if len(found) > 1:
            pointing = {symbol: market for symbol, market in said.items() if market}
            listed = ", ".join(f"{symbol} ({market})" for symbol, market in pointing.items())
            raise InvalidParams(
                f"the symbols are of different markets: {listed}; ask for one market at a time",
                details={"symbols": {"problem": "different markets", "value": pointing}},
            )
        return found.pop() if found else "US"

    def _market_of(self, symbol: str) -> str | None:
        """Judge by the symbol's shape, else by the first market that trades it."""
        return market_of(symbol) or next((m for m in self._by_letters() if self._trades(m, symbol)), None)

    def _by_letters(self) -> list[str]:
        return [market for market in ("US", "CRYPTO") if market in self._providers]

    def _trades(self, market: str, symbol: str) -> bool:
        try:
            self._providers[market].resolve(symbol, market)
        except NotFound:
            return False
        except Unavailable:
            return True  # the likelier market: its own answer will say what is wrong there
        return True


def build_market_data(
    settings: Mapping[str, MarketSettings],
    clock: Clock,
    anchors: Mapping[str, Mapping[str, Any]] | None = None,
    configured: Providers | None = None,
    calendars: Calendars | None = None,
    cache: Cache | None = None,
) -> Markets:
    """Build every configured market's provider; without anchors the clocks start at the present.

    What remote providers tell goes through the cache, if one is given.

    Raises ConfigurationError for a provider that does not exist, does not serve its market, has wrong options
    or lacks its extra.
    """
    providers = open_providers(settings, configured or Providers({}, Path.cwd()), clock, cache)
    made = make_anchors(settings, clock.wall_us(), anchors)
    return Markets(providers, made, clock, calendars or Calendars(), settings)
