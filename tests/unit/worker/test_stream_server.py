"""The server around a desk, with real sockets, against a ROUTER that plays the broker by hand."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
import zmq

from tacore.clock import SystemClock
from tacore.errors import Unavailable
from tacore.ports import Context, Later, Method
from tacore.wire import backend
from tacore.wire.records import RowMaker, decode_rows
from tacore.worker.member import Link
from tacore.worker.stream import ABANDONED, StreamServer
from tacore.worker.stream_session import StreamSession
from tests.support.batches import PORTS, batch
from tests.support.broker_world import (
    DRAIN,
    GOODBYE,
    HEARTBEAT,
    READY,
    REGISTER,
    REPLY,
    WELCOME,
    frame,
)
from tests.support.operations import eventually
from tests.support.routers import PATIENCE_S, Broker

HELLO = frame(WELCOME, "1.2.3", "/home", {"US": {"speed": 0}})


class Desk:
    """Answers in its turns what was asked before, but for what it is told to hold."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        self.asked: list[tuple[Any, Later[msgspec.Raw]]] = []
        self.groups: list[list[Any]] = []
        self.held: list[Later[msgspec.Raw]] = []
        self.due_at: float | None = None
        self.fault: Exception | None = None
        self.turned = threading.Condition()

    def ask(self, params: msgspec.Raw, _context: Context) -> Later[msgspec.Raw]:
        answer: Later[msgspec.Raw] = Later()
        self.asked.append((json.loads(bytes(params)), answer))
        return answer

    def leave(self) -> None:
        self.left = True

    def turn(self) -> None:
        asked, self.asked = self.asked, []
        for value, answer in asked:
            if value == "hold":
                self.held.append(answer)
            elif value == "fail":
                answer.fail(Unavailable("not now"))
            else:
                answer.resolve(msgspec.Raw(json.dumps(value).encode()))
        with self.turned:
            self.groups.append([value for value, _ in asked])
            self.turned.notify_all()
        if self.fault is not None:
            raise self.fault
        self.due_at = None

    def due(self) -> float | None:
        return self.due_at

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.turned:
            assert self.turned.wait_for(condition, PATIENCE_S), self.groups


