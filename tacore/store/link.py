"""The broker's link to the journal writer, its child: never blocks, never raises.

Chunks are numbered within the link's epoch, and kept until the writer says that they are committed. A
writer that died has a successor, which gets everything after the last number known to be committed and skips
what its predecessor had committed without saying so: each row is written exactly once.
"""

import json
import logging
import os
import select
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tacore.store.backlog import Backlog
from tacore.store.inbox import HELLO

MAX_BACKLOG_BYTES = 64 << 20
SOCKET_BYTES = 4 << 20
FIRST_BACKOFF_S = 0.1
MAX_BACKOFF_S = 5.0
SLOW_S = 5.0
DROPS_SHOWN_S = 60.0

log = logging.getLogger("tacore.store.link")


class JournalLink:
    """Implements `tacore.ports.Journal`; for one thread.

    ``argv`` starts a writer when ``--fd N`` is added to it (see `tacore.store.options.WriterOptions`).
    """

    def __init__(self, argv: Sequence[str], *, max_backlog_bytes: int = MAX_BACKLOG_BYTES) -> None:
        self._argv = tuple(argv)
        self._epoch = int.from_bytes(os.urandom(7), "big") | 1
        self._backlog = Backlog(max_backlog_bytes)
        self._writer: _Writer | None = None
        self._error: str | None = None
        self._malformed = 0
        self._lines_lost = 0
        self._starts = 0
        self._backoff_s = FIRST_BACKOFF_S
        self._start_at = 0.0
        self._closing = False
        self._start()

    def append(self, chunk: bytes, rows: int) -> None:
        """Take an encoded chunk; over the bound it is dropped and its rows are counted."""
        self._backlog.append(chunk, rows, time.monotonic())

    def pump(self) -> None:
        """Send what the socket takes, hear what is committed, and replace a writer that died."""
        writer = self._writer
        if writer is None:
            if time.monotonic() >= self._start_at:
                self._start()
            return
        alive = writer.send(self._backlog)
        for message in writer.receive():
            self._hear(message)
        if not alive or writer.ended:
            self._bury(writer)

    def status(self) -> dict[str, Any]:
        """Tell ``status``, healthy or degraded (with ``reason``), rows sent, committed and dropped, lag."""
        now = time.monotonic()
        reason = self._reason(now)
        backlog = self._backlog
        return {
            "status": "degraded" if reason else "healthy",
            "reason": reason,
            "rows_sent": backlog.rows_sent,
            "rows_committed": backlog.rows_committed,
            "rows_dropped": backlog.rows_dropped,
            "rows_waiting": backlog.rows_waiting,
            "backlog_bytes": backlog.bytes,
            "lag_ms": round(backlog.lag_s(now) * 1000, 1),
            "malformed": self._malformed,
            "performance_lines_lost": self._lines_lost,
            "writer_pid": self._writer.process.pid if self._writer else None,
            "writer_restarts": self._starts - 1,
        }

    def close(self, timeout_s: float) -> None:
        """Hand over the rest, and wait until the writer has committed it and ended, else kill it."""
        deadline = time.monotonic() + timeout_s
        self._closing = True
        self._start_at = 0.0
        self._backoff_s = FIRST_BACKOFF_S
        while (len(self._backlog) or self._writer) and time.monotonic() < deadline:
            self.pump()
            if self._writer is None:
                time.sleep(0.01)
                continue
            if not self._writer.busy and not self._backlog.unsent:
                self._writer.finish()
            self._writer.wait(0.02)
        if self._writer is not None:
            self._writer.kill()
            self._writer = None
        if len(self._backlog):
            log.error("journal_rows_lost rows=%d reason=%s", self._backlog.rows_waiting, self._error)

    def _start(self) -> None:
        self._starts += 1
        try:
            self._writer = _Writer(self._argv, HELLO.pack(self._epoch, self._backlog.rewind()))
        except OSError as problem:
            self._lost(f"the journal writer does not start: {problem}")

    def _hear(self, message: dict[str, Any]) -> None:
        if message["epoch"] == self._epoch and message["seq"] > self._backlog.committed_seq:
            self._backlog.commit(message["seq"])
            self._backoff_s = FIRST_BACKOFF_S
        if message["error"] and not self._error:
            log.error("journal_degraded error=%s", message["error"])
        self._error = message["error"]
        self._malformed = message["malformed"]
        self._lines_lost = message["lines_lost"]

    def _bury(self, writer: "_Writer") -> None:
        """Take leave of a writer whose socket is closed, and plan for another if it is needed."""
        for message in writer.receive():
            self._hear(message)
        code = writer.reap()
        if code is None:
            return
        self._writer = None
        if not self._closing or len(self._backlog):
            self._lost(f"the journal writer died with {code}")

    def _lost(self, error: str) -> None:
        self._error = error
        log.error("journal_writer_lost error=%s", error)
        self._start_at = time.monotonic() + self._backoff_s
        self._backoff_s = min(self._backoff_s * 2, MAX_BACKOFF_S)

    def _reason(self, now: float) -> str | None:
        if self._error:
            return self._error
        if now < self._backlog.dropped_at + DROPS_SHOWN_S:
            return "the journal's backlog is full, rows are dropped"
        if self._backlog.lag_s(now) > SLOW_S:
            return "the journal writer is slow"
        return None


class _Writer:
    """A running writer process and our end of its socket."""

    def __init__(self, argv: Sequence[str], hello: bytes) -> None:
        self._socket, theirs = socket.socketpair()
        try:
            self._socket.setblocking(False)
            for name in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                self._socket.setsockopt(socket.SOL_SOCKET, name, SOCKET_BYTES)
            self.process = subprocess.Popen(  # noqa: S603 - our own module, without a shell
                [*argv, "--fd", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                process_group=0,  # as in `tacore.processes`
            )
        except OSError:
            self._socket.close()
            raise
        finally:
            theirs.close()
        self.ended = False
        self._out = memoryview(hello)
        self._in = b""

    @property
    def busy(self) -> bool:
        """Tell whether bytes that were taken from the backlog are still to be sent."""
        return len(self._out) > 0

    def send(self, backlog: Backlog) -> bool:
        """Send until the socket is full or nothing is left; False if the writer is gone."""
        try:
            while len(self._out) or backlog.unsent:
                if not len(self._out):
                    self._out = memoryview(backlog.take())
                self._out = self._out[self._socket.send(self._out) :]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    def receive(self) -> list[dict[str, Any]]:
        """Give the messages that have come; sets ``ended`` when none can come any more."""
        while not self.ended:
            try:
                data = self._socket.recv(65_536)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self._in += data
            self.ended = not data
        *lines, self._in = self._in.split(b"\n")
        return [json.loads(line) for line in lines]

    def finish(self) -> None:
        """Say that nothing more comes."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def wait(self, timeout_s: float) -> None:
        """Wait until there is something to receive, or room for what is to be sent."""
        if self.ended:
            time.sleep(min(timeout_s, 0.002))
            return
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if self.busy else 0))
        poll.poll(timeout_s * 1000)

    def reap(self) -> int | None:
        """Give the exit code of the process, whose socket is closed; None while it is still ending."""
        code = self.process.poll()
        if code is not None:
            self._socket.close()
        return code

    def kill(self) -> None:
        """End the process at once; what it has not committed is lost."""
        self._socket.close()
        self.process.kill()
        self.process.wait()
