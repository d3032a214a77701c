"""The broker without its sockets: events in, actions out, on an injected clock.

Events: `on_request`, `on_frames` (a malformed client message), `on_worker` (see `fleet`), `on_reply`, `tick`.
Actions: the lists of the `Outbox`. `dispatch` hands out what waits; call it after a round of events.
"""

import logging
import os
from collections.abc import Callable, Mapping
from itertools import count

from msgspec import UNSET

from tacore.broker import refusals
from tacore.broker.limits import Limits
from tacore.broker.outbox import Outbox
from tacore.broker.pool import Pool
from tacore.broker.routing import Router
from tacore.broker.state import Dispatch, Entry, MethodState, Worker
from tacore.clock import Clock
from tacore.errors import Internal, RequestInvalid, TacoreError
from tacore.ports import MethodInfo
from tacore.wire import backend
from tacore.wire.envelope import Head, RequestId, read_head, salvage_head, with_request_id
from tacore.wire.records import RowMaker
from tacore.wire.reply import as_replay
from tacore.wire.trace import Try

Local = Callable[[Head], bytes]
PRINCIPAL = "local"
log = logging.getLogger("tacore.broker")


class Core:
    """Requests, from acceptance to their final answer."""

    def __init__(
        self, catalogue: Mapping[str, MethodInfo], limits: Limits, clock: Clock, make_rows: RowMaker
    ) -> None:
        self.limits = limits
        self.clock = clock
        self.out = Outbox(clock, make_rows)
        self.methods: dict[str, MethodState] = {}
        self.pools: dict[str, Pool] = {}
        self.local: dict[str, Local] = {}
        self.draining = False
        self._direct: dict[str, MethodState] = {}
        self._routers: dict[str, Router] = {}
        self._aliases: dict[str, str] = {}
        self._dispatch_ids = count(clock.wall_us() << 8)
        self._assigned = count(1)
        self._prefix = f"b{os.urandom(4).hex()}"
        self._inflight: dict[RequestId, Entry] = {}
        self._collided: dict[tuple[object, ...], Entry] = {}
        for info in catalogue.values():
            self.add_method(info)

    # -- what there is -----------------------------------------------------------------------------

    def add_method(self, info: MethodInfo) -> MethodState:
        """Make a method known; one that no worker serves answers unavailable.

        One that sends some of its requests on is looked at apart, so that all others pay nothing for it.
        """
        state = self.methods[info.name] = MethodState(info)
        if info.routes:
            self._routers[info.name] = Router(info)
        else:
            self._direct[info.name] = state
        self.pool(info.pool)
        for alias in info.aliases:
            self._aliases[alias] = info.name
        return state

    def add_local(self, info: MethodInfo, serve: Local) -> None:
        """Make a method known that the broker serves itself; ``serve`` returns the data as JSON or raises."""
        self.local[info.name] = serve
        for alias in info.aliases:
            self._aliases[alias] = info.name

    def resolve(self, name: str) -> str:
        """Follow an alias to the method's name."""
        return self._aliases.get(name, name)

    def pool(self, name: str) -> Pool:
        """Give the pool of that name, made when first named."""
        found = self.pools.get(name)
        if found is None:
            found = Pool(name, self.limits, self._dispatch_ids, self._send, self._expired)
            self.pools[name] = found
        return found

    def in_flight(self) -> int:
        """Count the accepted requests that have no answer yet."""
        return len(self._inflight) + len(self._collided)

    def holding(self) -> bool:
        """Tell whether a short line waits for a busy worker: dispatch again soon."""
        return any(pool.holding for pool in self.pools.values())

    # -- requests ----------------------------------------------------------------------------------

    def on_request(self, client: bytes, delimited: bool, body: bytes, now: float) -> None:
        """Take a client's message: queue it, join it to its first try, serve it here, or refuse it."""
        limits = self.limits
        try:
            head = read_head(body, limits.max_bytes, limits.max_depth)
        except RequestInvalid as error:
            self._refuse(client, delimited, body, error)
            return
        request_id = head.request_id
        method = self._direct.get(head.method)
        if method is None or request_id is None:
            self._on_unusual(client, delimited, body, head, now)
            return
        self._accept(client, delimited, body, head, request_id, method, now)

    def on_frames(self, client: bytes, delimited: bool, frames: int) -> None:
        """Take a client's message that is not one JSON frame."""
        error = refusals.not_one_frame(frames, self.limits)
        self.out.refuse(client, delimited, self._new_id(), None, error)

    def _refuse(self, client: bytes, delimited: bool, body: bytes, error: RequestInvalid) -> None:
        head = salvage_head(body) if len(body) <= self.limits.max_bytes else None
        found = None if head is None else head.canonical_id
        request_id = self._new_id() if found is None else found
        self.out.refuse(client, delimited, request_id, head, error)

    def _on_unusual(self, client: bytes, delimited: bool, body: bytes, head: Head, now: float) -> None:
        request_id = head.canonical_id
        if request_id is None:
            request_id = self._new_id()
            body = with_request_id(body, request_id)
        name = self._aliases.get(head.method, head.method)
        serve = self.local.get(name)
        if serve is not None:
            self._serve_here(client, delimited, head, request_id, name, serve)
            return
        method = self.methods.get(name)
        if method is None:
            known = {*self.methods, *self.local, *self._aliases}
            self.out.refuse(client, delimited, request_id, head, refusals.unknown_method(head.method, known))
            return
        router = self._routers.get(name)
        if router is not None:
            method = self.methods.get(router(head.params) or name, method)
        self._accept(client, delimited, body, head, request_id, method, now)

    def _serve_here(
        self, client: bytes, delimited: bool, head: Head, request_id: RequestId, name: str, serve: Local
    ) -> None:
        started = self.clock.monotonic()
        result: bytes | TacoreError
        try:
            result = serve(head)
        except TacoreError as error:
            result = error
        except Exception:
            log.exception("method_failed", extra={"request_id": request_id, "method": head.method})
            result = Internal(
                f"{head.method} failed inside the broker; its log has the details under this request_id",
                details={"request_id": request_id},
            )
        took_us = int((self.clock.monotonic() - started) * 1e6)
        self.out.refuse(client, delimited, request_id, head, result, method=name, took_us=took_us)

    def _accept(
        self,
        client: bytes,
        delimited: bool,
        body: bytes,
        head: Head,
        request_id: RequestId,
        method: MethodState,
        now: float,
    ) -> None:
        patience_ms = head.timeout_ms
        if patience_ms is None:
            patience_ms = self.limits.default_timeout_ms
        elif not 0 < patience_ms <= self.limits.max_timeout_ms:
            self.out.refuse(
                client, delimited, request_id, head, refusals.bad_timeout(patience_ms, self.limits)
            )
            return
        first = self._inflight.get(request_id)
        if first is not None or self._collided:
            same = self._find_same(first, head, request_id)
            if same is not None:
                self._join(same, client, delimited, head, now)
                return
        pool = self.pools[method.info.pool]
        if self.draining or pool.queued >= self.limits.queue_limit:
            full = refusals.queue_full(pool.name, pool.queued, served=bool(pool.workers))
            error = refusals.draining() if self.draining else full
            self.out.refuse(client, delimited, request_id, head, error)
            return
        patience_s = patience_ms / 1000
        if b"\n" in body:
            body = body.replace(b"\n", b" ")
        deadline = now + patience_s
        entry = Entry(request_id, head, body, client, delimited, now, deadline, patience_s, PRINCIPAL)
        if first is None:
            self._inflight[request_id] = entry
        else:
            entry.collided = True
            self._collided[self._key(head, request_id)] = entry
        pool.enqueue(method, entry)

    # -- retries -----------------------------------------------------------------------------------

    def _key(self, head: Head, request_id: RequestId) -> tuple[object, ...]:
        dialect = (head.requestId, head.id, head.jsonrpc is UNSET)
        return (PRINCIPAL, request_id, head.method, bytes(head.params), head.idempotency_key, dialect)

    def _find_same(self, first: Entry | None, head: Head, request_id: RequestId) -> Entry | None:
        key = self._key(head, request_id)
        if first is not None and self._key(first.head, first.request_id) == key:
            return first
        return self._collided.get(key)

    def _join(self, first: Entry, client: bytes, delimited: bool, head: Head, now: float) -> None:
        waiters = first.waiters = first.waiters or []
        if len(waiters) >= self.limits.max_waiters:
            error = refusals.too_many_retries(len(waiters))
            self.out.refuse(client, delimited, first.request_id, head, error)
            return
        waiters.append((client, delimited))
        first.had(Try(first.since_us(now)))
        patience_s = first.patience_s if head.timeout_ms is None else head.timeout_ms / 1000
        first.deadline = max(first.deadline, now + patience_s)
        self.out.counts["coalesced"] += 1

    def _forget(self, entry: Entry) -> None:
        if entry.collided:
            del self._collided[self._key(entry.head, entry.request_id)]
        else:
            del self._inflight[entry.request_id]

    def _new_id(self) -> str:
        return f"{self._prefix}-{next(self._assigned)}"

    # -- workers -----------------------------------------------------------------------------------

    def dispatch(self, now: float) -> None:
        """Hand waiting requests to the workers that can take them."""
        for pool in self.pools.values():
            if pool.queued:
                pool.dispatch(now)

    def _send(self, worker: Worker, dispatch: Dispatch, now: float) -> None:
        entries = dispatch.entries
        patience_ms = [int((entry.deadline - now) * 1000) for entry in entries]
        head = backend.Request(
            dispatch.dispatch_id, dispatch.method.info.name, patience_ms, dispatch.principals
        )
        frames = (backend.REQUEST + backend.encode(head), b"\n".join([entry.body for entry in entries]))
        self.out.to_workers.append((worker.routing, frames))

    def on_reply(self, worker: Worker, header: bytes, blob: bytes, rows: bytes, now: float) -> bool:
        """Take a batch of answers; False where it does not fit its dispatch: the worker's fault."""
        answer = backend.decode_answer(memoryview(header)[1:])
        dispatch = worker.dispatches.get(answer.dispatch_id)
        if dispatch is None:
            self.out.counts["late_replies"] += 1
            return True
        replies = blob.split(b"\n")
        entries = dispatch.entries
        if len(replies) != len(entries) or not all(replies):
            return False
        del worker.dispatches[answer.dispatch_id]
        method = dispatch.method
        method.measured(answer.elapsed_us / len(entries))
        worker.processed += len(entries)
        self.pools[worker.ready.pool].finished(worker, dispatch, now)
        send, eventful, inflight = self.out.to_clients, False, self._inflight
        for entry, body in zip(entries, replies, strict=True):
            send.append((entry.client, entry.delimited, body))
            if entry.tries is not None:
                eventful = True
                again = as_replay(body) if method.info.writes else body
                send.extend([(client, delimited, again) for client, delimited in entry.waiters or ()])
            if entry.collided:
                self._forget(entry)
            else:
                del inflight[entry.request_id]
        self.out.counts["answered"] += len(entries)
        self.out.record(method.info.name, worker.ready.worker_id, dispatch, rows, now, eventful=eventful)
        return True

    def release(self, worker: Worker, why: str, now: float) -> None:
        """Take back what a dead worker held: reads go to another one, alone; the rest is answered."""
        pool = self.pools[worker.ready.pool]
        for dispatch in list(worker.dispatches.values()):
            del worker.dispatches[dispatch.dispatch_id]
            pool.finished(worker, dispatch, now)
            for entry in dispatch.entries:
                entry.losses += 1
                entry.had(_lost(dispatch, entry, worker, why, now))
                error = refusals.after_death(
                    dispatch.method,
                    entry,
                    why,
                    now,
                    requeues=self.limits.requeues,
                    exclusive=pool.store is not None,
                )
                if error is None:
                    self.out.counts["requeued"] += 1
                    pool.enqueue(dispatch.method, entry, alone=True)
                else:
                    self.finish(dispatch.method, entry, error)

    def finish(self, method: MethodState, entry: Entry, error: TacoreError) -> None:
        """Give an accepted request its final answer, an error of the broker's own."""
        self._forget(entry)
        self.out.answer(entry, method.info.name, error)

    # -- time --------------------------------------------------------------------------------------

    def _expired(self, method: MethodState, entry: Entry) -> None:
        waited_ms = round((self.clock.monotonic() - entry.received) * 1000)
        self.finish(method, entry, refusals.expired(method.info, waited_ms, entry.losses))

    def expire(self, now: float) -> None:
        """Answer what waited too long in a queue."""
        waited = now - self.limits.unserved_wait_s
        for method in self.methods.values():
            if not method.queue and not method.alone:
                continue
            pool = self.pools[method.info.pool]
            for entry in pool.remove_if(method, lambda each: each.deadline <= now):
                self._expired(method, entry)
            if not method.servers and method.unserved_since <= waited:
                for entry in pool.remove_if(method, _unserved(pool, waited)):
                    self.finish(method, entry, refusals.unserved(method.info))

    def give_up(self, why: str) -> None:
        """Answer everything that is still open, because the broker leaves."""
        for method in self.methods.values():
            for entry in self.pools[method.info.pool].remove_if(method, lambda _: True):
                self.finish(method, entry, refusals.leaving(why, method.info, dispatched=entry.losses > 0))
        for pool in self.pools.values():
            for worker in pool.workers.values():
                for dispatch in worker.dispatches.values():
                    info = dispatch.method.info
                    for entry in dispatch.entries:
                        entry.had(_lost(dispatch, entry, worker, why, self.clock.monotonic()))
                        self.finish(dispatch.method, entry, refusals.leaving(why, info, dispatched=True))
                worker.dispatches.clear()


def _lost(dispatch: Dispatch, entry: Entry, worker: Worker, why: str, now: float) -> Try:
    return Try(entry.since_us(dispatch.sent), worker.ready.worker_id, entry.since_us(now), why)


def _unserved(pool: Pool, waited: float) -> Callable[[Entry], bool]:
    """Choose what no worker ever had; in an exclusive pool what one had waits on for its successor."""
    if pool.store is None:
        return lambda entry: entry.received <= waited
    return lambda entry: entry.received <= waited and not entry.losses
