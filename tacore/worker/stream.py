"""The worker process that owns a store: requests side by side, around a desk that works in turns."""

import contextlib
import math
import os
import socket
import time
from collections.abc import Callable
from typing import Protocol

import zmq

from tacore.ports import Cache
from tacore.wire import backend
from tacore.worker.member import IDLE_MS, Link, Member, log
from tacore.worker.stream_session import StreamSession

NOBLOCK, SNDMORE = int(zmq.NOBLOCK), int(zmq.SNDMORE)
CREDIT = 512
"""How many requests it may hold at once."""
ABANDONED = 3
"""The status of a process that may not finish, because its store is another's or its desk failed."""


class Turning(Protocol):
    """What does the work of a group of requests, on the server's own thread."""

    def turn(self) -> None:
        """Do what has come in and what is due; whatever it raises ends the process at once."""
        ...

    def leave(self) -> None:
        """Answer what only waits: the process is about to end. Called again and again until it has."""
        ...

    def due(self) -> float | None:
        """Tell when it wants a turn by itself, in monotonic seconds; None for not before it is woken."""
        ...


Wake = Callable[[], None]
Build = Callable[[backend.Welcome, Wake], tuple[StreamSession, Turning]]


class StreamServer(Member):
    """Serves requests as they come, until stopped; the desk has a turn after each group of them.

    ``build`` makes session and desk once the broker has said welcome; what it is given calls for a turn of
    the desk, from any thread. ``end`` ends the process.
    """

    def __init__(
        self,
        ready: backend.Ready,
        link: Link,
        build: Build,
        cache: Cache | None = None,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        super().__init__(ready, link, cache)
        self._build = build
        self._end = end
        self._session: StreamSession | None = None
        self._desk: Turning | None = None
        self._market_clock: object = None
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._poller = zmq.Poller()
        self._poller.register(self._data, zmq.POLLIN)
        self._poller.register(self._bell, zmq.POLLIN)

    def wake(self) -> None:
        """Have the desk given a turn soon. Safe in any thread."""
        with contextlib.suppress(OSError):  # rung often enough already, or closed
            self._ring.send(b"x")

    def abandon(self, reason: str) -> None:
        """End the process at once and without a word more to anybody."""
        log.critical("abandoned", extra={"worker_id": self._ready.worker_id, "reason": reason})
        self._end(ABANDONED)

    def run(self) -> None:
        """Serve until stopped."""
        try:
            super().run()
        finally:
            self._bell.close()
            self._ring.close()

    def _next(self) -> bool:
        try:
            stays = self._step()
        except Exception as error:
            if self._desk is not None:
                log.critical("desk_failed", extra={"worker_id": self._ready.worker_id}, exc_info=error)
                self.abandon(f"{type(error).__name__}: {error}")
            raise
        lonely = self._stopping and self._cut_off and not (self._session and self._session.held)
        return stays and not lonely

    def _step(self) -> bool:
        woken = self._wait()
        stays, taken = self._read()
        if self._desk is not None and self._stopping:
            self._desk.leave()
        if self._desk is not None and (taken or woken or self._patience_ms() == 0):
            self._desk.turn()
        return stays

    def _wait(self) -> bool:
        """Wait for a message, the bell or the desk's time; tell whether the bell rang."""
        woken = False
        for ready, _ in self._poller.poll(self._patience_ms()):
            if ready is not self._data:
                with contextlib.suppress(BlockingIOError):
                    woken = bool(self._bell.recv(4096))
        return woken

    def _patience_ms(self) -> int:
        due = None if self._desk is None else self._desk.due()
        if due is None:
            return IDLE_MS
        return min(IDLE_MS, max(0, math.ceil((due - time.monotonic()) * 1000)))

    def _read(self) -> tuple[bool, int]:
        """Take what has come; tell whether to stay, and how many requests there were."""
        taken, data = 0, self._data
        with contextlib.suppress(zmq.Again):
            for _ in range(CREDIT):
                frame = data.recv(NOBLOCK, copy=False)
                header, frames = frame.bytes, []
                while frame.more:
                    frame = data.recv(NOBLOCK, copy=False)
                    frames.append(frame.bytes)
                if header[:1] == backend.REQUEST and self._session is not None:
                    self._session.take(header, frames[0], self._deliver)
                    taken += 1
                elif not self._heed(header):
                    return False, taken
        return True, taken

    def _heed(self, header: bytes) -> bool:
        """Do what a message says that is no request; False when it is time to leave."""
        kind = header[:1]
        if kind == backend.WELCOME:
            return self._greeted(backend.payload(backend.Welcome, header))
        if kind == backend.REGISTER:
            self._register()
        return kind != backend.GOODBYE

    def _greeted(self, welcome: backend.Welcome) -> bool:
        if self._desk is None:
            self._session, self._desk = self._build(welcome, self.wake)
            self._market_clock = welcome.clock
        elif welcome.clock != self._market_clock:
            log.warning("market_clock_changed", extra={"worker_id": self._ready.worker_id})
            return False  # what is open was judged by the old one: a successor starts with the new
        self._welcomed(welcome)
        return True

    def _deliver(self, head: bytes, body: bytes, rows: bytes) -> None:
        # Never waits: a broker that is gone asks again, and the store knows the answer.
        try:
            self._data.send(head, SNDMORE | NOBLOCK)
            self._data.send(body, SNDMORE | NOBLOCK)
            self._data.send(rows, NOBLOCK)
        except zmq.Again:
            log.warning("reply_undeliverable", extra={"worker_id": self._ready.worker_id})
