"""The journal writer: a child of the broker, and the only process that writes tacore.db.

It ends when the broker's side of its socket closes and everything that had arrived is committed.
"""

import gc
import json
import logging
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock, Timeout

from tacore.store.batch import Batch
from tacore.store.database import Database
from tacore.store.inbox import Chunks, Inbox
from tacore.store.options import WriterOptions, parse
from tacore.store.pace import Pace
from tacore.store.performance_log import PerformanceLog
from tacore.store.retention import Retention, prune, prune_summaries
from tacore.wire.records import Record

IDLE_S = 1.0
FIRST_BACKOFF_S = 0.05
MAX_BACKOFF_S = 2.0
ENOUGH_BYTES = 4 << 20
SUMMARIES_S = 60.0

T = TypeVar("T")

log = logging.getLogger("tacore.store.writer")
_decode = msgspec.msgpack.Decoder(list[Record]).decode


class GivenUp(Exception):
    """The broker is gone and the database stayed out of reach."""


class Writer:
    """Takes chunks from the inbox, commits them, and tells the broker how far it got."""

    def __init__(self, options: WriterOptions, connection: socket.socket) -> None:
        self._options = options
        self._connection = connection
        self._pace = Pace(options.commit_ms / 1000)
        self._inbox = Inbox(connection, options.buffer_bytes)
        self._chunks = Chunks()
        self._database: Database | None = None
        self._performance_log: PerformanceLog | None = None
        if options.performance_log:
            self._performance_log = PerformanceLog(
                Path(options.performance_log), options.performance_log_bytes, options.performance_log_backups
            )
        self._keep = Retention(options.retention_days, options.max_rows, options.rollup_days)
        self._pruned = 0.0  # while there is more to prune, else when there was no more
        self._summaries_pruned = 0.0
        self._malformed = 0
        self._told: dict[str, object] = {}

    def run(self) -> None:
        """Work until the broker's side is closed and all is committed; GivenUp if it cannot be."""
        with self._lock():
            while not self._inbox.ended:
                self._pace.begin()
                self._write(self._inbox.take(ENOUGH_BYTES))
                self._housekeep()
                if self._pruned:
                    self._inbox.wait(IDLE_S)
                self._inbox.wait(self._options.commit_ms / 1000, ENOUGH_BYTES)
            if self._database is not None:
                self._database.close()
            if self._performance_log is not None:
                self._performance_log.close()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the lock file; a predecessor whose broker is gone drains and lets go of it.

        It is deleted while it is held: who waits for it sees that its name is gone, and opens it anew.
        """
        lock = FileLock(self._options.lock)
        Path(self._options.lock).parent.mkdir(parents=True, exist_ok=True)
        patience = _Patience(self._options.give_up_s)
        while not lock.is_locked:
            try:
                lock.acquire(timeout=0.5, poll_interval=0.02)
            except Timeout:
                self._tell(f"another writer holds {self._options.lock}")
                patience.check(self._inbox.closed)
        try:
            yield
            Path(self._options.lock).unlink(missing_ok=True)
        finally:
            lock.release()

    def _write(self, data: bytes) -> None:
        chunks = list(self._chunks.feed(data))
        epoch = self._chunks.epoch
        done = self._persist(lambda database: database.committed_seq(epoch))
        batch = Batch(lines=self._performance_log is not None, pause=self._pace.pause)
        for seq, body in chunks:
            if seq > done:
                self._add(batch, body)
                batch.seq = seq
        if batch.seq:
            self._persist(lambda database: database.commit(batch, epoch))
            self._malformed += batch.malformed
        if self._performance_log is not None and batch.lines:
            self._performance_log.write(batch.lines)
        self._tell(None, max(done, batch.seq))

    def _add(self, batch: Batch, body: bytes) -> None:
        try:
            batch.add(_decode(body))
        except msgspec.DecodeError as problem:
            batch.malformed += 1
            log.warning("journal_chunk_malformed error=%s", problem)

    def _persist(self, work: Callable[[Database], T]) -> T:
        """Do it with the open database; after an error open it anew and try again, with a back-off."""
        delay_s = FIRST_BACKOFF_S
        patience = _Patience(self._options.give_up_s)
        while True:
            try:
                if self._database is None:
                    self._database = Database(Path(self._options.db), self._pace.pause)
                return work(self._database)
            except (sqlite3.Error, OSError) as problem:
                self._failed(problem)
            patience.check(self._inbox.closed)
            time.sleep(delay_s)
            delay_s = min(delay_s * 2, MAX_BACKOFF_S)

    def _failed(self, problem: Exception) -> None:
        if not self._told.get("error"):
            log.error("journal_write_failed db=%s error=%s", self._options.db, problem)
        self._tell(f"{self._options.db}: {problem}")
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
        self._database = None

    def _housekeep(self) -> None:
        """Delete a slice of old rows, at once again while there is more, else each second."""
        now = time.monotonic()
        if self._database is None or now < self._pruned + IDLE_S:
            return
        try:
            more = prune(self._database.connection, self._keep, time.time_ns() // 1000)
            self._pruned = 0.0 if more else now
            if now >= self._summaries_pruned + SUMMARIES_S:
                prune_summaries(self._database.connection, self._keep, time.time_ns() // 1000)
                self._summaries_pruned = now
        except sqlite3.Error as problem:
            self._failed(problem)

    def _tell(self, error: str | None, seq: int = 0) -> None:
        """Tell the broker, unless it knows; where its socket is full, the next message says it too."""
        lost = self._performance_log.lost if self._performance_log else 0
        if error is None and self._performance_log is not None:
            error = self._performance_log.error
        message = {"epoch": self._chunks.epoch, "seq": seq or self._told.get("seq", 0), "error": error}
        message |= {"malformed": self._malformed, "lines_lost": lost}
        if message == self._told:
            return
        with suppress(OSError):
            self._connection.send(json.dumps(message).encode() + b"\n", socket.MSG_DONTWAIT)
            self._told = message


class _Patience:
    """How long an orphan keeps trying."""

    def __init__(self, give_up_s: float) -> None:
        self._give_up_s = give_up_s
        self._deadline: float | None = None

    def check(self, orphaned: bool) -> None:
        """Raise GivenUp once the broker has been gone for that long."""
        if not orphaned:
            return
        if self._deadline is None:
            self._deadline = time.monotonic() + self._give_up_s
        if time.monotonic() >= self._deadline:
            raise GivenUp


def main(argv: Sequence[str] | None = None) -> int:
    """Run the writer; signals are ignored, for its broker is who ends it."""
    options = parse(argv)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTTOU):
        signal.signal(number, signal.SIG_IGN)
    gc.set_threshold(100_000, 20, 20)
    if hasattr(os, "SCHED_BATCH"):  # its full share of the processor, but never at once from who feeds it
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        Writer(options, socket.socket(fileno=options.fd)).run()
    except GivenUp:
        log.error("journal_rows_lost db=%s reason=%s", options.db, "the database stayed out of reach")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
