"""Questions that take time, asked on threads; what they give comes back to the desk's own."""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from tacore.errors import Internal, TacoreError
from tacore.ports import Later

log = logging.getLogger("tacore.jobs")
T = TypeVar("T")


@dataclass(slots=True)
class Apart:
    """Runs them on ``threads``, within the asker's deadline; ``wake`` calls for a turn."""

    threads: Executor
    wake: Callable[[], None]
    _back: SimpleQueue[Callable[[], None]] = field(default_factory=SimpleQueue)

    def ask(self, look: Callable[[], T]) -> Later[T]:
        """Have a question asked."""
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
            call()

    def close(self) -> None:
        """Ask nothing more."""
        self.threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, look: Callable[[], Any], told: Later[Any]) -> None:
        try:
            call = partial(told.resolve, look())
        except TacoreError as error:
            call = partial(told.fail, error)
        except Exception as error:
            log.exception("look_failed", exc_info=error)
            call = partial(told.fail, Internal("the job desk failed; its log has the details"))
        self._back.put(call)
        self.wake()
