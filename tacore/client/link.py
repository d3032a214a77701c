"""One DEALER socket to one endpoint, and the requests that it carries.

IMMEDIATE, so that nothing is kept for a broker that is away and delivered late; no reconnecting, so that a
lost connection shows as such; LINGER 0, so that closing forgets what was not sent.
"""

import contextlib
from typing import Any

import zmq

from tacore.client.course import Course
from tacore.client.envelope import RequestId
from tacore.errors import ConfigurationError

OPTIONS = ((zmq.LINGER, 0), (zmq.IMMEDIATE, 1), (zmq.RECONNECT_IVL, -1), (zmq.SNDHWM, 0), (zmq.RCVHWM, 0))
PROBE_AFTER_S = 0.03  # a broker on this host connects in 2 ms
LOOK_S = 0.1  # how soon a broken connection is noticed
SLOWER = 4  # how much longer the next socket may take to connect where something listens
REOPEN_S = 0.05  # between looks whether a broker is back
PROBE_TIMEOUT_S = 0.2


class Link:
    """A socket that is connecting (``up`` is false) or connected; ``heard`` is when it last received.

    After ``grace_s`` without a connection it is time to look whether anything listens there.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        endpoint: str,
        now: float,
        grace_s: float = PROBE_AFTER_S,
    ) -> None:
        self.endpoint = endpoint
        self.grace_s = grace_s
        self.probe_at = now + grace_s
        self.heard = 0.0
        self.up = False
        self.courses: dict[RequestId, Course] = {}
        self.unsent: list[Course] = []
        self.socket = context.socket(zmq.DEALER)
        connect(self.socket, endpoint)

    def events(self) -> int:
        """Give the socket's POLLIN and POLLOUT."""
        return int(self.socket.getsockopt(zmq.EVENTS))

    def board(self, course: Course, now: float) -> None:
        """Send the course's request, at once or when the connection stands."""
        self.courses[course.request_id] = course
        if self.up:
            self._send(course, now)
        else:
            self.unsent.append(course)

    def connected(self, now: float) -> None:
        """Send what waited for the connection."""
        self.up = True
        for course in self.unsent:
            if self.courses.get(course.request_id) is course:
                self._send(course, now)
        self.unsent.clear()

    def receive(self) -> bytes | None:
        """Take the next message's last frame; None when there is none."""
        try:
            body = self.socket.recv(zmq.NOBLOCK)
            while self.socket.getsockopt(zmq.RCVMORE):
                body = self.socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            return None
        return body

    def close(self) -> None:
        """Close the socket and forget what it did not send."""
        self.socket.close(0)

    def _send(self, course: Course, now: float) -> None:
        with contextlib.suppress(zmq.Again):  # the connection just broke: the next look at it says lost
            self.socket.send(course.body(now), zmq.NOBLOCK)


def connect(socket: "zmq.Socket[Any]", endpoint: str) -> None:
    """Set the socket up and connect it; ConfigurationError for an endpoint that is none."""
    for option, value in OPTIONS:
        socket.setsockopt(option, value)
    try:
        socket.connect(endpoint)
    except zmq.ZMQError as error:
        socket.close(0)
        raise ConfigurationError(
            f"{endpoint!r} is not an endpoint: {error}; write it like tcp://127.0.0.1:5555",
            details={"endpoint": endpoint},
        ) from error


def is_refused(endpoint: str) -> bool:
    """Tell whether nothing listens there, by connecting; False where that cannot be told."""
    import socket  # noqa: PLC0415  costs a fast start 4 ms and is needed only when something is wrong

    scheme, _, address = endpoint.partition("://")
    try:
        if scheme == "tcp":
            host, _, port = address.rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), PROBE_TIMEOUT_S).close()
        elif scheme == "ipc":
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(address)
    except (ConnectionRefusedError, FileNotFoundError, socket.gaierror):
        return True
    except (OSError, ValueError):
        return False
    return False
