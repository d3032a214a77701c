"""The order desk of an executor, from the settings."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from tacore.bootstrap.calendars import calendars_of
from tacore.bootstrap.providers import providers_of
from tacore.clock import SystemClock
from tacore.execution.desk import Desk, set_up
from tacore.execution.ledger import Ledger
from tacore.execution.venues.registry import build_venue
from tacore.market.router import build_market_data
from tacore.model.markets import parse_markets
from tacore.model.risk import parse_risk
from tacore.model.trading import TradingSettings, parse_trading
from tacore.ports import Method, Ports, Venue
from tacore.possession import Possession
from tacore.settings.loaded import Loaded
from tacore.wire import backend
from tacore.wire.records import RowMaker
from tacore.worker.stream_session import StreamSession

WAIT_S = 10.0
"""How long a successor waits for the lock of the executor before it, which it has killed."""


class LedgerDesk:
    """The ledger of a home, owned by this process from here on, and the desk around it."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._clock = SystemClock()
        trading = parse_trading(loaded.trading.get("trading"), loaded.trading_file)
        self._trading = trading
        self._venues = venues_of(
            trading, loaded.settings.home
        )  # what one of them lacks is said before anything is owned
        path = loaded.settings.ledger_path
        self._possession = Possession(path, wait_s=WAIT_S)
        self._possession.take()
        self._ledger = Ledger(path, self._clock)
        self._ledger.take()
        self._desk: Desk | None = None

    @property
    def store(self) -> backend.Store:
        """Which ledger, in which epoch."""
        return backend.Store(self._ledger.store_id, self._ledger.epoch)

    def build(
        self, methods: Mapping[str, Method], welcome: backend.Welcome, wake: Callable[[], None]
    ) -> tuple[StreamSession, Desk]:
        """Make the desk once the markets' clocks are known."""
        loaded, clock = self._loaded, self._clock
        markets = parse_markets(loaded.trading.get("markets"), loaded.trading_file)
        configured, calendars = providers_of(loaded), calendars_of(loaded)
        data = build_market_data(markets, clock, welcome.clock, configured, calendars)
        threading.Thread(target=data.warm, name="warm", daemon=True).start()
        risk = parse_risk(loaded.trading.get("risk"), loaded.trading_file)
        desk = Desk(self._ledger, set_up(self._trading, risk, self._venues), data, clock, wake)
        journal = loaded.settings.journal
        make_rows = RowMaker(journal.payloads, journal.field_cap_bytes)
        self._desk = desk
        return StreamSession(methods, Ports(market=data, risk=risk, desk=desk), clock, make_rows), desk

    def close(self) -> None:
        """Leave the ledger in order."""
        if self._desk is not None:
            self._desk.close()
        self._ledger.close()
        self._possession.release()


def open_desk(loaded: Loaded) -> LedgerDesk:
    """Take the ledger of a home; ends the executor that has it, and waits for that."""
    return LedgerDesk(loaded)


def venues_of(trading: TradingSettings, home: Path) -> dict[str, Venue]:
    """Build the venues that accounts trade at; ConfigurationError says what one of them lacks."""
    used = {account.venue for account in trading.accounts.values()}
    return {
        name: build_venue(name, settings, trading.rules, home)
        for name, settings in trading.venues.items()
        if name in used
    }
