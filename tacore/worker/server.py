"""A worker process that serves one batch after the other: its sockets, around a session."""

from collections.abc import Callable

import zmq

from tacore.ports import Cache
from tacore.wire import backend
from tacore.worker.member import Link, Member, log
from tacore.worker.session import Session

SNDMORE = int(zmq.SNDMORE)


class WorkerServer(Member):
    """Serves batches until stopped.

    ``build`` makes the session once the broker has said welcome, whose answer carries the markets' clocks.
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

    def _next(self) -> bool:
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
            self._answer(self._session, header, frames[0])
        elif kind == backend.WELCOME:
            self._greeted(backend.payload(backend.Welcome, header))
        elif kind == backend.REGISTER:
            self._register()
        elif kind == backend.GOODBYE:
            return False
        return True

    def _answer(self, session: Session, header: bytes, blob: bytes) -> None:
        head, replies, rows = session.run(header, blob)
        try:
            self._data.send(head, SNDMORE)
            self._data.send(replies, SNDMORE)
            self._data.send(rows)
        except zmq.Again:
            log.warning("reply_undeliverable", extra={"worker_id": self._ready.worker_id})

    def _greeted(self, welcome: backend.Welcome) -> None:
        if self._session is None or welcome != self._welcome:
            self._session = self._build(welcome)
            self._welcome = welcome
        self._welcomed(welcome)

    def _cancel(self, dispatch_id: int) -> None:
        if self._session is not None:
            self._session.cancel(dispatch_id)
