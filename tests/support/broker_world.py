"""A broker's core and fleet on a manual clock, with clients and workers that a test moves by hand."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tacore.broker.core import Core
from tacore.broker.fleet import Fleet
from tacore.broker.health import HealthCheck, Probe
from tacore.broker.limits import Limits
from tacore.broker.local import install
from tacore.clock import ManualClock
from tacore.ports import MethodInfo
from tacore.wire.records import Answers, Gauge, RowMaker, WorkerStatus
from tests.support.journal_columns import rows_of

READY, WELCOME, REQUEST, REPLY, HEARTBEAT, CANCEL = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06"
DRAIN, GOODBYE, REGISTER, FLEET, DIED = b"\x07", b"\x08", b"\x09", b"\x0a", b"\x0b"
SCALE, RESTART, KILL, STOP, CLEAR = b"\x0c", b"\x0d", b"\x0e", b"\x0f", b"\x10"

ABOUT = {
    "version": "1.2.3",
    "home": "/home/of/tests",
    "database": "/home/of/tests/tacore.db",
    "endpoint": "tcp://127.0.0.1:5555",
    "pid": 4711,
    "environment": "development",
}


def method(name: str, **changes: Any) -> MethodInfo:
    """Make a quick, idempotent method of pool fast, unless told otherwise."""
    given: dict[str, Any] = {
        "summary": name,
        "pool": "fast",
        "idempotent": True,
        "max_s": 30.0,
        "quick": True,
    } | changes
    return MethodInfo(name=name, **given)


def frame(kind: bytes, *fields: Any) -> bytes:
    """Build a header frame as the protocol says: a kind byte and a msgpack array."""
    return kind + (msgspec.msgpack.encode(list(fields)) if fields else b"")


class Batch:
    """A dispatch as a worker got it."""

    def __init__(self, header: bytes, blob: bytes) -> None:
        self.dispatch_id, self.method, self.patience_ms, self.principals = msgspec.msgpack.decode(header[1:])
        self.bodies = blob.split(b"\n")
        self.requests: list[dict[str, Any]] = [json.loads(body) for body in self.bodies]

    @property
    def ids(self) -> list[Any]:
        """The request ids, in order."""
        return [each.get("request_id", each.get("requestId", each.get("id"))) for each in self.requests]


class SimWorker:
    """A worker process by hand: it gets batches, and answers when the test says so."""

    def __init__(self, world: "World", worker_id: str, pid: int, ready: tuple[Any, ...]) -> None:
        self.world = world
        self.worker_id = worker_id
        self.routing = f"w{worker_id}/{pid}".encode()
        self.control = f"c{worker_id}/{pid}".encode()
        self.ready = ready
        self.batches: list[Batch] = []
        self.data: list[bytes] = []
        self.orders: list[bytes] = []

    def join(self) -> "SimWorker":
        """Say READY."""
        self.tell(self.routing, frame(READY, *self.ready))
        return self

    def beat(self, *cache: Any) -> None:
        """Show a sign of life; ``cache`` is its report on that, which workers of an earlier version lack."""
        self.tell(self.control, frame(HEARTBEAT, self.worker_id, 1.5, 50_000_000, *cache))

    def drain(self) -> None:
        """Ask for nothing more."""
        self.tell(self.control, frame(DRAIN, self.worker_id))

    def leave(self) -> None:
        """Take leave."""
        self.tell(self.routing, frame(GOODBYE, self.worker_id))

    def tell(self, routing: bytes, *frames: bytes) -> None:
        """Send frames to the broker."""
        self.world.fleet.on_message(routing, list(frames), self.world.now)
        self.world.step()

    def kinds(self) -> list[bytes]:
        """List the kinds of what came to either socket, but for batches and heartbeats."""
        return [each[:1] for each in self.data + self.orders if each[:1] != HEARTBEAT]

    def take(self) -> Batch:
        """Take the oldest batch to work on."""
        return self.batches.pop(0)

    def answer(self, batch: Batch | None = None, *, took_us: int = 100, replies: int | None = None) -> Batch:
        """Answer a batch (else the oldest); ``replies`` makes a wrong number of them."""
        batch = batch or self.take()
        count = len(batch.ids) if replies is None else replies
        bodies = [self.reply_to(batch, index) for index in range(count)]
        ids = (batch.ids * 2)[:count]
        empty = [b"{}"] * count
        rows = RowMaker()(ids, [10] * count, empty, empty) if count else b"\x92\x90\x90"
        header = frame(REPLY, batch.dispatch_id, took_us)
        self.tell(self.routing, header, b"\n".join(bodies), rows)
        return batch

    def reply_to(self, batch: Batch, index: int) -> bytes:
        """Write the reply of one request."""
        request = batch.requests[index % len(batch.requests)]
        told = {"status": "success", "request_id": batch.ids[index % len(batch.ids)]}
        told |= {"data": {"by": self.worker_id, "params": request.get("params")}, "error": None}
        return json.dumps(told).encode()


class World:
    """Core, fleet and the broker's own methods; `step` carries messages to the fakes."""

    def __init__(
        self,
        *methods: MethodInfo,
        limits: Limits | None = None,
        probes: Mapping[str, Probe] | None = None,
        make_rows: RowMaker | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.limits = limits or Limits()
        catalogue = {each.name: each for each in methods or (method("m"),)}
        self.core = Core(catalogue, self.limits, self.clock, make_rows or RowMaker())
        self.fleet = Fleet(self.core, "1.2.3", "/home/of/tests", {"US": {"speed": 0}})
        self.stops: list[str] = []
        health = HealthCheck(self.fleet, ABOUT, dict(probes or {}))
        install(self.core, self.fleet, health, self.stops.append)
        self.workers: list[SimWorker] = []
        self.inbox: dict[bytes, list[dict[str, Any]]] = defaultdict(list)
        self.framing: dict[bytes, list[bool]] = defaultdict(list)
        self.supervised: dict[bytes, list[bytes]] = defaultdict(list)
        self.answers: list[Answers] = []
        self.statuses: list[WorkerStatus] = []
        self.gauges: list[Gauge] = []
        self._pids = 100

    @property
    def now(self) -> float:
        """The monotonic time."""
        return self.clock.monotonic()

    # -- clients -----------------------------------------------------------------------------------

    def send(self, body: bytes, client: bytes = b"A", *, delimited: bool = False) -> None:
        """Send a client's frame as it is."""
        self.core.on_request(client, delimited, body, self.now)

    def ask(self, request_id: Any = "1", name: str = "m", client: bytes = b"A", **more: Any) -> None:
        """Send a request, and let the broker act on it."""
        self.put(request_id, name, client, **more)
        self.step()

    def put(self, request_id: Any = "1", name: str = "m", client: bytes = b"A", **more: Any) -> None:
        """Send a request that waits for the next `step`."""
        request = {"request_id": request_id, "method": name, "params": {}} | more
        self.send(
            json.dumps({key: value for key, value in request.items() if value is not ...}).encode(), client
        )

    def reply(self, client: bytes = b"A") -> dict[str, Any]:
        """Take the one reply that this client has."""
        replies = self.inbox.pop(client, [])
        assert len(replies) == 1, replies
        return replies[0]

    def error(self, client: bytes = b"A") -> dict[str, Any]:
        """Take the one reply that this client has, an error."""
        reply = self.reply(client)
        assert (reply["status"], reply["data"]) == ("error", None), reply
        error: dict[str, Any] = reply["error"]
        return error

    def call(self, name: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call a method of the broker's own as a client of its own."""
        self.ask("call", name, b"caller", params=dict(params or {}))
        return self.reply(b"caller")

    # -- workers and supervisors -------------------------------------------------------------------

    def worker(
        self,
        worker_id: str = "w1",
        methods: Iterable[str] = ("m",),
        *,
        pool: str = "fast",
        credit: int = 2,
        batch: int = 32,
        supervisor: str = "s1",
        store: tuple[str, int] | None = None,
    ) -> SimWorker:
        """Have a worker join; ``store`` is the id and epoch of what it alone writes."""
        self._pids += 1
        about = (credit, batch, "host", self._pids, self.clock.wall_us(), "1.2.3", supervisor, store)
        made = SimWorker(self, worker_id, self._pids, (worker_id, pool, list(methods), *about))
        self.workers.append(made)
        return made.join()

    def supervisor(
        self,
        name: str = "s1",
        *,
        pool: str = "fast",
        wanted: int = 1,
        gave_up: Iterable[str] = (),
        running: Iterable[str] | None = None,
    ) -> bytes:
        """Have a supervisor say that it is there; give its routing id.

        Supervisors of an earlier version lack ``running``.
        """
        routing = b"s" + name.encode()
        fields: tuple[Any, ...] = (name, pool, "host", 77, wanted, "1.2.3", 0, list(gave_up))
        if running is not None:
            fields += (list(running),)
        self.fleet.on_message(routing, [frame(FLEET, *fields)], self.now)
        self.step()
        return routing

    def died(self, worker_id: str, reason: str = "killed by signal 9") -> None:
        """Have a supervisor report a child's death."""
        self.fleet.on_message(b"ss1", [frame(DIED, worker_id, reason)], self.now)
        self.step()

    # -- moving ------------------------------------------------------------------------------------

    def step(self) -> None:
        """Dispatch, and deliver every message."""
        self.core.dispatch(self.now)
        out = self.core.out
        for client, delimited, body in out.to_clients:
            self.inbox[client].append(json.loads(body))
            self.framing[client].append(delimited)
        out.to_clients.clear()
        orders, out.to_workers = out.to_workers, []
        for routing, frames in orders:
            self._deliver(routing, frames)
        for record in out.records:
            kept: list[Any] = (
                self.answers
                if isinstance(record, Answers)
                else self.statuses
                if isinstance(record, WorkerStatus)
                else self.gauges
            )
            kept.append(record)
        out.records.clear()

    def _deliver(self, routing: bytes, frames: tuple[bytes, ...]) -> None:
        for worker in self.workers:
            if routing == worker.routing and frames[0][:1] == REQUEST:
                worker.batches.append(Batch(frames[0], frames[1]))
            elif routing == worker.routing:
                worker.data.append(frames[0])
            elif routing == worker.control:
                worker.orders.append(frames[0])
        if routing[:1] == b"s":
            self.supervised[routing].append(frames[0])

    def tick(self) -> None:
        """Let the broker look at its clock."""
        self.fleet.tick(self.now)
        self.step()

    def pass_time(self, seconds: float, *, beats: bool = True, by: float = 0.5) -> None:
        """Let time go by in steps; with ``beats`` every registered worker shows signs of life."""
        until = self.now + seconds
        while until - self.now > 1e-9:
            self.clock.advance(min(by, until - self.now))
            if beats:
                for worker in self.workers:
                    if worker.routing in self.fleet.workers:
                        worker.beat()
            self.tick()

    # -- what was journalled -----------------------------------------------------------------------

    def rows(self) -> list[tuple[Any, ...]]:
        """List what was journalled: request_id, method, code, worker, attempts, queue_us."""
        told = []
        for each in self.answers:
            attempts = each.attempts or [1] * len(each.clients)
            for row, tries, queue_us in zip(rows_of(each.rows), attempts, each.queue_us, strict=True):
                told.append((row.request_id, each.method, row.code, each.worker_id, tries, queue_us))
        return told
