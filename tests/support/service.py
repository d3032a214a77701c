"""A real service in a temporary home: broker, journal writer, supervisor and workers, each its own process.

Every process of a service inherits a mark in its environment, so that its end can be proved: whatever still
carries the mark after `stop` is an orphan.
"""

import os
import random
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import psutil

from tacore import processes
from tacore.client import Client
from tacore.errors import TacoreError
from tacore.settings.load import load_settings
from tacore.settings.loaded import Loaded
from tacore.settings.names import env_name
from tests.support.calendars import keep_calendars
from tests.support.command import command, environment

MARK = "SERVICE_UNDER_TEST"
PATIENCE_S = 45.0
LOOK_S = 0.01
ORDER = ("logs", "monitor", "monitor-2", "up", "broker", "workers", "orders", "agents")
"""In which order children are ended: who accepts requests goes before who serves them."""


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> float:
    """Look until something holds; give the seconds that took, or fail saying ``what`` did not happen."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > timeout_s:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(LOOK_S)
    return time.monotonic() - started


def free_ports(count: int) -> list[int]:
    """Find free ports, no two alike, below those that the system hands out for outgoing connections."""
    found: set[int] = set()
    while len(found) < count:
        port = random.randint(20_000, 31_000)  # noqa: S311 - no secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.add(port)
    return list(found)


class Service:
    """Starts with the context and ends with it; afterwards no process of it is left.

    ``how`` is what starts it: its parts as children of the tests, `tacore up`, or nothing yet. ``settings``
    are by dotted key, with two underscores for the dot; with ``orders`` and ``agents`` those pools run too.
    ``client`` is the tests' own line to it.
    """

    def __init__(
        self,
        home: Path,
        workers: int = 2,
        how: Literal["children", "up", "nothing"] = "children",
        *,
        orders: bool = False,
        agents: bool = False,
        **settings: Any,
    ) -> None:
        frontend, backend, api = free_ports(3)
        ports = {"zmq.frontend_port": frontend, "zmq.backend_port": backend, "api.port": api}
        # The history of the invented markets takes a core for half a minute, which few tests want.
        defaults = {"debug_methods": True, "log_level": "INFO", "worker.feature_tables": False}
        self.home = home
        keep_calendars(home)
        self.settings: Mapping[str, Any] = (
            ports | defaults | {name.replace("__", "."): value for name, value in settings.items()}
        )
        self.loaded: Loaded = load_settings({"home": home, **self.settings}, environ={}, cwd=home)
        self.endpoint = self.loaded.settings.frontend_endpoint
        self.backend = self.loaded.settings.backend_endpoint
        self.database = self.loaded.settings.database_path
        self.mark = uuid.uuid4().hex
        self.client = Client(self.endpoint, timeout_s=2.0, retries=0)
        self._workers = workers
        self._owners = [*(["orders"] if orders else []), *(["agents"] if agents else [])]
        self._how = how
        self._children: dict[str, subprocess.Popen[Any]] = {}

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
        if self._how == "children":
            self.start_broker()
            self.start_workers(self._workers)
            for pool in list(self._owners):
                self.start_owner(pool)
        elif self._how == "up":
            without = [
                "--no-monitor",
                *(f"--no-{pool}" for pool in ("orders", "agents") if pool not in self._owners),
            ]
            self.run("up", "up", "-n", str(self._workers), *without)
            self.wait_answers("up")
        if self._how != "nothing":
            self.wait_ready()

    def run(self, name: str, *words: str) -> "subprocess.Popen[Any]":
        """Start a tacore command of the operator's in the background, its output in a file of that name."""
        with (self.home / f"{name}.out").open("wb") as output:
            process = subprocess.Popen(
                command(*words),
                cwd=self.home,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._children[name] = process
        return process

    def start_broker(self) -> None:
        """Start a broker, and wait until it answers."""
        self._child("broker", {})
        self.wait_answers("broker")

    def wait_answers(self, name: str) -> None:
        """Wait until the broker answers that a child is or has."""
        child = self._children[name]

        def answers() -> bool:
            assert child.poll() is None, f"{name} ended with {child.returncode}\n{self.log()}"
            return self._health() is not None

        wait_until(answers, "the broker answers")

    def start_workers(self, count: int) -> None:
        """Start a supervisor with that many workers."""
        self._workers = count
        if count:
            self._child("workers", {"count": count, "pool": "fast", "endpoint": self.backend})

    def start_orders(self) -> None:
        """Start a supervisor of the pool that places orders."""
        self.start_owner("orders")

    def start_owner(self, pool: str) -> None:
        """Start a supervisor of a pool of one worker, which owns a store."""
        if pool not in self._owners:
            self._owners.append(pool)
        spec = {"count": 1, "pool": pool, "endpoint": self.backend}
        self._child("workers", spec, name=pool)

    def wait_ready(self, without: Iterable[int] = ()) -> float:
        """Wait until the workers are all registered, none of them one of these pids; give the seconds."""
        gone = set(without)
        owners = len(self._owners)
        wanted, supervisors = self._workers + owners, bool(self._workers) + owners

        def complete() -> bool:
            health = self._health()
            if health is None:
                return False
            parts = health["components"]["workers"]
            pids = {each["pid"] for each in parts["workers"]}
            return len(pids) == wanted and not gone & pids and len(parts["supervisors"]) == supervisors

        return wait_until(complete, f"{wanted} workers are registered")

    def stop(self) -> None:
        """End everything in good order, who accepts requests first, and see that nothing is left."""
        for name in sorted(self._children, key=ORDER.index):
            self.end(name)
        self.wait_gone()

    def wait_gone(self) -> None:
        """Wait until no process of it is left."""
        wait_until(lambda: not self.living(), "every process has ended")

    def end(self, name: str) -> None:
        """End a child with SIGTERM, and wait for it."""
        child = self._children[name]
        child.terminate()
        assert self.bury(name) == 0, f"{name} ended with {child.returncode}\n{self.log()}"

    def bury(self, name: str) -> int:
        """Wait for the end of a child; give its exit code."""
        child = self._children.pop(name)
        code = child.wait(PATIENCE_S)
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        return code

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

    def child(self, name: str) -> "subprocess.Popen[Any]":
        """Give a child by its name: broker, workers, up, or one that `run` started."""
        return self._children[name]

    def broker_pid(self) -> int:
        """Give the broker's pid."""
        return int(self.health()["pid"])

    def writer_pid(self) -> int:
        """Give the journal writer's pid."""
        return int(self.health()["components"]["journal"]["writer_pid"])

    def supervisor_pid(self, pool: str = "fast") -> int:
        """Give the pid of the only supervisor of a pool."""
        all_there = self.health()["components"]["workers"]["supervisors"]
        (supervisor,) = [each for each in all_there if each["pool"] == pool]
        return int(supervisor["pid"])

    def executor_pid(self, pool: str = "orders") -> int:
        """Give the pid of the worker that owns a pool's store."""
        all_there = self.health()["components"]["workers"]["workers"]
        (executor,) = [each for each in all_there if each["pool"] == pool]
        return int(executor["pid"])

    def worker_pids(self) -> list[int] | None:
        """Give the pids of the registered workers; None where the broker does not answer."""
        try:
            return self.registered()
        except TacoreError:
            return None

    def registered(self) -> list[int]:
        """Give the pids of the registered workers, of a broker that is known to answer."""
        return [each["pid"] for each in self.health()["components"]["workers"]["workers"]]

    def living(self) -> list[psutil.Process]:
        """List the living processes of this service."""
        return [each for each in psutil.process_iter() if self._is_ours(each)]

    @staticmethod
    def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal."""
        os.kill(pid, number)

    def log(self, lines: int = 15) -> str:
        """Give the ends of the log files, for messages."""
        names = ("tacoreservice.log", "worker.log")
        files = [self.loaded.settings.logs_dir / name for name in names]
        files = [each for each in [*files, *sorted(self.home.glob("*.out"))] if each.exists()]
        tails = [f"-- {each.name}\n" + "\n".join(each.read_text().splitlines()[-lines:]) for each in files]
        return "\n".join(tails)

    def _health(self) -> dict[str, Any] | None:
        try:
            return self.health()
        except TacoreError:
            return None

    def _child(self, role: str, spec: Mapping[str, Any], name: str | None = None) -> None:
        with marked(self.mark):
            whole = {"loaded": self.loaded.to_json(), "stderr": False, **spec}
            self._children[name or role] = processes.Child(processes.role_argv(role), whole).process

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
