"""A worker without its sockets: a batch of requests in, a batch of replies and journal rows out."""

import logging
import time
from collections.abc import Callable, Mapping

import msgspec

from tacore.clock import DEADLINE, Clock
from tacore.errors import Internal, TacoreError, too_late
from tacore.ports import Context, Method, Ports
from tacore.steps import STEPS, Steps
from tacore.wire import backend, reply
from tacore.wire.envelope import Head, decode_head
from tacore.wire.records import RowMaker
from tacore.worker import caching
from tacore.worker.params import ParamsReader
from tacore.worker.stepping import encode_steps

log = logging.getLogger("tacore.worker")
_perf_ns: Callable[[], int] = time.perf_counter_ns


def id_of(head: Head) -> str | int:
    """Give the id of a request that has it in a dialect's spelling."""
    return head.canonical_id or 0


def defect(context: Context, error: BaseException) -> Internal:
    """Log what a method should never have raised, and tell the client no more than where to look."""
    context.log.error("method_failed", exc_info=error)
    return Internal(
        f"{context.method} failed inside the service; its log has the details under this request_id",
        details={"request_id": context.request_id},
    )


class Served:
    """A method ready to run."""

    __slots__ = ("cache", "handler", "method", "read", "with_warnings")

    def __init__(self, method: Method) -> None:
        self.method = method
        self.cache = method.cache
        self.handler = method.handler
        self.read = ParamsReader(method).read
        fields = getattr(method.result, "__struct_fields__", ())
        self.with_warnings = "warnings" in fields


class Session:
    """Runs batches, one request after the other.

    `cancel` may be called from another thread: the running request's context then says so.
    """

    def __init__(
        self, methods: Mapping[str, Method], ports: Ports, clock: Clock, make_rows: RowMaker
    ) -> None:
        self._served = {name: Served(method) for name, method in methods.items()}
        self._ports = ports
        self._clock = clock
        self._make_rows = make_rows
        self._running: tuple[int, Context] | None = None
        self._steps = Steps()

    def run(self, header: bytes, blob: bytes) -> tuple[bytes, bytes, bytes]:
        """Answer a batch: header, replies joined by newlines, journal rows."""
        batch = backend.decode_request(memoryview(header)[1:])
        served, principals = self._served[batch.method], batch.principals
        arrived = self._clock.monotonic()
        timestamp = self._clock.wall_us() // 1_000_000
        replies: list[bytes] = []
        answers: list[bytes] = []
        codes: list[str | None] = []
        times: list[int] = []
        steps: list[bytes | None] | None = None
        STEPS.set(self._steps)
        started = _perf_ns()
        heads = list(map(decode_head, blob.split(b"\n")))
        request_ids = [id_of(head) if head.request_id is None else head.request_id for head in heads]
        mark = _perf_ns()
        for index, head in enumerate(heads):
            request_id = request_ids[index]
            principal = principals if type(principals) is str else principals[index]
            deadline = arrived + batch.patience_ms[index] / 1000
            context = Context(request_id, batch.method, principal, deadline, self._clock, self._ports)
            self._running = (batch.dispatch_id, context)
            DEADLINE.set(deadline)
            data, error = self._execute(served, head, context)
            now = _perf_ns()
            took_us = (now - mark) // 1000
            if self._steps.noted is not None:
                kept = encode_steps(self._steps, mark, now, failed=error is not None)
                if kept is not None:
                    steps = steps or [None] * len(heads)
                    steps[index] = kept
            mark = now
            times.append(took_us)
            if error is None:
                replies.append(reply.encode_success(head, request_id, data, took_us, timestamp))
                answers.append(data)
                codes.append(None)
            else:
                replies.append(reply.encode_error(head, request_id, error, took_us, timestamp))
                answers.append(reply.encode_value(error.as_wire()))
                codes.append(error.code)
        self._running = None
        elapsed_us = (_perf_ns() - started) // 1000
        answer_head = backend.REPLY + backend.encode(backend.Answer(batch.dispatch_id, elapsed_us))
        params = [bytes(head.params) for head in heads]
        rows = self._make_rows(request_ids, times, params, answers, codes if any(codes) else None, steps)
        return answer_head, b"\n".join(replies), rows

    def cancel(self, dispatch_id: int) -> None:
        """Tell the running request that nobody waits for it, if it belongs to that dispatch."""
        running = self._running
        if running is not None and running[0] == dispatch_id:
            running[1].cancelled = True

    def _execute(self, served: Served, head: Head, context: Context) -> tuple[bytes, TacoreError | None]:
        try:
            if context.deadline <= self._clock.monotonic():
                raise too_late()
            params, warnings = served.read(head.params)
            if served.cache is not None:
                return caching.answer(served.cache, served.handler, params, context, warnings), None
            result = served.handler(params, context)
            if warnings and served.with_warnings:
                result.warnings.extend(warnings)
            if type(result) is msgspec.Raw:
                return bytes(result), None
            return reply.encode_value(result), None
        except TacoreError as error:
            return b"", error
        except (msgspec.MsgspecError, RecursionError) as error:
            return b"", defect(context, error)
        except Exception as error:
            return b"", defect(context, error)
