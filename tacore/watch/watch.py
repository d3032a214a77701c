"""One look at a service for all its screens: the broker's word and its journal, each of which may be away."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tacore.client.aio import AsyncClient
from tacore.errors import NotFound, TacoreError, Unavailable
from tacore.execution.ledger.glance import open_orders
from tacore.store.queries import ANY, MAX_SCAN, WATCHER, Reader
from tacore.store.readers import Readers
from tacore.store.rows import Counters, Filters, GaugeValue, LogRow, MethodRate, Page, Point, Total, Window
from tacore.store.rows import Worker as Kept
from tacore.watch import workers
from tacore.watch.jobs import AGENTS, UNSERVED
from tacore.watch.memo import Memo
from tacore.watch.views import Health, WorkerView

T = TypeVar("T")
LOOK_S = 0.5
"""How old an answer may be that another screen asked for."""
HEALTH_S = 1.0
TRADING_S = 3.0
THREADS = 4
JOBS_PATIENCE_S = 5.0
"""A job's reports and evidence may be long."""
ORDERS = "orders"


class Watch:
    """Asks the broker at ``endpoint`` and reads its journal, read-only. Belongs to one event loop.

    ``database`` is read until the broker names its own; without one it is asked first. Reads never block the
    loop: the journal is read on threads. What the broker must be asked raises its TacoreError (NoBroker where
    there is none); what is in the journal raises NotFound, with its path as ``details.journal``, where there
    is no journal, and Unavailable where it can't be read.
    """

    def __init__(
        self,
        endpoint: str,
        database: Path | None = None,
        *,
        timeout_s: float = 1.5,
        parse_float: Callable[[str], Any] = float,
    ) -> None:
        self.endpoint = endpoint
        self.memo = Memo()
        self._database = database
        self._client = AsyncClient(
            endpoint, timeout_s=timeout_s, retries=0, parse_float=parse_float, name=WATCHER
        )
        self._readers: Readers | None = None
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="journal")
        self._heard: float | None = None
        self._home: Path | None = None
        self._loads = workers.Loads()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close connections and threads."""
        await self._client.close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        if self._readers is not None:
            self._readers.close()

    # -- the broker --------------------------------------------------------------------------------

    async def ask(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        max_age_s: float = LOOK_S,
        timeout_s: float | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the method gives
        """Ask a method that only reads; screens that ask at about the same time share the answer."""
        key = (method, repr(sorted((params or {}).items())))
        return await self.memo.get(key, max_age_s, lambda: self._call(method, params, timeout_s))

    async def act(
        self, method: str, params: Mapping[str, Any] | None = None, *, timeout_s: float | None = None
    ) -> Any:  # noqa: ANN401
        """Have something done, once; what was known before is asked anew."""
        try:
            return await self._call(method, params, timeout_s)
        finally:
            self.memo.forget()

    async def health(self) -> Health:
        """Tell how the service is; never raises."""
        status, reasons, detail = await self._broker()
        state = await self._trading(detail)
        lag_s, journal_error = await self._lag()
        return Health(
            status=status,
            reasons=reasons,
            detail=detail,
            since_s=self._heard,
            trading=state.get("state"),
            trading_reason=str(state.get("reason") or ""),
            paper=state.get("paper"),
            journal=str(self._database or ""),
            journal_error=journal_error,
            journal_lag_s=lag_s,
        )

    async def workers(self) -> list[WorkerView]:
        """List the workers: the broker's, and those that only the journal remembers."""
        now_s, since_s = time.time(), 0.0
        try:
            detail = await self._detail()
            told, since_s = detail["components"]["workers"]["workers"], now_s - detail["uptime_s"]
        except TacoreError:
            told = None
        try:
            kept: list[Kept] = await self.read(Reader.workers)
        except (NotFound, Unavailable):
            if told is None:
                raise
            kept = []
        return workers.merge(told, kept, self._loads, now_s, since_s=since_s)

    async def jobs(
        self, only: Mapping[str, Any] | None = None, *, max_age_s: float = LOOK_S
    ) -> dict[str, Any]:
        """List agent jobs as `list.jobs` does; Unavailable at once where no job manager is there to ask."""
        return await self._of_jobs("list.jobs", only or {}, max_age_s)

    async def job(self, job_id: str, after_id: int = 0, *, max_age_s: float = LOOK_S) -> dict[str, Any]:
        """Tell an agent job with its events after one; NotFound, and Unavailable as above."""
        params: dict[str, Any] = {"job_id": job_id, "after_id": after_id}
        return await self._of_jobs("get.job", params | ({"whole": True} if after_id else {}), max_age_s)

    async def _of_jobs(self, method: str, params: Mapping[str, Any], max_age_s: float) -> dict[str, Any]:
        if not _serves(await self._detail(), AGENTS):
            raise Unavailable(UNSERVED, details={"start": "tacore worker spawn --pool agents"})
        told: dict[str, Any] = await self.ask(method, params, max_age_s=max_age_s, timeout_s=JOBS_PATIENCE_S)
        return told

    async def _call(self, method: str, params: Mapping[str, Any] | None, timeout_s: float | None) -> Any:  # noqa: ANN401
        if timeout_s is None:
            return await self._client.call(method, params)
        return await self._client.call(method, params, timeout_s=timeout_s)

    async def _broker(self) -> tuple[str, list[str], dict[str, Any]]:
        try:
            detail = await self._detail()
        except TacoreError as error:
            return "down", [error.message], {}
        return str(detail["status"]), list(detail["reasons"]), detail

    async def _detail(self) -> dict[str, Any]:
        detail: dict[str, Any] = await self.ask("health.check", {"detailed": True}, max_age_s=HEALTH_S)
        self._heard = time.time()
        self._home = Path(str(detail["home"]))
        self._follow(Path(str(detail["database"])))
        return detail

    def _follow(self, told: Path) -> None:
        """Read the journal that the broker writes, unless that file is on another machine."""
        if told == self._database or (self._database is not None and not told.is_file()):
            return
        self._database = told
        readers, self._readers = self._readers, None
        if readers is not None:
            readers.close()

    async def _trading(self, detail: Mapping[str, Any]) -> dict[str, Any]:
        """Ask who places orders; where nobody does, an answer would only come after a while."""
        if not _serves(detail, ORDERS):
            return {}
        try:
            return dict(await self.ask("get.trading_state", max_age_s=TRADING_S))
        except TacoreError:
            return {}

    # -- the journal -------------------------------------------------------------------------------

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query on the journal, on a thread."""
        readers = await self._journal()
        return await asyncio.get_running_loop().run_in_executor(self._threads, readers.read, query)

    async def rates(self, window_s: int = 300, now_s: float | None = None) -> list[MethodRate]:
        """Give each method's rates over a window, busiest first."""
        return (await self.window(window_s, now_s)).methods

    async def window(self, window_s: int = 300, now_s: float | None = None) -> Window:
        """Give what was answered over a window, by method and altogether."""
        return await self._shared(
            ("window", window_s, now_s), window_s / 60, lambda reader: reader.window(window_s, now_s=now_s)
        )

    async def series(
        self, window_s: int = 3600, method: str | None = None, now_s: float | None = None
    ) -> list[Point]:
        """Give a point for each ten seconds that had answers, oldest first."""
        return await self._shared(
            ("series", window_s, method, now_s),
            window_s / 600,
            lambda reader: reader.series(window_s, method, now_s=now_s),
        )

    async def gauges(
        self, window_s: int = 3600, name: str | None = None, now_s: float | None = None
    ) -> list[GaugeValue]:
        """Give the gauges' values of each ten seconds, oldest first."""
        return await self._shared(
            ("gauges", window_s, name, now_s),
            window_s / 600,
            lambda reader: reader.gauge_history(window_s, name, now_s=now_s),
        )

    async def totals(self) -> list[Total]:
        """Give the all-time totals by method and code."""
        return await self._shared(("totals",), LOOK_S, Reader.totals)

    async def counters(self) -> Counters:
        """Give what counts up for ever, as of one commit."""
        return await self._shared(("counters",), LOOK_S, Reader.counters)

    async def open_orders(self) -> dict[str, int]:
        """Count the open orders by state; NotFound where no ledger is known."""
        home = self._home
        if home is None:
            raise NotFound("where the ledger is only the broker knows")
        look = partial(open_orders, home / "data" / "ledger.db")
        ask = partial(asyncio.get_running_loop().run_in_executor, self._threads, look)
        return await self.memo.get(("open_orders", home), TRADING_S, ask)

    async def tail(self, limit: int = 100, filters: Filters = ANY) -> Page:
        """Give the newest requests, newest first."""
        return await self.read(lambda reader: reader.tail(limit, filters))

    async def before(
        self, id_: int, limit: int = 100, filters: Filters = ANY, *, max_scan: int = MAX_SCAN
    ) -> Page:
        """Give requests older than an id, newest first."""
        return await self.read(lambda reader: reader.before(id_, limit, filters, max_scan=max_scan))

    async def since(
        self, id_: int, limit: int = 100, filters: Filters = ANY, *, max_scan: int = MAX_SCAN
    ) -> Page:
        """Give requests newer than an id, oldest first."""
        return await self.read(lambda reader: reader.since(id_, limit, filters, max_scan=max_scan))

    async def row(self, id_: int) -> LogRow:
        """Give a row by its id; NotFound where there is none."""
        return await self.read(lambda reader: reader.row(id_))

    async def by_request_id(self, request_id: str | int) -> list[LogRow]:
        """Give every row of a request id, newest first; it may be empty."""
        return await self.read(lambda reader: reader.by_request_id(request_id))

    async def _shared(self, key: tuple[object, ...], max_age_s: float, query: Callable[[Reader], T]) -> T:
        return await self.memo.get(key, min(max(max_age_s, LOOK_S), 10.0), lambda: self.read(query))

    async def _lag(self) -> tuple[float | None, str]:
        """Give how far the journal is behind, or why it can't be told.

        An idle service has no new rows: the gauges, written every ten seconds, tell that its writer is alive.
        """
        try:
            at_us = await self._shared(("lag",), LOOK_S, _newest_us)
        except TacoreError as error:
            return None, error.message
        return max(0.0, time.time() - at_us / 1e6) if at_us else None, ""

    async def _journal(self) -> Readers:
        if self._readers is None:
            if self._database is None:
                await self._learn()
            self._readers = Readers(self._database or Path())
        return self._readers

    async def _learn(self) -> None:
        """Ask the broker where its journal is."""
        try:
            await self._detail()
        except TacoreError as error:
            raise NotFound(
                f"where the journal is only the broker knows: {error.message}", details={"journal": None}
            ) from error


def _serves(detail: Mapping[str, Any], pool: str) -> bool:
    """Tell whether a pool has a worker, as health.check sees it; asking one that has none takes a while."""
    pools = detail.get("components", {}).get("queues", {}).get("pools", {})
    return bool(pools.get(pool, {}).get("workers"))


def _newest_us(reader: Reader) -> int:
    """Give the time of the newest sign of life in the journal, 0 where there is none."""
    return max((each.at_us for each in reader.workers()), default=0)
