"""Between the cache and a shared level that may be slow, gone, full or wrong: nothing here raises."""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from tacore.clock import Clock
from tacore.store.cache.breaker import Breaker
from tacore.store.cache.shared import Shared, SharedDown, SharedRefused
from tacore.wire.backend import CacheCounts

log = logging.getLogger("tacore.cache")
T = TypeVar("T")


class Guard:
    """Asks the shared level only while it answers; a thread of its own finds out when it does again.

    Two breakers: one for all of it, and one for writing, since a full level still gives what it has.
    """

    def __init__(self, shared: Shared, clock: Clock, pause_s: float) -> None:
        self.shared = shared
        self._clock = clock
        self._lock = threading.Lock()
        self._level = Breaker(pause_s)
        self._writing = Breaker(pause_s)
        self._writing.worked(clock.monotonic())
        self._wake = threading.Event()
        self._known = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._watch, name="cache", daemon=True)

    def start(self, patience_s: float = 0.5) -> None:
        """Start the thread, and give it a moment for its first look, while nobody waits for answers."""
        self._thread.start()
        self._known.wait(patience_s)

    def close(self) -> None:
        """End the thread and close the level."""
        self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(1.0)
        self.shared.close()

    @property
    def trouble(self) -> str:
        """Say what keeps the level, or writing to it, from being used; "" where nothing does."""
        return self._level.reason or self._writing.reason

    def ask(self, counts: CacheCounts, read: Callable[[], T]) -> T | None:
        """Read from the level; None where it can't be used."""
        return self._exchange(counts, read)[1]

    def tell(self, counts: CacheCounts, write: Callable[[], T]) -> T | None:
        """Write to the level; None where it can't be used, or takes nothing in."""
        due_in = self._writing.due_in(self._clock.monotonic())
        if due_in is not None and due_in > 0:
            return None
        done, answer = self._exchange(counts, write)
        if done and self._writing.is_open:
            with self._lock:
                if self._writing.worked(self._clock.monotonic()):
                    log.info("cache_writable_again", extra={"redis": self.shared.address})
        return answer

    def probe(self) -> None:
        """See whether the level answers, and draw the consequences."""
        try:
            self.shared.probe()
        except (SharedDown, SharedRefused) as error:
            self._failed(None, self._level, error)
        else:
            with self._lock:
                if self._level.worked(self._clock.monotonic()):
                    log.info("cache_shared", extra={"redis": self.shared.address})
        self._known.set()

    def _exchange(self, counts: CacheCounts, operation: Callable[[], T]) -> tuple[bool, T | None]:
        if not self._level.is_open:
            try:
                return True, operation()
            except SharedDown as error:
                self._failed(counts, self._level, error)
            except SharedRefused as error:
                self._failed(counts, self._writing, error)
        return False, None

    def _failed(self, counts: CacheCounts | None, breaker: Breaker, error: Exception) -> None:
        with self._lock:
            if counts is not None:
                counts.errors += 1
            news = breaker.failed(self._clock.monotonic(), str(error))
        if news:
            event = "cache_not_shared" if breaker is self._level else "cache_not_writable"
            log.warning(event, extra={"redis": self.shared.address, "reason": str(error)})
            self._wake.set()

    def _watch(self) -> None:
        while not self._closing:
            due_in = self._level.due_in(self._clock.monotonic())
            if due_in is not None and due_in <= 0:
                self.probe()
                continue
            self._wake.wait(due_in)
            self._wake.clear()
