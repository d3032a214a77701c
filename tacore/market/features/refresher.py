"""The refresher: keeps every market's feature table fresh, off the way of requests."""

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tacore.clock import Clock
from tacore.errors import TacoreError
from tacore.market.features.files import publish, read_pointer, trusted_s
from tacore.market.features.sessions import Sessions
from tacore.market.features.status import write_status
from tacore.market.features.table import make_table
from tacore.model import Instrument
from tacore.model.history import History
from tacore.model.table import Facts, datetime_of, epoch_us
from tacore.ports import MarketData

log = logging.getLogger("tacore.worker.refresher")

SHARE = 0.25
"""Most of a core that refreshing one market may take; getting history for the first time may take more."""
LONG_S = 3.0
"""A history that takes longer than this is preceded by tables of what quotes alone tell."""
RETRY_S = 5.0
RETRY_MAX_S = 300.0
TELL_S = 1.0
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Kept:
    """How one market's table is kept; the fingerprints are of its data alone, and of its clock too."""

    market: str
    refresh_s: float
    fingerprint: str
    data_fingerprint: str


@dataclass(slots=True)
class _Task:
    kept: Kept
    sessions: Sessions
    due: float = 0.0
    instruments: Sequence[Instrument] = ()
    filling: Iterator[float] | None = None
    quotes_due: float = 0.0
    pieces: int = 0
    published_us: int | None = None
    revision: str = ""
    full: bool = False
    failures: int = 0
    told: dict[str, Any] = field(default_factory=lambda: {"doing": "it waits for its turn"})


class Refresher:
    """Does one piece of work a turn, for the market whose turn it is; has no thread and no socket."""

    def __init__(self, folder: Path, data: MarketData, kept: Mapping[str, Kept], clock: Clock) -> None:
        self._folder = folder
        self._data = data
        self._clock = clock
        tasks = [_Task(each, Sessions(folder, each.market, each.data_fingerprint)) for each in kept.values()]
        # Small markets go first: they are done while a large one still gets its history.
        self._tasks = sorted(tasks, key=lambda each: self._size(each.kept.market))
        self._told_at = -_NEVER
        self._process = psutil.Process()
        folder.mkdir(parents=True, exist_ok=True)
        self._tell()

    def turn(self) -> float:
        """Do what is due first; give the seconds until something is due again."""
        now = self._clock.monotonic()
        task = next((each for each in self._tasks if each.due <= now), None)
        if task is not None:
            try:
                self._work(task)
                task.failures = 0
                task.told.pop("failed", None)
            except (TacoreError, OSError) as error:
                self._failed(task, error)
            self._tell()
        due = min((each.due for each in self._tasks), default=_NEVER)
        return max(0.0, due - self._clock.monotonic())

    def _size(self, market: str) -> int:
        try:
            return len(self._data.provider(market).instruments(market))
        except TacoreError:
            return 0

    def _work(self, task: _Task) -> None:
        market, data = task.kept.market, self._data
        now, provider = data.now(market), data.provider(market)
        if task.filling is None:
            revision = provider.revision(market)
            if task.full and task.published_us == epoch_us(now) and task.revision == revision:
                task.due = self._clock.monotonic() + task.kept.refresh_s  # a standing market has nothing new
                return
            task.revision = revision
            task.instruments, task.pieces = provider.instruments(market), 0
            task.filling = task.sessions.bring_up(provider, task.instruments, now)
        started = self._clock.monotonic()
        done = next(task.filling, None)
        if done is None:
            task.filling = None
            self._publish(task, task.sessions.parts())
            return
        task.told["doing"] = f"its history is {done:.0%} there"
        now_s = self._clock.monotonic()
        task.pieces += 1
        left_s = (now_s - started) * task.pieces * (1 / done - 1)
        if not task.full and left_s > LONG_S and now_s >= task.quotes_due and not self._serves(task):
            self._publish(task, None)
            task.quotes_due = task.due
        task.due = self._clock.monotonic()

    def _serves(self, task: _Task) -> bool:
        """Tell whether there is a whole table of an earlier refresher that readers still trust."""
        pointer = read_pointer(self._folder, task.kept.market)
        if pointer is None or pointer.fingerprint != task.kept.fingerprint or not pointer.facts.full:
            return False
        return self._clock.wall_us() - pointer.facts.built_us < trusted_s(task.kept.refresh_s) * 1e6

    def _publish(self, task: _Task, history: list[History] | None) -> None:
        started, cpu = time.perf_counter(), time.process_time()
        market = task.kept.market
        provider, now = self._data.provider(market), self._data.now(market)
        quotes = provider.quotes(task.instruments, now=now)
        sources = sorted({each for part in history or () for each in part.sources}) or [provider.name]
        facts = Facts(
            market=market,
            source=",".join(sources),
            simulated=any(any(part.simulated) for part in history) if history else provider.simulated,
            full=history is not None,
            market_us=epoch_us(now),
            built_us=self._clock.wall_us(),
        )
        table = make_table(task.instruments, quotes, history, facts)
        pointer = publish(self._folder, table, task.kept.fingerprint, task.kept.refresh_s)
        task.published_us, task.full = facts.market_us, table.facts.full
        spent = time.process_time() - cpu
        task.due = self._clock.monotonic() + max(task.kept.refresh_s, spent * (1 / SHARE - 1))
        task.told = {
            "doing": "" if task.full else task.told["doing"],
            "generation": pointer.facts.generation,
            "built_at": datetime_of(facts.built_us).isoformat(),
            "symbols": len(table),
            "full": task.full,
            "build_ms": round((time.perf_counter() - started) * 1000, 1),
        }
        self._told_at = -_NEVER

    def _failed(self, task: _Task, error: TacoreError | OSError) -> None:
        task.filling = None
        task.failures += 1
        wait_s = min(RETRY_MAX_S, max(task.kept.refresh_s, RETRY_S * 2 ** (task.failures - 1)))
        task.due = self._clock.monotonic() + wait_s
        self._told_at = -_NEVER
        task.told["failed"] = True
        task.told["doing"] = f"it failed, next try in {wait_s:.0f} s: {error}"
        if task.failures == 1:
            log.warning("refresh_failed", extra={"market": task.kept.market, "reason": str(error)})

    def _tell(self) -> None:
        now = self._clock.monotonic()
        if now - self._told_at < TELL_S:
            return
        self._told_at = now
        told = {
            "pid": os.getpid(),
            "started": self._process.create_time(),
            "rss_mb": round(self._process.memory_info().rss / 1e6, 1),
            "markets": {each.kept.market: each.told for each in self._tasks},
        }
        write_status(self._folder, told)
