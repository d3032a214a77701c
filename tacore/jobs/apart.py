"""Questions that take time, asked on threads; what they give comes back to the desk's own."""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from tacore.clock import DEADLINE, Clock
from tacore.errors import Internal, Overloaded, TacoreError, too_late
from tacore.ports import Later

log = logging.getLogger("tacore.jobs")
T = TypeVar("T")
MOST = 64
"""Of those that are asked at once; with more, slow providers would leave the other methods no place."""
RETRY_AFTER_MS = 2_000


@dataclass(slots=True)
class Apart:
    """Runs them on ``threads``, within the asker's deadline; ``wake`` calls for a turn."""

    threads: Executor
    wake: Callable[[], None]
    clock: Clock
    _asked: int = 0
    _back: SimpleQueue[Callable[[], None]] = field(default_factory=SimpleQueue)

    def ask(self, look: Callable[[], T]) -> Later[T]:
        """Have a question asked; Overloaded where too many wait for their answers."""
        if self._asked >= MOST:
            raise Overloaded(
                f"{self._asked} requests for agents wait for their market's data already",
                details={"asked": self._asked, "most": MOST, "retry_after_ms": RETRY_AFTER_MS},
            )
        self._asked += 1
        told: Later[T] = Later()
        self.threads.submit(copy_context().run, self._run, look, told)
        return told

    def turn(self) -> None:
        """Tell what has come back."""
        while True:
            try:
                call = self._back.get_nowait()
            except Empty:
                return
            self._asked -= 1
            call()

    def close(self) -> None:
        """Ask nothing more."""
        self.threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, look: Callable[[], Any], told: Later[Any]) -> None:
        try:
            if DEADLINE.get() <= self.clock.monotonic():
                raise too_late()
            call = partial(told.resolve, look())
        except TacoreError as error:
            call = partial(told.fail, error)
        except Exception as error:
            log.exception("look_failed", exc_info=error)
            call = partial(told.fail, Internal("the job desk failed; its log has the details"))
        self._back.put(call)
        self.wake()
