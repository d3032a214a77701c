"""What an RPC method is, and what it may use."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from tacore.clock import Clock
from tacore.errors import DeadlineExceeded
from tacore.model.cached import CacheKey
from tacore.ports.cache import Cache, NoCache
from tacore.ports.jobs import JobDesk
from tacore.ports.market import FeatureTables, MarketData
from tacore.ports.orders import OrderDesk

if TYPE_CHECKING:
    from tacore.model.risk import RiskSettings  # pydantic, which the way of a request does without


EXCLUSIVE_POOLS = frozenset({"agents", "orders"})
"""The pools of one worker each, which alone writes a store."""
Routes = Mapping[str, Mapping[str, str]]
"""Names of params, their values in lower case, and the method that serves requests which have those."""


def _own_risk() -> "RiskSettings":
    from tacore.model.risk import parse_risk  # noqa: PLC0415 - pydantic

    return parse_risk(None)


@dataclass(frozen=True, slots=True)
class Ports:
    """What methods may use of the world outside them.

    ``risk`` is tacore's own where none is given; ``tables`` is None where nothing keeps any, ``desk`` outside
    the process that owns the ledger, ``jobs`` outside the one that owns jobs.db.
    """

    market: MarketData
    risk: "RiskSettings" = field(default_factory=_own_risk)
    tables: FeatureTables | None = None
    cache: Cache = field(default_factory=NoCache)
    desk: OrderDesk | None = None
    jobs: JobDesk | None = None


class Context(msgspec.Struct, gc=False):
    """What a running method knows of its request.

    ``deadline`` is on the clock's monotonic face. ``cancelled`` turns true when nobody waits any more.
    ``idempotency_key`` is the envelope's own; with ``id_assigned`` the client gave no request_id.
    """

    request_id: str | int
    method: str
    principal: str
    deadline: float
    clock: Clock
    ports: Ports
    cancelled: bool = False
    idempotency_key: str | None = None
    id_assigned: bool = False
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
    ``handler(params, context)`` returns an instance of ``result`` or raises a TacoreError; in a pool that
    owns a store it may return a Later of one, and the envelope says ``replayed`` of a result or an error's
    details in which that is True. ``renames`` maps accepted spellings to field names; ``normalise`` may
    rewrite the raw params dict after renaming and raise InvalidParams. ``max_s`` is how long a request may
    run before its worker counts as hung; of a method that ``waits`` for something to happen, how long after
    its client's patience is over. A method that is ``quick`` may be batched before it has been
    measured. One that ``writes`` ends as outcome_unknown when it is given up after a worker had it. A
    ``strict`` one refuses params that it does not know instead of ignoring them with a warning. ``debug``
    methods exist only with TACORE_DEBUG_METHODS=1. ``prepare`` imports what the handler needs and discovery
    must do without; a worker calls it before it takes requests. ``cache`` has answers kept, for methods that
    only read. ``routes`` names, for values of a param (in lower case), the method that serves those requests.
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
    writes: bool = False
    strict: bool = False
    waits: bool = False
    debug: bool = False
    aliases: tuple[str, ...] = ()
    renames: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    normalise: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    prepare: Callable[[], None] | None = None
    examples: tuple[Mapping[str, Any], ...] = ()
    cache: CacheRule | None = None
    routes: Routes = field(default_factory=lambda: MappingProxyType({}))


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
    writes: bool = False
    waits: bool = False
    aliases: tuple[str, ...] = ()
    renames: Mapping[str, str] = {}
    routes: Routes = {}
    params_schema: dict[str, Any] = {}
    result_schema: dict[str, Any] = {}
    examples: tuple[Mapping[str, Any], ...] = ()
