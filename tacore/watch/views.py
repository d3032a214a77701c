"""What `Watch` gives beside the journal's own rows: plain named tuples."""

from typing import Any, NamedTuple

from tacore.store.rows import LogRow


class Health(NamedTuple):
    """The service's state as far as it can be told.

    ``status`` is healthy, degraded or unhealthy as the broker says, or down where no broker answers.
    ``detail`` is the broker's detailed answer, {} while it is down; ``since_s`` (epoch seconds) is the last
    time it answered, None before the first. ``trading`` is active, reducing, halted, or None where nobody
    can tell; ``paper`` is false where an account trades real money, None where nobody can tell.
    ``journal_lag_s`` is how far the journal is behind the broker's answers, None where it can't be read.
    """

    status: str
    reasons: list[str]
    detail: dict[str, Any]
    since_s: float | None
    trading: str | None
    trading_reason: str
    paper: bool | None
    journal: str
    journal_error: str
    journal_lag_s: float | None

    @property
    def up(self) -> bool:
        """Tell whether the broker answers."""
        return self.status != "down"


class WorkerView(NamedTuple):
    """A worker: as the broker sees it (``live``), else its last word in the journal.

    ``cpu`` is the share of one core since the look before, None at the first; ``last_seen_s`` the age of
    its last sign of life, in seconds; ``rss_mb`` in 10⁶ bytes.
    """

    worker_id: str
    pool: str
    pid: int
    host: str
    state: str
    in_flight: int
    processed: int
    uptime_s: float
    last_seen_s: float
    version: str
    cpu: float | None
    rss_mb: float
    supervisor: str | None
    live: bool


class Fresh(NamedTuple):
    """New rows of the journal, oldest first; as many as ``skipped`` before them were not looked at."""

    rows: list[LogRow]
    skipped: int
