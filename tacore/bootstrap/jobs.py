"""The job desk of a manager, from the settings."""

import threading
from collections.abc import Callable, Mapping

from tacore.bootstrap.analysts import analysts_of
from tacore.bootstrap.calendars import calendars_of
from tacore.bootstrap.providers import providers_of
from tacore.clock import SystemClock
from tacore.jobs.desk import Desk
from tacore.jobs.store import Store
from tacore.market.router import build_market_data
from tacore.model.agents import parse_agents
from tacore.model.markets import parse_markets
from tacore.ports import Method, Ports
from tacore.possession import Possession
from tacore.settings.loaded import Loaded
from tacore.wire import backend
from tacore.wire.records import RowMaker
from tacore.worker.stream_session import StreamSession

WAIT_S = 10.0
"""How long a successor waits for the lock of the manager before it, which it has killed."""
ROLE, WHAT = "tacore job manager", "jobs"


class JobsDesk:
    """The jobs.db of a home, owned by this process from here on, and the desk around it."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._clock = SystemClock()
        self._settings = parse_agents(loaded.trading.get("agents"), loaded.trading_file)
        path = loaded.settings.jobs_path
        self._possession = Possession(path, wait_s=WAIT_S, role=ROLE, what=WHAT)
        self._possession.take()
        self._store = Store(path, self._clock)
        self._store.take()
        self._desk: Desk | None = None

    @property
    def store(self) -> backend.Store:
        """Which store, in which epoch."""
        return backend.Store(self._store.store_id, self._store.epoch)

    def build(
        self, methods: Mapping[str, Method], welcome: backend.Welcome, wake: Callable[[], None]
    ) -> tuple[StreamSession, Desk]:
        """Make the desk once the markets' clocks are known."""
        loaded, clock = self._loaded, self._clock
        markets = parse_markets(loaded.trading.get("markets"), loaded.trading_file)
        configured, calendars = providers_of(loaded), calendars_of(loaded)
        data = build_market_data(markets, clock, welcome.clock, configured, calendars)
        threading.Thread(target=data.warm, name="warm", daemon=True).start()
        analysts = analysts_of(loaded, data, clock)
        desk = Desk(self._store, self._settings, analysts, loaded.settings.agents_dir, clock, wake)
        journal = loaded.settings.journal
        make_rows = RowMaker(journal.payloads, journal.field_cap_bytes)
        self._desk = desk
        return StreamSession(methods, Ports(market=data, jobs=desk), clock, make_rows), desk

    def close(self) -> None:
        """Leave jobs.db in order, and no run behind."""
        if self._desk is not None:
            self._desk.close()
        self._store.close()
        self._possession.release()


def open_jobs(loaded: Loaded) -> JobsDesk:
    """Take the jobs of a home; ends the manager that has them, and waits for that."""
    return JobsDesk(loaded)
