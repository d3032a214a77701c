"""Worker and supervisor with real sockets, against a ROUTER that plays the broker by hand."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
import zmq

from tacore.clock import ManualClock, SystemClock
from tacore.methods.debug_echo import METHOD as ECHO
from tacore.ports import Cache, Context, Method
from tacore.processes import Child
from tacore.wire import backend, lane
from tacore.wire.lane import Lane, Offer
from tacore.wire.records import RowMaker, decode_rows
from tacore.worker.member import Link
from tacore.worker.restarts import RestartPolicy
from tacore.worker.server import WorkerServer
from tacore.worker.session import Session
from tacore.worker.slots import Slots
from tacore.worker.supervisor import SupervisorServer
from tests.support.batches import DISPATCH_ID, PORTS, batch
from tests.support.broker_world import (
    CANCEL,
    CLEAR,
    DIED,
    DRAIN,
    FLEET,
    GOODBYE,
    HEARTBEAT,
    KILL,
    READY,
    REGISTER,
    REPLY,
    RESTART,
    SCALE,
    STOP,
    WELCOME,
    frame,
)
from tests.support.caches import Computation, alone, soon
from tests.support.routers import PATIENCE_S, Broker

HELLO = frame(WELCOME, "1.2.3", "/home", {})


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.context.destroy(linger=0)


Start = Callable[..., WorkerServer]


@pytest.fixture
def builds() -> list[backend.Welcome]:
    """What each session was built from."""
    return []


@pytest.fixture
def start(broker: Broker, builds: list[backend.Welcome]) -> Iterator[Start]:
    threads: list[threading.Thread] = []
    servers: list[WorkerServer] = []

    def begin(*methods: Method, heartbeat_s: float = 0.05, cache: Cache | None = None) -> WorkerServer:
        served = {each.name: each for each in methods or (ECHO,)}
        ready = backend.Ready("w1", "fast", sorted(served), 2, 32, "host", 1, 5, "1.2.3", "s1")

        def build(welcome: backend.Welcome) -> Session:
            builds.append(welcome)
            return Session(served, PORTS, ManualClock(), RowMaker())

        server = WorkerServer(ready, Link(broker.endpoint, heartbeat_s), build, cache)
        servers.append(server)
        threads.append(threading.Thread(target=server.run, daemon=True))
        threads[-1].start()
        return server

    yield begin
    for server, thread in zip(servers, threads, strict=True):
        if thread.is_alive():
            server.stop()
            with contextlib.suppress(zmq.ZMQError):  # gone already
                broker.say(b"ww1/1", frame(GOODBYE, "w1"))
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def registered(broker: Broker) -> bytes:
    routing, ready, _ = broker.hear(READY)
    assert ready == ["w1", "fast", ready[2], 2, 32, "host", 1, 5, "1.2.3", "s1", None]
    broker.say(routing, HELLO)
    return routing


def test_worker_when_started_registers_beats_and_serves_batches(broker: Broker, start: Start) -> None:
    start()
    routing = registered(broker)
    control, (worker_id, cpu_s, rss, _cache, wall_us), _ = broker.hear(HEARTBEAT)
    assert (routing, control, worker_id) == (b"ww1/1", b"cw1/1", "w1")
    assert cpu_s > 0
    assert rss > 1_000_000
    assert abs(wall_us / 1e6 - time.time()) < 60
    broker.say(
        routing, *batch("debug.echo", {"request_id": "1", "params": [1]}, {"request_id": "2", "params": 2})
    )
    _, (dispatch_id, _took), (replies, rows) = broker.hear(REPLY)
    assert dispatch_id == DISPATCH_ID
    told = [json.loads(each) for each in replies.split(b"\n")]
    assert [(each["request_id"], each["data"]) for each in told] == [("1", [1]), ("2", 2)]
    assert decode_rows(rows).request_ids == ["1", "2"]


def test_worker_when_it_beats_reports_its_cache_and_clears_it_when_told(broker: Broker, start: Start) -> None:
    cache = alone()
    for kind in ("risk", "risk", "quote"):
        cache.get(kind, "a", 60.0, Computation(), deadline=soon())
    start(cache=cache)
    registered(broker)
    control, beat, _ = broker.hear(HEARTBEAT)
    assert beat[3] == [{"risk": [1, 0, 1, 0, 0, 1], "quote": [0, 0, 1, 0, 0, 1]}, "", ""]
    broker.say(control, frame(CLEAR, "risk"))
    for entries in ({"risk": 0, "quote": 1}, {"risk": 0, "quote": 0}):
        while {kind: counts[-1] for kind, counts in beat[3][0].items()} != entries:
            _, beat, _ = broker.hear(HEARTBEAT)
        broker.say(control, frame(CLEAR, ""))


def test_worker_when_the_broker_forgot_it_registers_again(broker: Broker, start: Start) -> None:
    start()
    routing = registered(broker)
    broker.say(routing, REGISTER)
    assert registered(broker) == routing


def test_worker_when_busy_still_beats_and_hears_that_nobody_waits(broker: Broker, start: Start) -> None:
    def wait(_params: Any, context: Context) -> msgspec.Raw:
        while not context.cancelled:
            ended.wait(0.001)
        context.check()
        return msgspec.Raw(b"1")

    ended = threading.Event()
    start(Method("x", wait, msgspec.Raw, msgspec.Raw, "x"))
    routing = registered(broker)
    broker.say(routing, *batch("x", {"request_id": "1"}))
    for _ in range(5):
        control, _, _ = broker.hear(HEARTBEAT)
    broker.say(control, frame(CANCEL, 999))
    broker.say(control, frame(CANCEL, DISPATCH_ID))
    _, _, (reply, _) = broker.hear(REPLY)
    assert json.loads(reply)["error"]["code"] == "deadline_exceeded"


def test_worker_when_its_heartbeats_are_answered_beats_no_faster(broker: Broker, start: Start) -> None:
    start(heartbeat_s=0.2)
    registered(broker)
    beats, others = 0, zmq.Poller()
    others.register(broker.router, zmq.POLLIN)
    clock = SystemClock()
    until = clock.monotonic() + 1.0
    while (left := until - clock.monotonic()) > 0:
        if others.poll(int(left * 1000) + 1):
            routing, header, *_ = broker.router.recv_multipart()
            if header[:1] == HEARTBEAT:
                beats += 1
                broker.say(routing, HEARTBEAT)
    assert 2 <= beats <= 7


def test_worker_when_stopped_drains_and_leaves_when_seen_off(broker: Broker, start: Start) -> None:
    server = start()
    routing = registered(broker)
    server.stop()
    control, payload, _ = broker.hear(DRAIN)
    assert (control, payload) == (b"cw1/1", ["w1"])
    broker.say(routing, *batch("debug.echo", {"request_id": "last", "params": 1}))
    _, _, (reply, _) = broker.hear(REPLY)
    assert json.loads(reply)["request_id"] == "last"
    broker.say(routing, frame(GOODBYE, "w1"))
    assert broker.hear(GOODBYE)[:2] == (routing, ["w1"])


def test_worker_when_the_broker_came_anew_while_it_drains_says_so_again(broker: Broker, start: Start) -> None:
    server = start()
    routing = registered(broker)
    server.stop()
    broker.hear(DRAIN)
    broker.say(routing, REGISTER)
    registered(broker)
    broker.hear(DRAIN)
    broker.say(routing, frame(GOODBYE, "w1"))
    broker.hear(GOODBYE)


# -- lanes -----------------------------------------------------------------------------------------

linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no lanes")


class LaneGiver:
    """A broker's listener, by hand."""

    def __init__(self) -> None:
        opened = lane.listen()
        assert opened is not None
        self.listener, self.offer = opened
        self.listener.settimeout(PATIENCE_S)

    def accept(self) -> Lane:
        """Wait for a worker that enters."""
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE_S)
        assert self.offer.who(connection.recv(1024)) == b"ww1/1"
        return Lane(connection)


