"""No test asks a real vendor: connections that leave this machine are refused."""

import socket
from typing import Any

import pytest

_LOCAL = ("127.0.0.1", "::1", "localhost")


def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse Python's connections to elsewhere, and lead libcurl's to a port where nobody listens."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in _LOCAL:
            raise ConnectionRefusedError(f"a test would have asked {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
