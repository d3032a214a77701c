"""The client that existing programs carry, as it is written there."""

import json
from typing import Any

import zmq


class SeedClient:
    """A plain REQ socket; on a time-out it is closed, opened anew, and the request sent again.

    ``timeouts`` counts how often that was needed.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.timeouts = 0
        self.context = zmq.Context()
        self.connect()

    def connect(self) -> None:
        """Open a socket."""
        self.socket = self.context.socket(zmq.REQ)
        self.socket.connect(self.endpoint)

    def call(self, request_id: str | int, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send a request until it is answered."""
        return self.send({"request_id": request_id, "method": method, "params": params})

    def send(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a message of any keys until it is answered."""
        while True:
            self.socket.send_string(json.dumps(message))
            if self.socket.poll(5000):
                answer: dict[str, Any] = json.loads(self.socket.recv_string())
                return answer
            self.timeouts += 1
            assert self.timeouts < 10, f"no answer to {message['method']}"
            self.socket.close(linger=0)
            self.connect()

    def close(self) -> None:
        """Close the socket."""
        self.context.destroy(linger=0)

    def __enter__(self) -> "SeedClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