@pytest.fixture
def giver() -> Iterator[LaneGiver]:
    made = LaneGiver()
    yield made
    made.listener.close()


def hello(offer: Offer, clock: dict[str, Any] | None = None) -> bytes:
    return frame(WELCOME, "1.2.3", "/home", clock or {}, [offer.address, offer.token])


def entered(broker: Broker, giver: LaneGiver) -> tuple[bytes, Lane]:
    """Welcome the worker, and wait until it enters the lane."""
    routing, _, _ = broker.hear(READY)
    broker.say(routing, hello(giver.offer))
    return routing, giver.accept()


def hear_on(its_lane: Lane) -> list[bytes] | None:
    poller = zmq.Poller()
    poller.register(its_lane.fileno(), zmq.POLLIN)
    assert poller.poll(int(PATIENCE_S * 1000))
    return its_lane.receive()


def echo(name: str, size: int = 1) -> tuple[bytes, bytes]:
    return batch("debug.echo", {"request_id": name, "params": "x" * size})


@linux
def test_worker_when_offered_a_lane_answers_each_batch_the_way_it_came(
    broker: Broker, start: Start, giver: LaneGiver
) -> None:
    start()
    routing, its_lane = entered(broker, giver)
    assert its_lane.send(echo("by lane"))
    _, replies, rows = hear_on(its_lane) or []
    assert json.loads(replies)["request_id"] == "by lane"
    assert decode_rows(rows).request_ids == ["by lane"]
    broker.say(routing, *echo("by socket"))
    assert json.loads(broker.hear(REPLY)[2][0])["request_id"] == "by socket"
    assert its_lane.receive() == []
    its_lane.close()


