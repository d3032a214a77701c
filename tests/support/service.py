"""A real service in a temporary home: broker, journal writer, supervisor and workers, each its own process.

Every process of a service inherits a mark in its environment, so that its end can be proved: whatever still
carries the mark after `stop` is an orphan.
"""

import os
import random
import signal
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tacore import processes
from tacore.client import Client
from tacore.errors import NoAnswer, TacoreError
from tacore.settings.load import load_settings
from tacore.settings.loaded import Loaded
from tacore.settings.names import env_name
from tests.support.command import environment

MARK = "SERVICE_UNDER_TEST"
PATIENCE_S = 45.0
LOOK_S = 0.01


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> float:
    """Look until something holds; give the seconds that took, or fail saying ``what`` did not happen."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > timeout_s:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(LOOK_S)
    return time.monotonic() - started


def free_ports(count: int) -> list[int]:
    """Find free ports below those that the system hands out for outgoing connections."""
    found: list[int] = []
    while len(found) < count:
        port = random.randint(20_000, 31_000)  # noqa: S311 - no secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
    return found


class Service:
    """Starts with the context and ends with it; afterwards no process of it is left.

    ``settings`` are by dotted key. ``client`` is the tests' own line to it, with a request_id of its own for
    each call.
    """

    def __init__(self, home: Path, workers: int = 2, **settings: Any) -> None:
        frontend, backend, api = free_ports(3)
        ports = {"zmq.frontend_port": frontend, "zmq.backend_port": backend, "api.port": api}
        defaults = {"debug_methods": True, "log_level": "INFO"}
        self.home = home
        self.settings: Mapping[str, Any] = ports | defaults | {
            name.replace("__", "."): value for name, value in settings.items()
        }
        self.loaded: Loaded = load_settings({"home": home, **self.settings}, environ={}, cwd=home)
        self.endpoint = self.loaded.settings.frontend_endpoint
        self.backend = self.loaded.settings.backend_endpoint
        self.database = self.loaded.settings.database_path
        self.mark = uuid.uuid4().hex
        self.client = Client(self.endpoint, timeout_s=2.0, retries=0)
        self._workers = workers
        self._children: dict[str, processes.Child] = {}

    # -- life --------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.clear()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.stop()
        finally:
            self.clear()

    def start(self) -> None:
        """Start everything, and wait until all workers are registered."""
        self.start_broker()
        if self._workers:
            self.start_workers(self._workers)
            self.wait_ready()

    def start_broker(self) -> None:
        """Start a broker, and wait until it answers."""
        child = self._child("broker", {})

        def answers() -> bool:
            assert not child.ended(), f"the broker ended: {child.reason()}\n{self.log()}"
            return self._health() is not None

        wait_until(answers, "the broker answers")

    def start_workers(self, count: int) -> None:
        """Start a supervisor with that many workers."""
        self._workers = count
        self._child("workers", {"count": count, "pool": "fast", "endpoint": self.backend})

    def wait_ready(self, without: frozenset[int] | set[int] = frozenset()) -> float:
        """Wait until the workers are all registered, none of them one of these pids; give the seconds."""

        def complete() -> bool:
            pids = self.worker_pids()
            return len(pids) == self._workers and not without & set(pids)

        return wait_until(complete, f"{self._workers} workers are registered")

    def stop(self) -> None:
        """End everything in good order, who accepts requests first, and see that nothing is left."""
        for name in ("broker", "workers"):
            if name in self._children:
                self.end(name)
        wait_until(lambda: not self.living(), "every process has ended")

    def end(self, name: str) -> None:
        """End a child with SIGTERM, and wait for it."""
        child = self._children.pop(name)
        child.terminate()
        assert child.wait(PATIENCE_S), f"{name} does not end on SIGTERM\n{self.log()}"
        reason = child.reason()
        child.close()
        assert reason == "exited with status 0", f"{name} {reason}\n{self.log()}"

    def bury(self, name: str) -> None:
        """Take note that a child was killed."""
        child = self._children.pop(name)
        assert child.wait(PATIENCE_S), f"{name} still runs"
        child.close()

    def clear(self) -> None:
        """Kill whatever is left; for the end of a test that failed."""
        for each in self.living():
            with suppress(psutil.NoSuchProcess):
                each.kill()
        for name in list(self._children):
            self.bury(name)
        self.client.close()

    # -- processes ---------------------------------------------------------------------------------

    @property
    def environ(self) -> dict[str, str]:
        """Give the environment of a shell that this service's operator types in."""
        named = {env_name(key): str(value) for key, value in self.settings.items()}
        return environment(**named, **{MARK: self.mark})

    def health(self) -> dict[str, Any]:
        """Give the detailed health.check."""
        answer: dict[str, Any] = self.client.call("health.check", {"detailed": True})
        return answer

    def broker_pid(self) -> int:
        """Give the broker's pid."""
        return int(self.health()["pid"])

    def writer_pid(self) -> int:
        """Give the journal writer's pid."""
        return int(self.health()["components"]["journal"]["writer_pid"])

    def supervisor_pid(self) -> int:
        """Give the pid of the only supervisor."""
        (supervisor,) = self.health()["components"]["workers"]["supervisors"]
        return int(supervisor["pid"])

    def worker_pids(self) -> list[int]:
        """Give the pids of the registered workers, empty where the broker does not answer."""
        health = self._health()
        return [] if health is None else [each["pid"] for each in health["components"]["workers"]["workers"]]

    def living(self) -> list[psutil.Process]:
        """List the living processes of this service."""
        return [each for each in psutil.process_iter() if self._is_ours(each)]

    @staticmethod
    def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal."""
        os.kill(pid, number)

    def log(self, lines: int = 40) -> str:
        """Give the ends of the log files, for messages."""
        files = sorted(self.loaded.settings.logs_dir.glob("*.log"))
        tails = [f"-- {each.name}\n" + "\n".join(each.read_text().splitlines()[-lines:]) for each in files]
        return "\n".join(tails)

    def _health(self) -> dict[str, Any] | None:
        try:
            return self.health()
        except (NoAnswer, TacoreError):
            return None

    def _child(self, role: str, spec: Mapping[str, Any]) -> processes.Child:
        with marked(self.mark):
            whole = {"loaded": self.loaded.to_json(), "stderr": False, **spec}
            child = processes.Child(processes.role_argv(role), whole)
        self._children[role] = child
        return child

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            return bool(process.environ().get(MARK) == self.mark)
        return False


@contextmanager
def marked(mark: str) -> Iterator[None]:
    """Let the processes that are started meanwhile inherit a mark."""
    os.environ[MARK] = mark
    try:
        yield
    finally:
        del os.environ[MARK]
