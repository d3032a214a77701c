"""A ROUTER by which a test plays the broker towards workers by hand."""

from typing import Any

import msgspec
import pytest
import zmq

PATIENCE_S = 15.0


class Broker:
    """A ROUTER that says and hears what the test wants."""

    def __init__(self) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.router.linger = 0
        self.port = self.router.bind_to_random_port("tcp://127.0.0.1")

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"tcp://127.0.0.1:{self.port}"

    def hear(self, kind: bytes) -> tuple[bytes, Any, list[bytes]]:
        """Wait for a message of that kind; give who said it, its payload and its blobs."""
        for _ in range(1_000):
            assert self.router.poll(int(PATIENCE_S * 1000)), f"no message of kind {kind!r}"
            routing, header, *blobs = self.router.recv_multipart()
            if header[:1] == kind:
                return routing, msgspec.msgpack.decode(header[1:]) if header[1:] else None, blobs
        pytest.fail(f"only other messages than {kind!r}")

    def say(self, routing: bytes, *frames: bytes) -> None:
        """Send a message."""
        self.router.send_multipart([routing, *frames])
