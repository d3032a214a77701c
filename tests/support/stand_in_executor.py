"""A process that owns a store of one number: `serve_executor` with a desk for tests, on any pool's methods.

``python -m tests.support.stand_in_executor`` reads its spec as any role does. ``store`` in the spec names the
file, whose lock is held while it runs. A call answers its own params, or never where they say ``never``.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock

from tacore import processes
from tacore.bootstrap.executor import serve_executor
from tacore.clock import SystemClock
from tacore.ports import Context, Later, Method, Ports
from tacore.settings.loaded import Loaded
from tacore.wire import backend
from tacore.wire.records import RowMaker
from tacore.worker.stream import Wake
from tacore.worker.stream_session import StreamSession
from tests.support.batches import PORTS


class StandIn:
    """The store, opened, and its desk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(f"{path}.lock")
        self._lock.acquire(timeout=20)
        epoch = int(path.read_text()) + 1 if path.exists() else 1
        path.write_text(str(epoch))
        self.store = backend.Store(path.name, epoch)
        self._asked: list[tuple[bytes, Later[msgspec.Raw]]] = []

    def build(
        self, methods: Mapping[str, Method], _welcome: backend.Welcome, _wake: Wake
    ) -> tuple[StreamSession, "StandIn"]:
        """Serve every method of the pool with params as they are."""
        made = {
            name: Method(name, self._ask, msgspec.Raw, msgspec.Raw, name, pool=method.pool)
            for name, method in methods.items()
        }
        ports = Ports(market=PORTS.market)
        return StreamSession(made, ports, SystemClock(), RowMaker()), self

    def _ask(self, params: msgspec.Raw, _context: Context) -> Later[msgspec.Raw]:
        answer: Later[msgspec.Raw] = Later()
        self._asked.append((bytes(params), answer))
        return answer

    def turn(self) -> None:
        """Answer what may be answered; raise where the store has a newer epoch."""
        if int(self._path.read_text()) != self.store.epoch:
            raise RuntimeError("another epoch")
        asked, self._asked = self._asked, []
        for params, answer in asked:
            told = {"epoch": self.store.epoch, "pid": os.getpid(), "params": msgspec.Raw(params)}
            if b"never" not in params or self.store.epoch > 1:
                answer.resolve(msgspec.Raw(msgspec.json.encode(told)))

    def leave(self) -> None:
        """Nothing only waits."""

    def due(self) -> float | None:
        """Nothing is ever due."""
        return None

    def close(self) -> None:
        """Let go of the store, and leave word of it."""
        self._path.with_suffix(".closed").touch()
        self._lock.release()


def main() -> None:
    """Play the executor."""
    spec: dict[str, Any] = processes.read_spec()

    def open_desk(_loaded: Loaded) -> StandIn:
        return StandIn(Path(spec["store"]))

    serve_executor(spec, open_desk)


if __name__ == "__main__":
    main()
