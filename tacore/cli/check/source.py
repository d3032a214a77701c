"""Where checks look: the broker, asked once, and its journal."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from tacore.cli.endpoint import resolve
from tacore.cli.globals import Globals
from tacore.client.sync import Client
from tacore.errors import NotFound, TacoreError
from tacore.store.queries import Reader


class Unknown(Exception):
    """It can't be told; the message says why."""


class Source:
    """One service; nothing is asked before a check wants it, and the broker once."""

    def __init__(self, options: Globals, timeout_s: float) -> None:
        self.endpoint, _ = resolve(options, os.environ)
        self._timeout_s = timeout_s
        self.took_s = 0.0
        self._reader: Reader | None = None

    @cached_property
    def answer(self) -> Mapping[str, Any] | TacoreError:
        """Give the broker's detailed health, or why there is none; ``took_s`` is how long that took."""
        with Client(self.endpoint, timeout_s=self._timeout_s, retries=0) as client:
            started = time.perf_counter()
            try:
                health = client.call("health.check", {"detailed": True})
            except TacoreError as error:
                return error
            self.took_s = time.perf_counter() - started
            if not isinstance(health, Mapping) or "components" not in health:
                return TacoreError(f"what answers at {self.endpoint} is no tacore broker")
            return health

    @property
    def health(self) -> Mapping[str, Any]:
        """Give the broker's detailed health; Unknown where it can't be asked."""
        if isinstance(self.answer, TacoreError):
            raise Unknown(f"the broker can't be asked: {self.answer.message}")
        return self.answer

    @property
    def reader(self) -> Reader:
        """Open the journal of the running broker; Unknown where there is none on this machine."""
        if self._reader is None:
            path = Path(self.health["database"])
            try:
                self._reader = Reader(path)
            except NotFound as error:
                here = "" if path.exists() else " on this machine: run this check where the broker runs"
                raise Unknown(f"{error.message}{here}") from None
        return self._reader

    def close(self) -> None:
        """Close the journal."""
        if self._reader is not None:
            with suppress(Exception):
                self._reader.close()
