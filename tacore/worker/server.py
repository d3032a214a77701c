"""A worker process that serves one batch after the other: its sockets, around a session."""

from collections.abc import Callable

import zmq
from msgspec.structs import replace

from tacore.ports import Cache
from tacore.wire import backend, lane
from tacore.wire.lane import Lane
from tacore.worker.member import IDLE_MS, Link, Member, log
from tacore.worker.session import Session

SNDMORE = int(zmq.SNDMORE)


class WorkerServer(Member):
    """Serves batches until stopped.

    ``build`` makes the session once the broker has said welcome, whose answer carries the markets' clocks.
    Batches come on the data socket or on a lane, and are answered the way they came.
    """

    def __init__(
        self,
        ready: backend.Ready,
        link: Link,
        build: Callable[[backend.Welcome], Session],
        cache: Cache | None = None,
    ) -> None:
        super().__init__(ready, link, cache)
        self._build = build
        self._welcome: backend.Welcome | None = None
        self._session: Session | None = None
        self._lane: Lane | None = None
        self._poller = zmq.Poller()
        self._poller.register(self._data, zmq.POLLIN)

    def run(self) -> None:
        """Serve until stopped."""
        try:
            super().run()
        finally:
            self._leave_lane()

    def _next(self) -> bool:
        if self._lane is None:
            return self._next_message()
        ready = self._poller.poll(IDLE_MS)
        for each, _ in ready:
            if each is not self._data:
                self._take(self._lane)
            elif not self._next_message():
                return False
        return bool(ready) or not (self._stopping and self._cut_off)

    def _next_message(self) -> bool:
        data = self._data
        try:
            frame = data.recv(copy=False)
        except zmq.Again:
            return not (self._stopping and self._cut_off)
        header, frames = frame.bytes, []
        while frame.more:
            frame = data.recv(copy=False)
            frames.append(frame.bytes)
        kind = header[:1]
        if kind == backend.REQUEST and self._session is not None:
            self._send_answer(self._session.run(header, frames[0]))
        elif kind == backend.WELCOME:
            self._greeted(backend.payload(backend.Welcome, header))
        elif kind == backend.REGISTER:
            self._register()
        elif kind == backend.GOODBYE:
            return False
        return True

    def _take(self, its_lane: Lane) -> None:
        frames = its_lane.receive()
        if frames is None:
            self._leave_lane()
        elif frames and self._session is not None:
            answer = self._session.run(*frames)
            if not its_lane.send(answer):
                self._send_answer(answer)

    def _send_answer(self, answer: tuple[bytes, bytes, bytes]) -> None:
        head, replies, rows = answer
        try:
            self._data.send(head, SNDMORE)
            self._data.send(replies, SNDMORE)
            self._data.send(rows)
        except zmq.Again:
            log.warning("reply_undeliverable", extra={"worker_id": self._ready.worker_id})

    def _greeted(self, welcome: backend.Welcome) -> None:
        known = self._welcome
        if self._session is None or known is None or replace(welcome, lane=known.lane) != known:
            self._session = self._build(welcome)
        if self._lane is None or known is None or welcome.lane != known.lane:
            self._leave_lane()
            self._enter_lane(welcome)
        self._welcome = welcome
        self._welcomed(welcome)

    def _enter_lane(self, welcome: backend.Welcome) -> None:
        if welcome.lane is None:
            return
        self._lane = lane.connect(welcome.lane, self._routing(backend.DATA))
        if self._lane is not None:
            self._poller.register(self._lane.fileno(), zmq.POLLIN)

    def _leave_lane(self) -> None:
        if self._lane is not None:
            self._poller.unregister(self._lane.fileno())
            self._lane.close()
            self._lane = None

    def _cancel(self, dispatch_id: int) -> None:
        if self._session is not None:
            self._session.cancel(dispatch_id)
