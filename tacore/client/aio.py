"""The async client: requests of all tasks share one DEALER to each endpoint."""

import asyncio
import contextlib
import math
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, Unpack, cast

import zmq
import zmq.asyncio

from tacore.client.course import Course, Mapped, Policy
from tacore.client.envelope import Call, Reply, RequestId, decode_reply, encode_params
from tacore.client.link import LOOK_S, PROBE_AFTER_S, REOPEN_S, SLOWER, connect, is_refused
from tacore.client.sync import DEFAULT_ENDPOINT, Options, Patience, identity, prepare, route
from tacore.errors import NoAnswer


class Wire:
    """A shared socket and the futures of what was sent on it; ``heard`` is when it last received."""

    def __init__(
        self,
        context: zmq.asyncio.Context,
        endpoint: str,
        parse_float: Callable[[str], Any],
        name: str | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.heard = 0.0
        self.closed = self.up = False
        self._waiting: dict[RequestId, asyncio.Future[dict[str, Any]]] = {}
        self._parse_float = parse_float
        self.socket = context.socket(zmq.DEALER)
        if name is not None:
            self.socket.setsockopt(zmq.ROUTING_ID, f"{name}-{secrets.token_hex(6)}".encode())
        connect(self.socket, endpoint)
        self._reader = asyncio.create_task(self._read())

    @property
    def connected(self) -> bool:
        """Tell whether the connection stands."""
        return not self.closed and bool(int(self.socket.getsockopt(zmq.EVENTS)) & (zmq.POLLOUT | zmq.POLLIN))

    async def is_connected(self, timeout_s: float) -> bool:
        """Wait for the connection, at most that long."""
        if not self.connected:
            poller = zmq.asyncio.Poller()
            poller.register(self.socket, zmq.POLLOUT)
            with contextlib.suppress(zmq.ZMQError):  # another task closed it
                polled = asyncio.ensure_future(poller.poll(math.ceil(timeout_s * 1000)))
                await _ended(polled)
        self.up = self.up or self.connected
        return self.connected

    async def exchange(self, course: Course) -> tuple[str, dict[str, Any] | None]:
        """Send the course's request and wait; give the attempt's outcome and the reply."""
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[course.request_id] = answer
        try:
            await self.socket.send(course.body(time.monotonic()), zmq.NOBLOCK)
            while (left := course.deadline - time.monotonic()) > 0:
                await asyncio.wait((answer,), timeout=min(left, LOOK_S))
                if answer.done():
                    return "answered", answer.result()
                if not self.connected:
                    return "lost", None
        except zmq.ZMQError:
            return "lost", None
        finally:
            self._waiting.pop(course.request_id, None)
        return "timeout", None

    def close(self) -> None:
        """Close the socket and end its reader; what waits on it ends as lost."""
        if not self.closed:
            self.closed = True
            self._reader.cancel()
            self.socket.close(0)

    @property
    def idle(self) -> bool:
        """Tell whether nothing waits on it."""
        return not self._waiting

    async def _read(self) -> None:
        while True:
            frames = await self.socket.recv_multipart()
            self.heard = time.monotonic()
            wire = decode_reply(frames[-1], self._parse_float)
            answer = None if wire is None else self._waiting.get(wire["request_id"])
            if answer is not None and wire is not None and not answer.done():
                answer.set_result(wire)


async def _ended(polled: "asyncio.Future[Any]") -> None:
    """Wait for its end, whatever that is: pyzmq cancels it where another task closes its socket."""
    try:
        await asyncio.wait((polled,))
        if not polled.cancelled():
            polled.result()
    finally:
        polled.cancel()


class AsyncClient:
    """The Lazy Pirate client for asyncio; its options are those of `Client`. Belongs to one event loop.

    The journal shows a ``name`` at the beginning of its client ids.
    A socket that timed out without a sign of life takes no further request: the next attempt has a fresh one.
    """

    def __init__(
        self,
        endpoints: str | Sequence[str] = DEFAULT_ENDPOINT,
        *,
        shared_ledger: bool = False,
        parse_float: Callable[[str], Any] = float,
        name: str | None = None,
        **patience: Unpack[Patience],
    ) -> None:
        self._name = name
        self.route = route(endpoints, shared_ledger=shared_ledger)
        self.policy = Policy(**patience)
        self._parse_float = parse_float
        self._context = zmq.asyncio.Context()
        self._seen: set[str] = set()
        self._wires: dict[str, Wire] = {}
        self._retired: list[Wire] = []

    async def call(  # an answer's data is whatever the method gives
        self, method: str, params: Mapping[str, Any] | None = None, **options: Unpack[Options]
    ) -> Any:  # noqa: ANN401
        """Give the answer's data; raise its error, typed as in `tacore.errors`, NoAnswer or NoBroker."""
        reply = await self.request(method, params, **options)
        if reply.error is not None:
            raise reply.error
        return reply.data

    async def request(
        self, method: str, params: Mapping[str, Any] | None = None, **options: Unpack[Options]
    ) -> Reply:
        """Give the whole answer, an error's too; raise NoAnswer or NoBroker where there is none."""
        reply = await self._run(method, params, options)
        if isinstance(reply.error, NoAnswer):
            raise reply.error
        return reply

    async def map(
        self,
        method: str,
        params: Iterable[Mapping[str, Any] | None],
        *,
        concurrency: int = 64,
        ordered: bool = False,
        **patience: Unpack[Patience],
    ) -> AsyncIterator[Mapped]:
        """Send many requests, up to ``concurrency`` in flight; as `Client.map`."""
        options = cast("Options", patience)
        running: dict[asyncio.Task[Reply], tuple[int, Mapping[str, Any] | None]] = {}
        source = enumerate(params)
        early: dict[int, Mapped] = {}
        due = 0
        try:
            while True:
                while len(running) < concurrency and (item := next(source, None)) is not None:
                    running[asyncio.create_task(self._run(method, item[1], options))] = item
                if not running:
                    return
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    position, each = running.pop(task)
                    early[position if ordered else due + len(early)] = Mapped(position, each, task.result())
                while due in early:
                    yield early.pop(due)
                    due += 1
        finally:
            for task in running:
                task.cancel()

    async def close(self) -> None:
        """Close every socket."""
        for wire in [*self._wires.values(), *self._retired]:
            wire.close()
        await asyncio.sleep(0)
        self._wires.clear()
        self._retired.clear()
        self._context.destroy(linger=0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, method: str, params: Mapping[str, Any] | None, options: Options) -> Reply:
        call = Call(method, encode_params(params), *identity(options))
        course = prepare(call, self.policy, self.route, options)
        while True:
            course.begin(time.monotonic())
            outcome, wire = await self._attempt(course)
            pause = course.settle(outcome, time.monotonic(), time.time(), wire)
            if course.reply is not None:
                return course.reply
            await asyncio.sleep(pause or 0.0)

    async def _attempt(self, course: Course) -> tuple[str, dict[str, Any] | None]:
        wire, outcome = await self._connected(course)
        if wire is None:
            return outcome, None
        result, reply = await wire.exchange(course)
        if result == "lost" or (result == "timeout" and wire.heard <= course.started):
            self._retire(wire)
        self._sweep()
        return result, reply

    async def _connected(self, course: Course) -> tuple[Wire | None, str]:
        """Give a wire that is connected, or the outcome of an attempt that found none."""
        grace_s, outcome = PROBE_AFTER_S, "refused"
        while (left := course.deadline - time.monotonic()) > 0:
            wire = self._wire(course.endpoint)
            if await wire.is_connected(min(left, grace_s)):
                self._seen.add(wire.endpoint)
                return wire, ""
            if self._wires.get(course.endpoint) is not wire:
                continue
            self._retire(wire)
            if not await asyncio.to_thread(is_refused, course.endpoint):
                grace_s, outcome = grace_s * SLOWER, "unreachable"
            elif course.bound and course.endpoint in self._seen:
                await asyncio.sleep(REOPEN_S)
            else:
                return None, "refused"
        return None, outcome

    def _wire(self, endpoint: str) -> Wire:
        wire = self._wires.get(endpoint)
        if wire is not None and wire.up and not wire.connected:
            self._retire(wire)
            wire = None
        if wire is None:
            wire = self._wires[endpoint] = Wire(self._context, endpoint, self._parse_float, self._name)
        return wire

    def _retire(self, wire: Wire) -> None:
        if self._wires.get(wire.endpoint) is wire:
            del self._wires[wire.endpoint]
            self._retired.append(wire)
        self._sweep()

    def _sweep(self) -> None:
        for wire in [each for each in self._retired if each.idle or not each.connected]:
            self._retired.remove(wire)
            wire.close()
