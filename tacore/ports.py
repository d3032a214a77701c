"""Everything pluggable, and what an RPC method is: the seams between tacore's parts."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tacore.clock import Clock
from tacore.errors import DeadlineExceeded
from tacore.model import Bar, Instrument, Quote

if TYPE_CHECKING:
    from tacore.model.history import History  # numpy, which the broker does without
    from tacore.model.table import Table  # numpy as well


class MarketDataProvider(Protocol):
    """Where instruments, quotes and bars of a market come from.

    Every time is the market's own (`now`, aware UTC): a provider never shows what lies after it.
    """

    name: str
    simulated: bool
    timeframes: tuple[str, ...]

    def instruments(self, market: str) -> Sequence[Instrument]:
        """List what the market trades, ordered by symbol."""
        ...

    def resolve(self, symbol: str, market: str) -> Instrument:
        """Find an instrument by any of its spellings; NotFound says why there is none."""
        ...

    def bars(
        self,
        instrument: Instrument,
        timeframe: str,
        *,
        now: datetime,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
        adjusted: bool = False,
    ) -> Sequence[Bar]:
        """Give bars that ended at or before ``now``, oldest first; ``limit`` keeps the newest.

        Bars ended after ``start`` and at or before ``end``. With ``adjusted``, open, high, low and close have
        later splits and dividends taken out; volume stays raw. A timeframe out of ``timeframes`` is
        InvalidParams.
        """
        ...

    def quote(self, instrument: Instrument, *, now: datetime) -> Quote:
        """Give the last known price as of ``now``; NotFound where the instrument had none yet."""
        ...

    def quotes(self, instruments: Sequence[Instrument], *, now: datetime) -> Sequence[Quote | None]:
        """Give many quotes at once, in order; None where an instrument had no price yet."""
        ...

    def history(self, instruments: Sequence[Instrument], *, now: datetime, sessions: int) -> "History":
        """Give the newest daily sessions that had ended by ``now`` of many instruments, as arrays.

        One row per instrument, in order; up to ``sessions`` columns, fewer where no history reaches that far.
        """
        ...


class MarketData(Protocol):
    """The configured markets: which provider serves each, and what time it is there."""

    def markets(self) -> Sequence[str]:
        """List the markets that have a provider."""
        ...

    def market(self, spelling: str) -> str:
        """Give the market that a spelling means (stock is US); InvalidParams names the markets there are."""
        ...

    def provider(self, market: str) -> MarketDataProvider:
        """Give the market's provider; InvalidParams names the markets there are."""
        ...

    def now(self, market: str) -> datetime:
        """Tell the market's own time (aware UTC)."""
        ...

    def is_replay(self, market: str) -> bool:
        """Tell whether the market's clock is a replay, standing or moving, and not wall time."""
        ...

    def infer_market(self, symbols: Sequence[str]) -> str:
        """Tell which market the symbols belong to, US where nothing says otherwise."""
        ...


class FeatureTables(Protocol):
    """What scans read: each market's feature table as this host's refresher left it, and scans by name."""

    presets: Mapping[str, Any]

    def table(self, market: str) -> "Table":
        """Give a market's table; Unavailable names the cause where there is none to trust."""
        ...

    def history(self, market: str, instruments: Sequence[Instrument]) -> "History":
        """Give the daily history of a few instruments, for a table made on the spot."""
        ...


class Journal(Protocol):
    """Where the broker leaves its records; never blocks, never raises."""

    def append(self, chunk: bytes, rows: int) -> None:
        """Take an encoded chunk; over the bound it is dropped and its rows are counted."""
        ...

    def pump(self) -> None:
        """Move what waits towards the writer; called at each tick."""
        ...

    def status(self) -> dict[str, Any]:
        """Tell ``status`` (healthy, or degraded with ``reason``), rows sent, committed, dropped, lag_ms."""
        ...

    def close(self, timeout_s: float) -> None:
        """Hand over the rest, and wait until the writer has committed it and ended."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """What methods may use of the world outside them; ``tables`` is None where nothing keeps any."""

    market: MarketData
    tables: FeatureTables | None = None


class Context:
    """What a running method knows of its request.

    ``deadline`` is on the clock's monotonic face. ``cancelled`` turns true when nobody waits any more.
    """

    __slots__ = ("_log", "cancelled", "clock", "deadline", "method", "ports", "principal", "request_id")

    def __init__(
        self,
        request_id: str | int,
        method: str,
        principal: str,
        deadline: float,
        clock: Clock,
        ports: Ports,
    ) -> None:
        self.request_id = request_id
        self.method = method
        self.principal = principal
        self.deadline = deadline
        self.clock = clock
        self.ports = ports
        self.cancelled = False
        self._log: logging.LoggerAdapter[logging.Logger] | None = None

    @property
    def log(self) -> "logging.LoggerAdapter[logging.Logger]":
        """A logger whose lines carry request_id and method."""
        if self._log is None:
            extra = {"request_id": self.request_id, "method": self.method}
            self._log = logging.LoggerAdapter(logging.getLogger("tacore.worker.method"), extra)
        return self._log

    def remaining_s(self) -> float:
        """Tell the seconds of patience left; negative once it ran out."""
        return self.deadline - self.clock.monotonic()

    def check(self) -> None:
        """Raise DeadlineExceeded when nobody waits for the answer any more; long methods call it often."""
        if self.cancelled:
            raise DeadlineExceeded("the client stopped waiting", details={"dispatched": True})


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC method: what the registry discovers in a file of `tacore.methods`.

    ``params`` is a msgspec Struct whose field names are the contract's (or msgspec.Raw to take anything);
    ``handler(params, context)`` returns an instance of ``result`` or raises a TacoreError. ``renames`` maps
    accepted spellings to field names; ``normalise`` may rewrite the raw params dict after renaming and raise
    InvalidParams. ``max_s`` is how long a request may run before its worker counts as hung. A method that is
    ``quick`` may be batched before it has been measured. ``debug`` methods exist only with
    TACORE_DEBUG_METHODS=1.
    """

    name: str
    handler: Callable[[Any, Context], Any]
    params: type
    result: type
    summary: str
    pool: str = "fast"
    idempotent: bool = True
    max_s: float = 30.0
    quick: bool = False
    debug: bool = False
    aliases: tuple[str, ...] = ()
    renames: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    normalise: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    examples: tuple[Mapping[str, Any], ...] = ()


class MethodInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A method as data: what the broker routes by and describe.methods shows.

    ``served_by`` is "broker" for what the broker answers itself, else the pool.
    """

    name: str
    summary: str
    pool: str
    idempotent: bool
    max_s: float
    quick: bool = False
    aliases: tuple[str, ...] = ()
    renames: Mapping[str, str] = {}
    params_schema: dict[str, Any] = {}
    result_schema: dict[str, Any] = {}
    examples: tuple[Mapping[str, Any], ...] = ()
