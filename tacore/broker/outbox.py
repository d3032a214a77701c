"""What the broker's core wants done: messages to send and rows to journal."""

from collections import Counter

import msgspec

from tacore.broker.state import Entry
from tacore.clock import Clock
from tacore.errors import TacoreError
from tacore.wire import reply
from tacore.wire.envelope import Head, RequestId
from tacore.wire.records import Answers, Meta, Record, RowMaker, encode_rows

_NOTHING = b"{}"


class Outbox:
    """The actions that events led to, in order; the socket loop empties the lists after each event.

    ``to_clients`` holds (routing id, delimited, body), ``to_workers`` (routing id, frames).
    """

    def __init__(self, clock: Clock, make_row: RowMaker) -> None:
        self.to_clients: list[tuple[bytes, bool, bytes]] = []
        self.to_workers: list[tuple[bytes, tuple[bytes, ...]]] = []
        self.records: list[Record] = []
        self.counts: Counter[str] = Counter()
        self.timestamp = 0
        self._clock = clock
        self._make_row = make_row

    def answer(self, entry: Entry, method: str, result: bytes | TacoreError) -> None:
        """Finish an accepted request with an answer of the broker's own, to all who wait for it."""
        now_us = self._clock.wall_us()
        took_us = now_us - entry.received_us
        body = self._body(entry.head, entry.request_id, result, took_us)
        self._reply(entry.client, entry.delimited, body)
        for client, delimited in entry.waiters or ():
            self._reply(client, delimited, body)
        attempts = 1 + len(entry.waiters or ())
        meta = Meta(entry.client, attempts, entry.received_us, took_us)
        self._journal(method, entry.principal, meta, entry.request_id, entry.head, result, now_us)

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
        now_us = self._clock.wall_us()
        self._reply(client, delimited, self._body(head, request_id, result, took_us))
        meta = Meta(client, 1, now_us - took_us, 0)
        method = method or (head.method if head else None) or None
        self._journal(method, principal, meta, request_id, head, result, now_us)

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
        self,
        method: str | None,
        principal: str,
        meta: Meta,
        request_id: RequestId,
        head: Head | None,
        result: bytes | TacoreError,
        now_us: int,
    ) -> None:
        answer = reply.encode_value(result.as_wire()) if isinstance(result, TacoreError) else result
        params = bytes(head.params) if head else _NOTHING
        code = result.code if isinstance(result, TacoreError) else None
        row = self._make_row(request_id, code, now_us - meta.received_us, params, answer)
        self.records.append(Answers(method, None, now_us, principal, [meta], encode_rows([row])))


def raw(value: object) -> msgspec.Raw:
    """Encode a value as JSON once."""
    return msgspec.Raw(reply.encode_value(value))
