"""A DEALER client with many requests in flight, and with frames that no client should send."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import zmq

Reply = dict[str, Any]
PATIENCE_S = 60.0


def request(request_id: str | int, method: str, params: Any = None, **envelope: Any) -> bytes:
    """Build a request as any JSON library would."""
    return json.dumps(
        {"request_id": request_id, "method": method, "params": params or {}, **envelope}
    ).encode()


class Dealer:
    """A DEALER socket that sends and receives single frames."""

    def __init__(self, endpoint: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.sndhwm = self.socket.rcvhwm = 0
        self.socket.connect(endpoint)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.destroy(linger=0)

    def send(self, *frames: bytes) -> None:
        """Send the frames as one message."""
        self.socket.send_multipart(frames)

    def receive(self, timeout_s: float = 20.0) -> Reply:
        """Give the next reply; AssertionError where none comes."""
        assert self.socket.poll(int(timeout_s * 1000)), f"no reply within {timeout_s:g} s"
        reply: Reply = json.loads(self.socket.recv_multipart()[-1])
        return reply

    def ask(self, *frames: bytes) -> Reply:
        """Send one message, and give the reply to it."""
        self.send(*frames)
        return self.receive()


@dataclass
class Answers:
    """What came back: the replies by request_id, and how often and after how many seconds each came."""

    replies: dict[str, Reply] = field(default_factory=dict)
    took_s: dict[str, float] = field(default_factory=dict)
    sent: int = 0
    duplicates: int = 0

    def codes(self) -> dict[str, str]:
        """Give the codes of the errors by request_id."""
        return {name: each["error"]["code"] for name, each in self.replies.items() if each["error"]}


def keep_in_flight(
    endpoint: str,
    requests: Iterable[tuple[str, bytes]],
    window: int = 256,
    at: Mapping[int, Callable[[], object]] | None = None,
    silence_s: float = PATIENCE_S,
) -> Answers:
    """Send the requests over one DEALER, ``window`` in flight, until all are answered.

    ``at`` calls something once that many are answered. Ends as well when nothing comes for ``silence_s``.
    """
    answers, waiting = Answers(), dict[str, float]()
    source, events = iter(requests), dict(at or {})
    with Dealer(endpoint) as dealer:
        while True:
            while len(waiting) < window and (following := next(source, None)) is not None:
                waiting[following[0]] = time.monotonic()
                answers.sent += 1
                dealer.send(following[1])
            if not waiting or not dealer.socket.poll(int(silence_s * 1000)):
                return answers
            _take(dealer, answers, waiting)
            for count in [count for count in events if len(answers.replies) >= count]:
                events.pop(count)()


def _take(dealer: Dealer, answers: Answers, waiting: dict[str, float]) -> None:
    reply = dealer.receive()
    name = reply["request_id"]
    sent = waiting.pop(name, None)
    if sent is None:
        answers.duplicates += 1
        return
    answers.replies[name] = reply
    answers.took_s[name] = time.monotonic() - sent
