"""A redis-server of the tests' own, on a Unix socket: to be killed, stopped and started again."""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import redis

from tests.support.service import wait_until

BINARY = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(
    BINARY is None,
    reason="there is no redis-server on PATH: install Debian's package of that name",
)


class RedisServer:
    """Runs from entering the context to leaving it; nothing of it lasts."""

    def __init__(self, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="redis-")  # short: a socket's path is bounded
        self._options = options
        self.socket = Path(self._folder.name) / "s"
        self.url = f"unix://{self.socket}"
        self.client: redis.Redis = redis.Redis(unix_socket_path=str(self.socket), protocol=2)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self.kill()
        self._folder.cleanup()

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        assert BINARY is not None
        self.socket.unlink(missing_ok=True)
        where = ["--port", "0", "--unixsocket", str(self.socket), "--dir", self._folder.name]
        self._process = subprocess.Popen(
            [BINARY, *where, "--save", "", "--appendonly", "no", *self._options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self.answers, "redis-server answers")

    def answers(self) -> bool:
        """Tell whether it answers."""
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it with SIGKILL, stopped or not; once it has ended this does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def keys(self, pattern: str = "*") -> list[str]:
        """List its keys."""
        found: Any = self.client.keys(pattern)
        return sorted(each.decode() for each in found)
