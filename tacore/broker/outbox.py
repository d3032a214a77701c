"""What the broker's core wants done: messages to send and rows to journal."""

from collections import Counter
from typing import NamedTuple

import msgspec

from tacore.broker.state import Dispatch, Entry
from tacore.clock import Clock
from tacore.errors import TacoreError
from tacore.wire import reply
from tacore.wire.envelope import Head, RequestId
from tacore.wire.records import Answers, Record, RowMaker
from tacore.wire.trace import Try, encode_trace

_NOTHING = b"{}"


class Outbox:
    """The actions that events led to, in order; the socket loop empties the lists after each event.

    ``to_clients`` holds (routing id, delimited, body), ``to_workers`` (routing id, frames).
    """

    def __init__(self, clock: Clock, make_rows: RowMaker) -> None:
        self.to_clients: list[tuple[bytes, bool, bytes]] = []
        self.to_workers: list[tuple[bytes, tuple[bytes, ...]]] = []
        self.records: list[Record] = []
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._make_rows = make_rows

    def record(
        self,
        method: str,
        worker_id: str,
        dispatch: Dispatch,
        rows: bytes,
        now: float,
        *,
        eventful: bool,
    ) -> None:
        """Journal a worker's answers, with what only the broker knows of their requests.

        ``eventful`` where one of them had more than this worker and one attempt of its client's.
        """
        now_us, entries, sent = self._clock.wall_us(), dispatch.entries, dispatch.sent
        attempts = [1 + len(each.waiters or ()) for each in entries] if eventful else None
        tries = [_tries(each, worker_id, sent, now) for each in entries] if eventful else None
        self.records.append(
            Answers(
                method,
                worker_id,
                now_us,
                dispatch.principals,
                [entry.client for entry in entries],
                [now_us - int((now - entry.received) * 1e6) for entry in entries],
                [int((sent - entry.received) * 1e6) for entry in entries],
                attempts,
                rows,
                tries,
            )
        )

    def answer(self, entry: Entry, method: str, result: bytes | TacoreError) -> None:
        """Finish an accepted request with an answer of the broker's own, to all who wait for it."""
        took_us = int((self._clock.monotonic() - entry.received) * 1e6)
        body = self._body(entry.head, entry.request_id, result, took_us)
        self._reply(entry.client, entry.delimited, body)
        for client, delimited in entry.waiters or ():
            self._reply(client, delimited, body)
        attempts = 1 + len(entry.waiters or ())
        tries = encode_trace(entry.tries) if entry.tries else None
        meta = _Meta(method, entry.principal, entry.client, took_us, took_us, attempts, tries)
        self._journal(meta, entry.request_id, entry.head, result)

    def refuse(
        self,
        client: bytes,
        delimited: bool,
        request_id: RequestId,
        head: Head | None,
        result: bytes | TacoreError,
        *,
        method: str | None = None,
        took_us: int = 0,
        principal: str = "local",
    ) -> None:
        """Answer at once a request that was never accepted, or that it served itself as ``method``."""
        self._reply(client, delimited, self._body(head, request_id, result, took_us))
        method = method or (head.method if head else None) or None
        self._journal(_Meta(method, principal, client, took_us, 0, 1), request_id, head, result)

    def _reply(self, client: bytes, delimited: bool, body: bytes) -> None:
        self.to_clients.append((client, delimited, body))

    def _body(
        self, head: Head | None, request_id: RequestId, result: bytes | TacoreError, took_us: int
    ) -> bytes:
        timestamp = self._clock.wall_us() // 1_000_000
        if isinstance(result, TacoreError):
            self.counts[f"error.{result.code}"] += 1
            return reply.encode_error(head, request_id, result, took_us, timestamp)
        return reply.encode_success(head, request_id, result, took_us, timestamp)

    def _journal(
        self, meta: "_Meta", request_id: RequestId, head: Head | None, result: bytes | TacoreError
    ) -> None:
        error = result if isinstance(result, TacoreError) else None
        answer = result if isinstance(result, bytes) else reply.encode_value(result.as_wire())
        params = bytes(head.params) if head else _NOTHING
        rows = self._make_rows(
            [request_id], [meta.took_us], [params], [answer], [error.code] if error else None
        )
        now_us = self._clock.wall_us()
        received, queued = [now_us - meta.took_us], [meta.queue_us]
        self.records.append(
            Answers(
                meta.method,
                None,
                now_us,
                meta.principal,
                [meta.client],
                received,
                queued,
                [meta.attempts],
                rows,
                [meta.tries] if meta.tries else None,
            )
        )


class _Meta(NamedTuple):
    """What a row of the broker's own says beside the answer."""

    method: str | None
    principal: str
    client: bytes
    took_us: int
    queue_us: int
    attempts: int
    tries: bytes | None = None


def _tries(entry: Entry, worker_id: str, sent: float, now: float) -> bytes | None:
    """Tell all that happened to a request, in order, or nothing where the row's other columns do."""
    if entry.tries is None:
        return None
    last = Try(entry.since_us(sent), worker_id, entry.since_us(now))
    return encode_trace(sorted([*entry.tries, last], key=lambda each: (each.at_us, each.worker_id is None)))


def raw(value: object) -> msgspec.Raw:
    """Encode a value as JSON once."""
    return msgspec.Raw(reply.encode_value(value))
