"""The sync client."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypedDict, Unpack

import zmq

from tacore.client.course import Course, Mapped, Policy, Route
from tacore.client.engine import Engine
from tacore.client.envelope import Call, Reply, RequestId, encode_params, make_id
from tacore.errors import NoAnswer

DEFAULT_ENDPOINT = "tcp://127.0.0.1:5555"


class Patience(TypedDict, total=False):
    """How long and how often to try; ``timeout_s`` is for each of ``retries`` + 1 attempts."""

    timeout_s: float
    retries: int
    backoff_s: float
    backoff_max_s: float


class Options(Patience, total=False):
    """What one call may say of itself beside its params."""

    request_id: RequestId
    idempotency_key: str | None


class Client:
    """A Lazy Pirate client: every attempt of a request has a fresh socket and the same request_id.

    Threads may share one: each call borrows sockets that no other call uses meanwhile. A socket that just
    answered is kept for the next call. Defaults: 5 s an attempt, 3 retries, back-off from 0.1 s to 2 s with
    full jitter. ``parse_float`` reads the numbers that have a fraction (Decimal keeps their digits).

    Endpoints are tried in turn; what may change something stays with the broker that it was sent to, unless
    the brokers have a ``shared_ledger``.
    """

    def __init__(
        self,
        endpoints: str | Sequence[str] = DEFAULT_ENDPOINT,
        *,
        shared_ledger: bool = False,
        parse_float: Callable[[str], Any] = float,
        **patience: Unpack[Patience],
    ) -> None:
        self.route = route(endpoints, shared_ledger=shared_ledger)
        self.policy = Policy(**patience)
        self._parse_float = parse_float
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._seen: set[str] = set()
        self._idle: list[Engine] = []
        self._pid = os.getpid()
        self._closed = False

    def call(  # an answer's data is whatever the method gives
        self, method: str, params: Mapping[str, Any] | None = None, **options: Unpack[Options]
    ) -> Any:  # noqa: ANN401
        """Give the answer's data; raise its error, typed as in `tacore.errors`, NoAnswer or NoBroker."""
        reply = self.request(method, params, **options)
        if reply.error is not None:
            raise reply.error
        return reply.data

    def request(
        self, method: str, params: Mapping[str, Any] | None = None, **options: Unpack[Options]
    ) -> Reply:
        """Give the whole answer, an error's too; raise NoAnswer or NoBroker where there is none."""
        course = self.course(method, params, **options)
        with self.engine() as engine:
            engine.add(course)
            while course.reply is None:
                engine.step()
        if isinstance(course.reply.error, NoAnswer):
            raise course.reply.error
        return course.reply

    def map(
        self,
        method: str,
        params: Iterable[Mapping[str, Any] | None],
        *,
        concurrency: int = 64,
        ordered: bool = False,
        **patience: Unpack[Patience],
    ) -> Iterator[Mapped]:
        """Send many requests over one socket, ``concurrency`` in flight; yield them as they are answered.

        ``params`` is read as it is needed. Every request has its own time-out and retries; failures, NoAnswer
        too, come as replies with an error, so that one does not end the rest. ``ordered`` yields in the order
        of ``params``.
        """
        if concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        courses = (self._tagged(method, position, each, patience) for position, each in enumerate(params))
        results = self._map(courses, concurrency)
        return in_order(results) if ordered else results

    def course(
        self, method: str, params: Mapping[str, Any] | None = None, **options: Unpack[Options]
    ) -> Course:
        """Prepare a request for an `engine`."""
        return prepare(
            Call(method, encode_params(params), *identity(options)), self.policy, self.route, options
        )

    @contextlib.contextmanager
    def engine(self) -> Iterator[Engine]:
        """Lend sockets to one thread; those left with requests in flight are not used again."""
        if self._closed:
            raise RuntimeError("the client is closed")
        if os.getpid() != self._pid:
            raise RuntimeError("a Client does not survive a fork: make one in each process")
        try:
            engine = self._idle.pop()
        except IndexError:
            engine = Engine(self._context, self._seen, self._parse_float)
        try:
            yield engine
        finally:
            if len(engine) or self._closed:
                engine.close()
            else:
                self._idle.append(engine)

    def close(self) -> None:
        """Close every socket; to be called when no call is under way."""
        if self._closed:
            return
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        if os.getpid() == self._pid:
            self._context.destroy(linger=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tagged(
        self, method: str, position: int, params: Mapping[str, Any] | None, patience: Patience
    ) -> Course:
        course = self.course(method, params, **patience)
        course.tag = (position, params)
        return course

    def _map(self, courses: Iterator[Course], concurrency: int) -> Iterator[Mapped]:
        with self.engine() as engine:
            while True:
                while len(engine) < concurrency and (course := next(courses, None)) is not None:
                    engine.add(course)
                if not len(engine):
                    return
                for done in engine.step():
                    position, params = done.tag
                    if done.reply is not None:
                        yield Mapped(position, params, done.reply)


def route(endpoints: str | Sequence[str], *, shared_ledger: bool) -> Route:
    """Make a route of one endpoint or of several; ValueError where there is none."""
    several = (endpoints,) if isinstance(endpoints, str) else tuple(endpoints)
    if not several:
        raise ValueError("a client needs an endpoint")
    return Route(several, shared_ledger)


def identity(options: Options) -> tuple[RequestId, str | None]:
    """Give the request_id, a new one where none is asked for, and the idempotency key."""
    asked = options.get("request_id")
    return make_id() if asked is None else asked, options.get("idempotency_key")


def prepare(call: Call, policy: Policy, route: Route, options: Options) -> Course:
    """Make a course of a call; the options' patience goes before the policy's."""
    asked: dict[str, Any] = {name: value for name, value in options.items() if name in Policy._fields}
    return Course(call, policy._replace(**asked), route)


def in_order(results: Iterable[Mapped]) -> Iterator[Mapped]:
    """Hold back what comes early."""
    early: dict[int, Mapped] = {}
    due = 0
    for result in results:
        early[result.position] = result
        while due in early:
            yield early.pop(due)
            due += 1
