"""The broker's loop with a worker that has a lane: batches take it, and find their way without it."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import zmq

from tacore.broker.core import Core
from tacore.broker.fleet import Fleet
from tacore.broker.lanes import Lanes
from tacore.broker.limits import Limits
from tacore.broker.server import Endpoints, Server
from tacore.clock import SystemClock
from tacore.wire import lane
from tacore.wire.lane import Lane, Offer
from tacore.wire.records import RowMaker
from tests.support.broker_journal import Journal
from tests.support.broker_world import READY, REPLY, Batch, frame, method
from tests.support.journal_columns import Row, encode_rows
from tests.support.service import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no lanes")
PATIENCE_S = 10.0
W1 = b"ww1/1"


class World:
    """A broker on a thread, a client, and a worker with a data socket and a lane."""

    def __init__(self) -> None:
        lanes = Lanes()
        core = Core({"m": method("m")}, Limits(), SystemClock(), RowMaker())
        self.core = core
        self.journal = Journal()
        fleet = Fleet(core, "1.2.3", "/home/of/tests", {}, lanes.offer)
        endpoints = Endpoints("tcp://127.0.0.1:*", "tcp://127.0.0.1:0")
        self.server = Server(core, fleet, self.journal, endpoints, 0.5, lanes)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self.client = self._dealer(0, b"")
        self.data = self._dealer(1, W1)
        self.lane = self.register()

    def _run(self) -> None:
        self.server.run()
        self.server.close()

    def _dealer(self, face: int, name: bytes) -> "zmq.Socket[bytes]":
        made = self.context.socket(zmq.DEALER)
        if name:
            made.setsockopt(zmq.ROUTING_ID, name)
        made.rcvtimeo = int(PATIENCE_S * 1000)
        made.linger = 0
        made.connect(self.server.bound[face])
        return made

    def register(self) -> Lane:
        """Say who the worker is, and enter the lane that the welcome offers."""
        entered = lane.connect(self.say_ready(), W1)
        assert entered is not None
        return entered

    def say_ready(self) -> Offer:
        """Say who the worker is; give the lane that the welcome offers."""
        self.data.send(frame(READY, "w1", "fast", ["m"], 1, 32, "host", 1, 1, "v", ""))
        _, _, _, (address, token) = msgspec.msgpack.decode(self.data.recv()[1:])
        return Offer(address, token)

    def ask(self, name: str, text: str = "") -> None:
        """Send a request."""
        self.client.send_json({"request_id": name, "method": "m", "params": {"text": text}})

    def take(self, entered: Lane) -> Batch | None:
        """Wait for a batch on the lane; None if the data socket has one instead."""
        poller = zmq.Poller()
        poller.register(entered.fileno(), zmq.POLLIN)
        poller.register(self.data, zmq.POLLIN)
        assert poller.poll(int(PATIENCE_S * 1000))
        frames = entered.receive()
        return Batch(*frames) if frames else None

    def told(self) -> str:
        """Wait for a reply; give its request_id."""
        reply: dict[str, Any] = json.loads(self.client.recv())
        return str(reply["request_id"])

    def has_entered(self, entered: Lane) -> None:
        """Wait until batches come on that lane: until then they come on the data socket."""
        deadline = time.monotonic() + PATIENCE_S
        for number in range(1_000):
            assert time.monotonic() < deadline
            self.ask(f"probe-{number}")
            batch = self.take(entered)
            if batch is not None:
                assert entered.send(answer(batch))
            else:
                self.data.send_multipart(answer(Batch(*self.data.recv_multipart())))
            assert self.told() == f"probe-{number}"
            if batch is not None:
                return
        pytest.fail("no batch came on the lane")


def answer(batch: Batch, size: int = 0) -> tuple[bytes, bytes, bytes]:
    replies = [json.dumps({"request_id": each, "data": "x" * size}).encode() for each in batch.ids]
    rows = encode_rows([Row(each, None, 1, b"{}", b"{}") for each in batch.ids])
    return frame(REPLY, batch.dispatch_id, 10), b"\n".join(replies), rows


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.server.stop()
    made.thread.join(PATIENCE_S)
    made.lane.close()
    made.context.destroy(linger=0)
    assert not made.thread.is_alive()
    assert made.core.in_flight() == 0


def test_batch_when_its_worker_has_a_lane_goes_there_and_back_and_is_journalled(world: World) -> None:
    world.has_entered(world.lane)
    world.ask("a")
    batch = world.take(world.lane)
    assert batch is not None
    assert batch.ids == ["a"]
    assert world.lane.send(answer(batch))
    assert world.told() == "a"
    world.server.stop()
    world.thread.join(PATIENCE_S)
    assert world.journal.rows == world.core.out.counts["answered"] >= 2


def test_batch_when_larger_than_a_lane_takes_goes_through_zeromq_both_ways(world: World) -> None:
    world.has_entered(world.lane)
    world.ask("large", "x" * 200_000)
    assert world.take(world.lane) is None
    batch = Batch(*world.data.recv_multipart())
    assert batch.ids == ["large"]
    large = answer(batch, 200_000)
    assert not world.lane.send(large)
    world.data.send_multipart(large)
    assert world.told() == "large"


def test_batch_when_its_worker_closed_the_lane_goes_through_zeromq(world: World) -> None:
    world.has_entered(world.lane)
    world.ask("held")
    held = world.take(world.lane)
    assert held is not None
    world.lane.close()
    world.ask("next")
    world.data.send_multipart(answer(held))
    assert world.told() == "held"
    batch = Batch(*world.data.recv_multipart())
    assert batch.ids == ["next"]
    world.data.send_multipart(answer(batch))
    assert world.told() == "next"


def test_worker_when_it_enters_again_gets_its_batches_there(world: World) -> None:
    world.has_entered(world.lane)
    world.lane.close()
    again = world.register()
    world.has_entered(again)
    again.close()


def test_worker_when_its_answer_made_no_sense_and_it_registers_again_still_has_its_lane(world: World) -> None:
    world.has_entered(world.lane)
    world.ask("a")
    batch = world.take(world.lane)
    assert batch is not None
    head, _, rows = answer(batch)
    assert world.lane.send((head, b"{}\n{}", rows))
    wait_until(lambda: not world.core.pools["fast"].workers, "the worker is lost")
    world.say_ready()
    batch = world.take(world.lane)
    assert batch is not None
    assert batch.ids == ["a"]
    assert world.lane.send(answer(batch))
    assert world.told() == "a"
