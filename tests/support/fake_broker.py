"""A ROUTER in a thread that plays a broker by a script."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import zmq

Handler = Callable[[dict[str, Any]], "Answer | None"]
PROTOCOL_KEYS = ("request_id", "method", "params", "timeout_ms", "attempt", "idempotency_key")


class Answer:
    """What to send back: replies in order, each after ``delay_s``."""

    def __init__(self, *replies: Any, delay_s: float = 0.0) -> None:
        self.replies = replies
        self.delay_s = delay_s


def success(request: dict[str, Any], data: Any, **envelope: Any) -> dict[str, Any]:
    """Build the reply of a success."""
    return {
        "status": "success",
        "request_id": request["request_id"],
        "data": data,
        "error": None,
        "processing_time_ms": 0.25,
        "timestamp": 1640995200,
    } | envelope


def failure(request: dict[str, Any], code: str, message: str = "no", **error: Any) -> dict[str, Any]:
    """Build the reply of a failure."""
    wire = {"code": code, "message": message, "retryable": False, "details": {}} | error
    return success(request, None) | {"status": "error", "error": wire}


def echo(request: dict[str, Any]) -> Answer:
    """Answer with the params."""
    return Answer(success(request, request["params"]))


class FakeBroker:
    """Binds a ROUTER and answers by ``handler``; keeps every request it saw.

    A handler returns an Answer, or None to stay silent; a reply is a dict, or bytes to be sent as they are.
    """

    def __init__(self, handler: Handler = echo, endpoint: str = "tcp://127.0.0.1:*") -> None:
        self.handler = handler
        self.requests: list[dict[str, Any]] = []
        self.clients: list[bytes] = []
        self._arrived = threading.Condition()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(endpoint)
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the socket and end the thread."""
        self._stopping.set()
        self._thread.join(5)
        self._context.destroy(linger=0)

    def wait_for(self, count: int, timeout_s: float = 5.0) -> None:
        """Wait until that many requests came."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came")

    def _run(self) -> None:
        later: list[tuple[float, Sequence[bytes]]] = []
        while not self._stopping.is_set():
            if self._socket.poll(5):
                self._serve(later)
            now = time.monotonic()
            for each in [each for each in later if each[0] <= now]:
                later.remove(each)
                self._socket.send_multipart(each[1])

    def _serve(self, later: list[tuple[float, Sequence[bytes]]]) -> None:
        while self._socket.poll(0):
            *head, body = self._socket.recv_multipart()
            request = json.loads(body)
            with self._arrived:
                self.requests.append(request)
                self.clients.append(head[0])
                self._arrived.notify_all()
            answer = self.handler(request)
            for reply in answer.replies if answer is not None else ():
                frame = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
                later.append((time.monotonic() + (answer.delay_s if answer else 0), [*head, frame]))


def scripted(*steps: Handler) -> Handler:
    """Use a handler for each request in turn, the last one for all that follow."""
    left = list(steps)

    def handle(request: dict[str, Any]) -> Answer | None:
        return (left.pop(0) if len(left) > 1 else left[0])(request)

    return handle


def silent(_request: dict[str, Any]) -> None:
    """Never answer."""