@linux
def test_worker_when_its_answer_is_too_large_for_the_lane_sends_it_on_the_socket(
    broker: Broker, start: Start, giver: LaneGiver
) -> None:
    start()
    _, its_lane = entered(broker, giver)
    assert its_lane.send(echo("large", lane.MOST_BYTES - 500))
    assert json.loads(broker.hear(REPLY)[2][0])["request_id"] == "large"
    its_lane.close()


@linux
def test_worker_when_its_lane_ends_serves_on_and_enters_the_next_brokers(
    broker: Broker, start: Start, giver: LaneGiver
) -> None:
    start()
    routing, its_lane = entered(broker, giver)
    its_lane.close()
    broker.say(routing, *echo("without"))
    assert json.loads(broker.hear(REPLY)[2][0])["request_id"] == "without"
    successor = LaneGiver()
    broker.say(routing, hello(successor.offer))
    its_lane = successor.accept()
    assert its_lane.send(echo("again"))
    assert json.loads((hear_on(its_lane) or [])[1])["request_id"] == "again"
    its_lane.close()
    successor.listener.close()


@linux
def test_worker_when_welcomed_again_keeps_its_lane_and_builds_nothing_for_another_one(
    broker: Broker, start: Start, giver: LaneGiver, builds: list[backend.Welcome]
) -> None:
    start()
    routing, _, _ = broker.hear(READY)
    other = LaneGiver()
    for _ in range(2):
        broker.say(routing, hello(giver.offer))
    first = giver.accept()
    assert first.send(echo("kept"))
    assert json.loads((hear_on(first) or [])[1])["request_id"] == "kept"
    broker.say(routing, hello(other.offer))
    second = other.accept()
    assert hear_on(first) is None
    assert len(builds) == 1
    broker.say(routing, hello(other.offer, {"US": {"speed": 1}}))
    broker.say(routing, *echo("anew"))
    assert json.loads(broker.hear(REPLY)[2][0])["request_id"] == "anew"
    assert len(builds) == 2
    assert second.send(echo("kept"))
    assert json.loads((hear_on(second) or [])[1])["request_id"] == "kept"
    for each in (first, second):
        each.close()
    other.listener.close()


@linux
def test_worker_when_seen_off_closes_its_lane(broker: Broker, start: Start, giver: LaneGiver) -> None:
    server = start()
    routing, its_lane = entered(broker, giver)
    server.stop()
    broker.hear(DRAIN)
    assert its_lane.send(echo("last"))
    assert json.loads((hear_on(its_lane) or [])[1])["request_id"] == "last"
    broker.say(routing, frame(GOODBYE, "w1"))
    broker.hear(GOODBYE)
    assert hear_on(its_lane) is None
    its_lane.close()


def test_worker_when_the_offer_is_of_another_host_serves_through_zeromq(broker: Broker, start: Start) -> None:
    start()
    routing, _, _ = broker.hear(READY)
    broker.say(routing, hello(Offer(b"\0tacore-elsewhere", b"t" * 16)))
    broker.say(routing, *echo("far"))
    assert json.loads(broker.hear(REPLY)[2][0])["request_id"] == "far"


# -- the supervisor --------------------------------------------------------------------------------

SLEEPER = (
    "import sys, signal; signal.signal(15, lambda *_: sys.exit(0)); print('up', flush=True); sys.stdin.read()"
)


