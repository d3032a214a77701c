"""The one process of a pool that owns a store, from the settings."""

import gc
import os
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tacore import processes
from tacore.bootstrap.worker import LEAVE_S, import_providers, introduce, leave_within, methods_of, prepare
from tacore.ports import Method
from tacore.settings.loaded import Loaded
from tacore.settings.logs import start_logs
from tacore.wire import backend
from tacore.worker.member import Link
from tacore.worker.stream import CREDIT, StreamServer, Turning, Wake
from tacore.worker.stream_session import StreamSession


class OpenDesk(Protocol):
    """A store that this process owns from here on: its lock is held, and its epoch taken."""

    @property
    def store(self) -> backend.Store:
        """Which store, in which epoch."""
        ...

    def build(
        self, methods: Mapping[str, Method], welcome: backend.Welcome, wake: Wake
    ) -> tuple[StreamSession, Turning]:
        """Make what serves requests, once the markets' clocks are known; called once."""
        ...

    def close(self) -> None:
        """Leave the store in order, built or not: nothing is sent or written after it."""
        ...


Open = Callable[[Loaded], OpenDesk]


def serve_executor(spec: Mapping[str, Any], open_desk: Open) -> None:
    """Run the process, the child of a supervisor; ``open_desk`` may wait for the one before it to end."""
    loaded = Loaded.from_json(spec["loaded"])
    start_logs(loaded, file="worker.log", stderr=False, context={"worker_id": str(spec["worker_id"])})
    servers: list[StreamServer] = []
    processes.watch_parent(leave_within(lambda: _leave(servers), LEAVE_S))
    methods = methods_of(loaded, str(spec["pool"]))
    import_providers(loaded)
    prepare(methods)
    desk = open_desk(loaded)
    ready = introduce(spec, methods, credit=CREDIT, batch=1, store=desk.store)
    link = Link(str(spec["endpoint"]), loaded.settings.worker.heartbeat_s)
    server = StreamServer(ready, link, lambda welcome, wake: desk.build(methods, welcome, wake))
    servers.append(server)
    processes.on_stop_signals(server.stop)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    server.run()
    desk.close()


def _leave(servers: list[StreamServer]) -> None:
    """Stop in good order; at once while the store is not open yet."""
    for server in servers:
        server.stop()
    if not servers:
        os._exit(1)
