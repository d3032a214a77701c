"""Asks a broker how it is, without ever waiting for it."""

import json
from typing import Any

import zmq

REQUEST = {"request_id": "up", "method": "health.check", "params": {"detailed": True}, "timeout_ms": 1000}


class Probe:
    """A socket that sends health.check only where a broker is connected, and drops what comes unasked."""

    def __init__(self, endpoint: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.setsockopt(zmq.IMMEDIATE, 1)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self.socket.setsockopt(zmq.RECONNECT_IVL_MAX, 200)
        self.socket.connect(endpoint)

    def ask(self) -> None:
        """Send a request, if a broker is there."""
        try:
            self.socket.send(json.dumps(REQUEST).encode(), zmq.NOBLOCK)
        except zmq.Again:
            return

    def hear(self) -> dict[str, Any] | None:
        """Give the newest answer's data; None where there is no good one."""
        newest = None
        try:
            while True:
                newest = self.socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            pass
        try:
            reply = json.loads(newest or b"null")
        except ValueError:
            return None
        data = reply.get("data") if isinstance(reply, dict) else None
        return data if isinstance(data, dict) else None

    def close(self) -> None:
        """Close the socket."""
        self._context.destroy(linger=0)