class Supervised:
    """A supervisor on a thread, whose workers are small real processes."""

    def __init__(self, broker: Broker, wanted: int = 2, drain_s: float = 5.0, code: str = SLEEPER) -> None:
        self.children: dict[str, list[Child]] = {}
        self.up = threading.Condition()
        self.code = code
        slots = Slots(self._start, lambda n: f"f-{n}", lambda: RestartPolicy(0.01, 0.05, 3, 60.0))
        clock = SystemClock()
        slots.scale(wanted, clock.monotonic())

        def about(now: Slots) -> backend.Fleet:
            return backend.Fleet("s1", "fast", "host", 9, now.wanted, "v", now.restarts, now.gave_up())

        self.server = SupervisorServer(slots, about, broker.endpoint, clock, 0.05, drain_s)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def _start(self, worker_id: str) -> Child:
        made = Child([sys.executable, "-c", self.code], {})
        assert made.process.stdout is not None
        if "print" in self.code:
            made.process.stdout.readline()
        with self.up:
            self.children.setdefault(worker_id, []).append(made)
            self.up.notify_all()
        return made

    def wait_for(self, worker_id: str, count: int = 1) -> Child:
        """Wait until a worker was started that often."""
        with self.up:
            assert self.up.wait_for(lambda: len(self.children.get(worker_id, [])) >= count, PATIENCE_S)
            return self.children[worker_id][count - 1]


@pytest.fixture
def supervise(broker: Broker) -> Iterator[Callable[..., Supervised]]:
    made: list[Supervised] = []

    def begin(**options: Any) -> Supervised:
        made.append(Supervised(broker, **options))
        return made[-1]

    yield begin
    for each in made:
        each.server.stop()
        each.thread.join(PATIENCE_S)
        assert not each.thread.is_alive()
        assert all(child.ended() for line in each.children.values() for child in line)


Supervise = Callable[..., Supervised]


def test_supervisor_when_started_introduces_itself_again_and_again(
    broker: Broker, supervise: Supervise
) -> None:
    supervise()
    for _ in range(3):
        routing, fleet, _ = broker.hear(FLEET)
        assert (routing, fleet[:5]) == (b"ss1/9", ["s1", "fast", "host", 9, 2])


def test_supervisor_when_a_worker_is_killed_reports_it_and_starts_another(
    broker: Broker, supervise: Supervise
) -> None:
    supervised = supervise(wanted=1)
    supervised.wait_for("f-1").process.kill()
    assert broker.hear(DIED)[1] == ["f-1", "killed by signal 9"]
    supervised.wait_for("f-1", 2)
    while broker.hear(FLEET)[1][6] != 1:
        pass


def test_supervisor_when_ordered_scales_restarts_kills_and_stops(
    broker: Broker, supervise: Supervise
) -> None:
    supervised = supervise(wanted=1)
    routing, _, _ = broker.hear(FLEET)
    broker.say(routing, HELLO)
    broker.say(routing, SCALE + b"\xc1")
    broker.say(routing, frame(SCALE, 2))
    supervised.wait_for("f-2")
    broker.say(routing, frame(RESTART, "f-1"))
    assert broker.hear(DIED)[1] == ["f-1", "exited with status 0"]
    supervised.wait_for("f-1", 2)
    broker.say(routing, frame(KILL, "f-2"))
    assert broker.hear(DIED)[1] == ["f-2", "killed by signal 9"]
    supervised.wait_for("f-2", 2)
    broker.say(routing, frame(STOP, "f-2"))
    assert broker.hear(DIED)[1] == ["f-2", "exited with status 0"]
    broker.say(routing, REGISTER)
    while broker.hear(FLEET)[1][4] != 1:
        pass


def test_supervisor_when_a_worker_keeps_dying_gives_it_up_and_says_so(
    broker: Broker, supervise: Supervise
) -> None:
    supervised = supervise(wanted=1, code="raise SystemExit(3)")
    for _ in range(4):
        assert broker.hear(DIED)[1] == ["f-1", "exited with status 3"]
    while broker.hear(FLEET)[1][7] != ["f-1"]:
        pass
    assert len(supervised.children["f-1"]) == 4


def test_supervisor_when_stopped_sees_its_workers_off_and_takes_leave(
    broker: Broker, supervise: Supervise
) -> None:
    supervised = supervise(wanted=2)
    supervised.wait_for("f-2")
    supervised.server.stop()
    assert sorted(broker.hear(DIED)[1][1] for _ in range(2)) == ["exited with status 0"] * 2
    assert broker.hear(GOODBYE)[1] == ["s1"]


def test_supervisor_when_a_worker_will_not_leave_kills_it_in_the_end(
    broker: Broker, supervise: Supervise
) -> None:
    stubborn = "import signal, sys; signal.signal(15, 1); print('up', flush=True); sys.stdin.read()"
    supervised = supervise(wanted=1, drain_s=0.2, code=stubborn.replace("15, 1", "15, signal.SIG_IGN"))
    supervised.wait_for("f-1")
    supervised.server.stop()
    assert broker.hear(DIED)[1] == ["f-1", "killed by signal 9"]
