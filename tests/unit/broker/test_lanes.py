"""The broker's lanes with real sockets: who gets one, who does not, and what happens when it ends."""

import socket
import sys
from collections.abc import Iterator

import pytest
import zmq

from tacore.broker.lanes import MOST_STRANGERS, Lanes
from tacore.wire import lane
from tacore.wire.lane import Lane, Offer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no lanes")
PATIENCE_MS = 10_000
W1 = b"ww1/1"
Message = tuple[bytes, list[bytes]]


class Polled:
    """Lanes, and what a broker's loop would read of them."""

    def __init__(self) -> None:
        self.lanes = Lanes()
        self.poller = zmq.Poller()
        self.lanes.watch(self.poller)

    @property
    def offer(self) -> Offer:
        assert self.lanes.offer is not None
        return self.lanes.offer

    def turn(self, wait_ms: int = PATIENCE_MS) -> list[Message]:
        """Read once whatever is there."""
        found = [self.lanes.read(fd) for fd, _ in self.poller.poll(wait_ms) if isinstance(fd, int)]
        return [each for each in found if each is not None]

    def enter(self, routing: bytes) -> Lane:
        """Be a worker that enters."""
        made = lane.connect(self.offer, routing)
        assert made is not None
        self.turn()
        self.turn()
        return made

    def stranger(self) -> socket.socket:
        """Come without a word."""
        made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        made.settimeout(PATIENCE_MS / 1000)
        made.connect(self.offer.address)
        self.turn()
        return made


@pytest.fixture
def polled() -> Iterator[Polled]:
    made = Polled()
    yield made
    made.lanes.close()
    assert not made.poller.sockets


def test_lanes_when_a_worker_entered_carry_batches_both_ways(polled: Polled) -> None:
    assert not polled.lanes.send(W1, (b"h", b"b"))
    worker = polled.enter(W1)
    assert polled.lanes.send(W1, (b"h", b"b"))
    assert worker.receive() == [b"h", b"b"]
    assert worker.send((b"r", b"b", b"rows"))
    assert polled.turn() == [(W1, [b"r", b"b", b"rows"])]
    assert not polled.lanes.send(b"wother/2", (b"h", b"b"))
    worker.close()


def test_lanes_when_a_worker_is_gone_say_so_after_its_last_word(polled: Polled) -> None:
    worker = polled.enter(W1)
    assert worker.send((b"r", b"b", b"rows"))
    worker.close()
    assert polled.turn() == [(W1, [b"r", b"b", b"rows"])]
    assert polled.turn() == []
    assert not polled.lanes.send(W1, (b"h", b"b"))
    assert polled.turn(0) == []


def test_lanes_when_a_worker_enters_again_use_the_new_one(polled: Polled) -> None:
    old = polled.enter(W1)
    new = polled.enter(W1)
    assert polled.lanes.send(W1, (b"h", b"b"))
    assert new.receive() == [b"h", b"b"]
    assert old.receive() is None
    old.close()
    new.close()


@pytest.mark.parametrize("hello", [b"x" * 40, b"t", b"", None])
def test_stranger_when_it_does_not_know_the_token_is_turned_away(polled: Polled, hello: bytes | None) -> None:
    with polled.stranger() as stranger:
        if hello is None:
            stranger.shutdown(socket.SHUT_WR)
        else:
            stranger.send(hello)
        assert polled.turn() == []
        assert stranger.recv(10) == b""
    assert not polled.lanes.send(hello or b"", (b"h", b"b"))


def test_stranger_when_too_many_say_nothing_is_turned_away_and_workers_still_come(polled: Polled) -> None:
    silent = [polled.stranger() for _ in range(MOST_STRANGERS)]
    with polled.stranger() as late:
        assert late.recv(10) == b""
    silent.pop().close()
    polled.turn()
    worker = polled.enter(W1)
    assert polled.lanes.send(W1, (b"h", b"b"))
    worker.close()
    for each in silent:
        each.close()


def test_stranger_when_another_users_is_turned_away(polled: Polled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 123_456_789)
    with polled.stranger() as stranger:
        assert stranger.recv(10) == b""


def test_lanes_when_not_offered_are_not_there() -> None:
    lanes = Lanes(offered=False)
    poller = zmq.Poller()
    lanes.watch(poller)
    assert lanes.offer is None
    assert not poller.sockets
    assert not lanes.send(W1, (b"h", b"b"))
    lanes.close()
