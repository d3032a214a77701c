"""A service to measure: `tacore up` on free ports in a temporary home."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tacore.client import Client
from tacore.errors import TacoreError

START_S = 30.0


@contextmanager
def service(workers: int, orders: bool = False, /, **settings: str) -> Iterator[str]:
    """Run `tacore up` with debug.sleep and variables that set something; give its endpoint.

    The order executor runs only where ``orders`` asks for it.
    """
    with tempfile.TemporaryDirectory() as home:
        names = ("ZMQ_FRONTEND_PORT", "ZMQ_BACKEND_PORT", "API_PORT")
        ports = dict(zip(names, map(str, free_ports(len(names))), strict=True))
        environ = os.environ | ports | {"TACORE_HOME": home, "TACORE_DEBUG_METHODS": "1"}
        environ["TACORE_WORKER__FEATURE_TABLES"] = "false"  # it would be measured along at first
        environ |= settings
        command = [sys.executable, "-m", "tacore", "--quiet", "up", "-n", str(workers), "--no-agents"]
        if not orders:
            command.append("--no-orders")
        process = subprocess.Popen(command, cwd=home, env=environ, stdout=subprocess.DEVNULL)
        try:
            endpoint = f"tcp://127.0.0.1:{ports['ZMQ_FRONTEND_PORT']}"
            wait(endpoint, workers + orders)
            yield endpoint
        finally:
            process.terminate()
            process.wait()


def free_ports(count: int) -> list[int]:
    """Find free ports."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait(endpoint: str, workers: int) -> None:
    """Wait until all workers are registered."""
    deadline = time.monotonic() + START_S
    with Client(endpoint, timeout_s=1.0, retries=0) as client:
        while time.monotonic() < deadline:
            try:
                if client.call("health.check")["workers"] == workers:
                    return
            except TacoreError:
                pass
            time.sleep(0.05)
    raise SystemExit("the service did not start")