class Running:
    """A server on a thread of its own, and the broker that it found."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.desks: list[Desk] = []
        self.built = threading.Event()
        self.statuses: list[int] = []
        self.raised: list[BaseException] = []
        store = backend.Store("ledger-a", 3)
        ready = backend.Ready("w1", "orders", ["x"], 512, 1, "host", 1, 5, "1.2.3", "s1", store)
        self.server = StreamServer(ready, Link(broker.endpoint, 0.05), self._build, end=self.statuses.append)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.server.run()
        except Exception as error:
            self.raised.append(error)

    def _build(self, _welcome: backend.Welcome, wake: Callable[[], None]) -> tuple[StreamSession, Desk]:
        desk = Desk(wake)
        self.desks.append(desk)
        self.built.set()
        methods = {"x": Method("x", desk.ask, msgspec.Raw, msgspec.Raw, "x", pool="orders")}
        return StreamSession(methods, PORTS, SystemClock(), RowMaker()), desk

    @property
    def desk(self) -> Desk:
        """The one desk, once it is there."""
        assert self.built.wait(PATIENCE_S)
        (desk,) = self.desks
        return desk

    def join(self) -> bytes:
        """Take its READY, and welcome it."""
        routing, ready, _ = self.broker.hear(READY)
        assert (ready[0], ready[3], ready[4], ready[-1]) == ("w1", 512, 1, ["ledger-a", 3])
        self.broker.say(routing, HELLO)
        return routing

    def ask(self, routing: bytes, *values: Any) -> None:
        for value in values:
            self.broker.say(routing, *batch("x", {"request_id": str(value), "params": value}))

    def replies(self, count: int) -> list[dict[str, Any]]:
        found = []
        for _ in range(count):
            _, _, (body, rows) = self.broker.hear(REPLY)
            found.append(json.loads(body))
            assert decode_rows(rows).request_ids == [found[-1]["request_id"]]
        return found

    def ended(self) -> bool:
        self.thread.join(PATIENCE_S)
        return not self.thread.is_alive()


@pytest.fixture
def running() -> Iterator[Running]:
    broker = Broker()
    made = Running(broker)
    yield made
    made.server.stop()
    try:
        broker.say(b"ww1/1", frame(GOODBYE, "w1"))
    except zmq.ZMQError:
        pass  # gone already
    assert made.ended()
    broker.context.destroy(linger=0)


def test_server_when_asked_answers_each_by_itself_after_a_turn(running: Running) -> None:
    routing = running.join()
    running.ask(routing, 1, "hold", "fail", 2)
    replies = running.replies(3)
    assert [(each["request_id"], each["status"], each["data"]) for each in replies] == [
        ("1", "success", 1),
        ("fail", "error", None),
        ("2", "success", 2),
    ]
    control, (worker_id, *_), _ = running.broker.hear(HEARTBEAT)
    assert (routing, control, worker_id) == (b"ww1/1", b"cw1/1", "w1")


def test_requests_when_they_wait_together_share_a_turn(running: Running) -> None:
    routing = running.join()
    running.ask(routing, "first")
    running.replies(1)
    held = threading.Event()
    desk, turn = running.desk, running.desk.turn

    def slowly() -> None:
        assert held.wait(PATIENCE_S)
        turn()

    desk.turn = slowly  # type: ignore[method-assign]
    running.ask(routing, "opens", *range(100))
    time.sleep(0.1)  # sent is not yet arrived, and no event tells of it
    held.set()
    assert len(running.replies(101)) == 101
    assert sum(map(len, desk.groups)) == 102
    assert max(map(len, desk.groups)) > 50


def test_desk_when_it_calls_from_another_thread_has_a_turn_and_what_it_holds_is_answered(
    running: Running,
) -> None:
    routing = running.join()
    running.ask(routing, "hold")
    running.desk.wait_for(lambda: ["hold"] in running.desk.groups)
    turn = running.desk.turn

    def resolving() -> None:
        running.desk.held.pop().resolve(msgspec.Raw(b'"at last"'))
        turn()

    running.desk.turn = resolving  # type: ignore[method-assign]
    threading.Thread(target=running.desk.wake).start()
    (reply,) = running.replies(1)
    assert (reply["data"], reply["status"]) == ("at last", "success")
    assert reply["processing_time_ms"] > 0


def test_desk_when_its_time_comes_has_a_turn_though_nobody_asks(running: Running) -> None:
    running.ask(running.join(), 1)
    running.replies(1)
    desk = running.desk
    desk.wait_for(lambda: desk.groups == [[1]])  # the reply goes out before the desk has its turn
    before = len(desk.groups)
    asked_for = time.monotonic() + 0.1
    desk.due_at = asked_for
    desk.wait_for(lambda: len(desk.groups) > before)
    assert time.monotonic() >= asked_for
    assert desk.groups[before:] == [[]]


def test_desk_when_nothing_happens_is_left_alone(running: Running) -> None:
    running.ask(running.join(), 1)
    running.replies(1)
    for _ in range(8):
        running.broker.hear(HEARTBEAT)
    assert running.desk.groups == [[1]]


def test_server_when_the_broker_forgot_it_registers_again_with_the_same_desk(running: Running) -> None:
    routing = running.join()
    running.ask(routing, "hold")
    running.broker.say(routing, REGISTER)
    running.join()
    running.ask(routing, 2)
    assert running.replies(1)[0]["data"] == 2
    assert len(running.desks) == 1


def test_server_when_the_markets_clock_is_another_leaves_for_a_successor(running: Running) -> None:
    routing = running.join()
    running.broker.say(routing, frame(WELCOME, "1.2.3", "/home", {"US": {"speed": 0}}))
    running.broker.say(routing, frame(WELCOME, "1.2.3", "/home", {"US": {"speed": 60}}))
    assert running.broker.hear(GOODBYE)[1] == ["w1"]
    assert running.ended()
    assert (running.statuses, len(running.desks)) == ([], 1)


def test_server_when_stopped_finishes_what_it_holds_and_leaves_when_seen_off(running: Running) -> None:
    routing = running.join()
    running.ask(routing, "hold")
    running.desk.wait_for(lambda: bool(running.desk.held))
    running.server.stop()
    control, payload, _ = running.broker.hear(DRAIN)
    assert (control, payload) == (b"cw1/1", ["w1"])
    running.ask(routing, "last")
    assert running.replies(1)[0]["data"] == "last"
    running.broker.say(routing, frame(GOODBYE, "w1"))
    assert running.broker.hear(GOODBYE)[:2] == (routing, ["w1"])
    assert running.ended()
    assert running.statuses == []


@pytest.mark.parametrize("fault", [Unavailable("another epoch"), KeyError("defect")])
def test_server_when_a_turn_fails_ends_at_once_and_says_nothing_more(
    running: Running, fault: Exception
) -> None:
    routing = running.join()
    running.ask(routing, 1, "hold")
    running.desk.wait_for(lambda: bool(running.desk.held))
    running.replies(1)
    running.desk.fault = fault
    running.ask(routing, "hold")
    assert running.ended()
    assert running.statuses == [ABANDONED]
    assert running.raised == [fault]
    kinds = set()
    while running.broker.router.poll(100):
        kinds.add(running.broker.router.recv_multipart()[1][:1])
    assert kinds <= {HEARTBEAT}


def test_wake_when_the_server_has_ended_does_nothing(running: Running) -> None:
    routing = running.join()
    running.ask(routing, 1)
    running.replies(1)
    running.broker.say(routing, frame(GOODBYE, "w1"))
    assert running.ended()
    for _ in range(10):
        running.desk.wake()


def test_server_when_rung_more_often_than_it_hears_does_not_wait(running: Running) -> None:
    routing = running.join()
    running.ask(routing, 1)
    running.replies(1)
    for _ in range(100_000):
        running.server.wake()
    running.ask(routing, 2)
    assert running.replies(1)[0]["data"] == 2


def test_server_when_the_broker_is_gone_waits_for_none_of_its_answers_and_leaves_when_told(
    running: Running,
) -> None:
    routing = running.join()
    running.ask(routing, *["hold"] * 40)
    desk = running.desk
    desk.wait_for(lambda: len(desk.held) == 40)
    running.broker.context.destroy(linger=0)
    eventually(lambda: running.server._cut_off, "the server sees that the broker is gone")
    turn, took_s = desk.turn, list[float]()

    def resolving() -> None:
        started = time.monotonic()
        for answer in desk.held:
            answer.resolve(msgspec.Raw(b"1"))
        took_s.append(time.monotonic() - started)
        turn()

    desk.turn = resolving  # type: ignore[method-assign]
    running.server.stop()
    time.sleep(0.3)  # longer than it looks for messages: it stays, for it holds requests
    assert running.thread.is_alive()
    desk.wake()
    assert running.ended()
    assert took_s[0] < 0.25  # one that waited would take 40 times as long
