"""Everything pluggable, and what an RPC method is: the seams between tacore's parts."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec

from tacore.clock import Clock
from tacore.errors import DeadlineExceeded
from tacore.model import Bar, Fundamentals, Instrument, Quote
from tacore.model.cached import Cached, CacheKey, CachePolicy
from tacore.wire.backend import CacheReport

if TYPE_CHECKING:
    from tacore.model.history import History  # numpy, which the broker does without
    from tacore.model.risk import RiskSettings  # pydantic, which the way of a request does without
    from tacore.model.table import Table  # numpy as well


class MarketDataProvider(Protocol):
    """Where instruments, quotes and bars of a market come from.

    Every time is the market's own (`now`, aware UTC): a provider never shows what lies after it. Quotes and
    bars name it in ``source``, quotes repeat ``simulated``. What serves a market may be several providers in
    one (``name`` "alpaca,files"): then ``source`` and a History's ``sources`` tell which of them it was.

    A call raises NotFound for what does not exist here, and Unavailable where the provider can't tell: with
    ``retryable`` and details ``reason`` (rate_limited, server_error, timeout, empty, malformed) and perhaps
    ``retry_after_ms``, or not retryable (unauthorized). It never makes up what it lacks.
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

    def history(
        self,
        instruments: Sequence[Instrument],
        *,
        now: datetime,
        sessions: int,
        closes_only: bool = False,
    ) -> "History":
        """Give the newest daily sessions that had ended by ``now`` of many instruments, as arrays.

        One row per instrument, in order; up to ``sessions`` columns, fewer where no history reaches that far.
        With ``closes_only``, open, high, low and volume may be NaN: the caller needs none of them, which
        spares a provider work where closes come cheaper.
        """
        ...

    def revision(self, market: str) -> str:
        """Name the state of the history that the provider keeps itself; cheap, asks nobody, never raises.

        Under another name sessions told earlier may be others now, so that what was kept of them is asked for
        anew. A constant where nothing is kept: what splits and dividends do to the past needs no name.
        """
        ...


@runtime_checkable
class FundamentalsProvider(MarketDataProvider, Protocol):
    """A market data provider that also knows companies' figures; most do not. It names itself in them."""

    def fundamentals(self, instrument: Instrument, *, now: datetime) -> Fundamentals:
        """Give what had been published by ``now``; NotFound where there is nothing, Unavailable for now."""
        ...


@runtime_checkable
class DailyBarsProvider(Protocol):
    """A market data provider that can be asked for many instruments' daily bars at once."""

    def daily(
        self, instruments: Sequence[Instrument], now: datetime, sessions: int
    ) -> Sequence[Sequence[Bar]]:
        """Give each one's newest ``sessions`` bars that had ended by ``now``, raw; none where it has none."""
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
        """Give what serves the market, one provider or several in one; InvalidParams names the markets."""
        ...

    def now(self, market: str) -> datetime:
        """Tell the market's own time (aware UTC)."""
        ...

    def is_open(self, market: str) -> bool:
        """Tell whether the market trades now, by its own time and its exchange's calendar."""
        ...

    def is_stale(self, market: str, as_of: datetime) -> bool:
        """Tell whether the market has traded since then for longer than its ``stale_after_s``."""
        ...

    def is_replay(self, market: str) -> bool:
        """Tell whether the market's clock is a replay, standing or moving, and not wall time."""
        ...

    def stands_still(self, market: str) -> bool:
        """Tell whether the market's time never moves: a replay at speed 0."""
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


def _own_risk() -> "RiskSettings":
    from tacore.model.risk import parse_risk  # noqa: PLC0415 - pydantic

    return parse_risk(None)


class Cache(Protocol):
    """Answers kept for the next who asks the same. Any thread may use it.

    A cache in trouble costs a computation, never an error: what `get` raises comes from ``compute``.
    """

    def get(
        self, kind: str, key: str, ttl_s: float, compute: Callable[[], bytes], *, deadline: float
    ) -> Cached:
        """Give the value under a key, a JSON object; compute it where none is younger than ``ttl_s``.

        One of all who ask for a key at once computes it; the others wait for that one, but never past the
        middle of the time that is left until ``deadline`` (monotonic seconds). ``key`` names everything that
        the value depends on (see `tacore.model.cached`). With ``ttl_s`` of 0 nothing is looked up or kept.
        """
        ...

    def policy(self, kind: str) -> CachePolicy:
        """Give a kind's bounds; LookupError where the settings have no such kind."""
        ...

    def clear(self, kind: str = "") -> None:
        """Forget what this process keeps of a kind, or of all."""
        ...

    def report(self) -> CacheReport:
        """Count what happened since the process started, by kind."""
        ...

    def close(self) -> None:
        """Let go of what it holds open."""
        ...


class NoCache:
    """The cache that keeps nothing, for where no other is configured."""

    def get(
        self, kind: str, key: str, ttl_s: float, compute: Callable[[], bytes], *, deadline: float
    ) -> Cached:
        """Compute the value."""
        return Cached(compute(), 0.0, hit=False)

    def policy(self, kind: str) -> CachePolicy:
        """Keep nothing of any kind."""
        return CachePolicy(0.0, 0.0, 1)

    def clear(self, kind: str = "") -> None:
        """Forget nothing, for nothing is kept."""

    def report(self) -> CacheReport:
        """Count nothing."""
        return CacheReport()

    def close(self) -> None:
        """Hold nothing open."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What methods may use of the world outside them.

    ``risk`` is tacore's own where none is given; ``tables`` is None where nothing keeps any.
    """

    market: MarketData
    risk: "RiskSettings" = field(default_factory=_own_risk)
    tables: FeatureTables | None = None
    cache: Cache = field(default_factory=NoCache)


class Context(msgspec.Struct, gc=False):
    """What a running method knows of its request.

    ``deadline`` is on the clock's monotonic face. ``cancelled`` turns true when nobody waits any more.
    """

    request_id: str | int
    method: str
    principal: str
    deadline: float
    clock: Clock
    ports: Ports
    cancelled: bool = False
    _log: logging.LoggerAdapter[logging.Logger] | None = None

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
class CacheRule:
    """Lets the answers of a method be kept under a kind of the ``cache`` settings.

    ``key(params, context)`` names all that an answer depends on, the market's clock included, and for how
    long it holds; None where this request is better computed. The method's result inherits from
    `tacore.model.cached.CachedAnswer`, whose fields say whether an answer came out of the cache and how old
    it is. Only for answers that are the same whoever asks.
    """

    kind: str
    key: Callable[[Any, Context], CacheKey | None]


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC method: what the registry discovers in a file of `tacore.methods`.

    ``params`` is a msgspec Struct whose field names are the contract's (or msgspec.Raw to take anything);
    ``handler(params, context)`` returns an instance of ``result`` or raises a TacoreError. ``renames`` maps
    accepted spellings to field names; ``normalise`` may rewrite the raw params dict after renaming and raise
    InvalidParams. ``max_s`` is how long a request may run before its worker counts as hung. A method that is
    ``quick`` may be batched before it has been measured. ``debug`` methods exist only with
    TACORE_DEBUG_METHODS=1. ``prepare`` imports what the handler needs and discovery must do without; a worker
    calls it before it takes requests. ``cache`` has answers kept, for methods that only read.
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
    prepare: Callable[[], None] | None = None
    examples: tuple[Mapping[str, Any], ...] = ()
    cache: CacheRule | None = None


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
