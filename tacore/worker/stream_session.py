"""A worker without its sockets that runs requests side by side: each is answered once it has an outcome."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from tacore.clock import DEADLINE, Clock
from tacore.errors import TacoreError, too_late
from tacore.ports import Context, Later, Method, Ports
from tacore.steps import STEPS, Steps
from tacore.wire import backend, reply
from tacore.wire.envelope import Head, decode_head
from tacore.wire.records import RowMaker
from tacore.worker.session import Served, defect, id_of
from tacore.worker.stepping import encode_steps

Send = Callable[[bytes, bytes, bytes], None]


class _Request(msgspec.Struct, gc=False):
    """A request until its answer.

    ``arrived`` is on the clock's monotonic face, ``began_ns`` on the clock of the steps.
    """

    dispatch_id: int
    served: Served
    head: Head
    context: Context
    arrived: float
    send: Send
    steps: Steps
    began_ns: int
    warnings: list[str] = []


class StreamSession:
    """Begins requests as they come, one in each batch. ``held`` counts those that have no answer yet.

    One thread calls it, and resolves what its methods return Later.
    """

    def __init__(
        self, methods: Mapping[str, Method], ports: Ports, clock: Clock, make_rows: RowMaker
    ) -> None:
        cached = sorted(name for name, method in methods.items() if method.cache is not None)
        if cached:
            raise ValueError(f"answers out of a store are never cached: {', '.join(cached)}")
        self._served = {name: Served(method) for name, method in methods.items()}
        self._ports = ports
        self._clock = clock
        self._make_rows = make_rows
        self.held = 0

    def take(self, header: bytes, blob: bytes, send: Send) -> None:
        """Begin a request; ``send`` gets its answer, now or later: header, reply and journal row."""
        batch = backend.decode_request(memoryview(header)[1:])
        (patience_ms,) = batch.patience_ms
        principal = batch.principals if isinstance(batch.principals, str) else batch.principals[0]
        arrived = self._clock.monotonic()
        head = decode_head(blob)
        context = Context(
            id_of(head),
            batch.method,
            principal,
            arrived + patience_ms / 1000,
            self._clock,
            self._ports,
            idempotency_key=head.idempotency_key,
            id_assigned=head.id_assigned,
        )
        self.held += 1
        served = self._served[batch.method]
        self._begin(
            _Request(batch.dispatch_id, served, head, context, arrived, send, Steps(), time.perf_counter_ns())
        )

    def _begin(self, request: _Request) -> None:
        context = request.context
        DEADLINE.set(context.deadline)
        STEPS.set(request.steps)
        try:
            if context.deadline <= request.arrived:
                raise too_late()
            params, request.warnings = request.served.read(request.head.params)
            result = request.served.handler(params, context)
        except TacoreError as error:
            self._answer(request, None, error)
        except Exception as error:
            self._answer(request, None, defect(context, error))
        else:
            if isinstance(result, Later):
                result.then(partial(self._answer, request))
            else:
                self._answer(request, result, None)

    def _answer(self, request: _Request, result: Any, error: TacoreError | None) -> None:  # noqa: ANN401
        data = b""
        if error is None:
            try:
                data = self._encode(request, result)
            except Exception as raised:
                error = defect(request.context, raised)
        took_us = int((self._clock.monotonic() - request.arrived) * 1e6)
        body = self._body(request, data if error is None else error, took_us, _is_replayed(result, error))
        if error is not None:
            data = reply.encode_value(error.as_wire())
        rows = self._make_rows(
            [request.context.request_id],
            [took_us],
            [bytes(request.head.params)],
            [data],
            [error.code] if error is not None else None,
            self._steps(request, failed=error is not None),
        )
        self.held -= 1
        head = backend.REPLY + backend.encode(backend.Answer(request.dispatch_id, took_us))
        request.send(head, body, rows)

    @staticmethod
    def _steps(request: _Request, *, failed: bool) -> list[bytes | None] | None:
        if request.steps.noted is None:
            return None
        told = encode_steps(request.steps, request.began_ns, time.perf_counter_ns(), failed=failed)
        return None if told is None else [told]

    def _body(
        self,
        request: _Request,
        outcome: bytes | TacoreError,
        took_us: int,
        replayed: bool,
    ) -> bytes:
        head, request_id = request.head, request.context.request_id
        timestamp = self._clock.wall_us() // 1_000_000
        if replayed:
            return reply.encode_replay(head, request_id, outcome, took_us, timestamp)
        if isinstance(outcome, TacoreError):
            return reply.encode_error(head, request_id, outcome, took_us, timestamp)
        return reply.encode_success(head, request_id, outcome, took_us, timestamp)

    @staticmethod
    def _encode(request: _Request, result: Any) -> bytes:  # noqa: ANN401 - the method's own struct
        if request.warnings and request.served.with_warnings:
            result.warnings.extend(request.warnings)
        return bytes(result) if type(result) is msgspec.Raw else reply.encode_value(result)


def _is_replayed(result: Any, error: TacoreError | None) -> bool:  # noqa: ANN401 - the method's own struct
    told = getattr(result, "replayed", False) if error is None else error.details.get("replayed")
    return told is True
