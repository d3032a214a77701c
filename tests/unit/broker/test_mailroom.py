"""Replies on real sockets: late for who is slow, counted for who is gone, bounded, and always in order."""

from collections import Counter
from collections.abc import Iterator

import pytest
import zmq

from tacore.broker.mailroom import Mailroom

PATIENCE_MS = 10_000
BIG = 4096


class Post:
    """A ROUTER with small pipes, its mailroom, and DEALERs that read when told."""

    def __init__(self) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.router.sndhwm = 5
        self.counts: Counter[str] = Counter()
        self.router.bind("inproc://post")
        self.clients: list[zmq.Socket[bytes]] = []

    def client(self, name: bytes) -> "zmq.Socket[bytes]":
        made = self.context.socket(zmq.DEALER)
        made.setsockopt(zmq.ROUTING_ID, name)
        made.rcvhwm = 5
        made.rcvtimeo = PATIENCE_MS
        made.connect("inproc://post")
        made.send(b"hello")
        assert self.router.recv_multipart() == [name, b"hello"]
        self.clients.append(made)
        return made


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    yield made
    made.context.destroy(linger=0)


def drain(client: "zmq.Socket[bytes]", room: Mailroom, count: int) -> list[int]:
    """Read that many numbers while the mailroom tries again, as it does at each tick."""
    got: list[int] = []
    for _ in range(PATIENCE_MS):
        while client.poll(0):
            got.append(int(client.recv()))
        if len(got) >= count:
            break
        room.retry()
        client.poll(1)
    return got


def numbered(client: bytes, count: int, start: int = 0) -> list[tuple[bytes, bool, bytes]]:
    return [(client, False, b"%d" % number) for number in range(start, start + count)]


def test_reply_when_the_client_reads_arrives_in_its_framing(post: Post) -> None:
    client, room = post.client(b"A"), Mailroom(post.router, post.counts)
    room.send([(b"A", True, b"one"), (b"A", False, b"two")])
    assert client.recv_multipart() == [b"", b"one"]
    assert client.recv_multipart() == [b"two"]
    assert not room.waiting()


def test_replies_when_the_client_is_slow_come_later_in_order_and_hold_up_nobody(post: Post) -> None:
    slow, quick = post.client(b"slow"), post.client(b"quick")
    room = Mailroom(post.router, post.counts)
    room.send(numbered(b"slow", 50))
    assert room.waiting()
    room.send([*numbered(b"slow", 10, 50), (b"quick", False, b"now")])
    assert quick.recv() == b"now"
    assert drain(slow, room, 60) == list(range(60))
    assert not room.waiting()
    assert post.counts == {}


def test_retry_when_the_client_still_reads_nothing_keeps_all(post: Post) -> None:
    slow, room = post.client(b"slow"), Mailroom(post.router, post.counts)
    room.send(numbered(b"slow", 30))
    for _ in range(100):
        room.retry()
    assert drain(slow, room, 30) == list(range(30))


def test_replies_when_over_the_number_kept_are_dropped_and_counted(post: Post) -> None:
    slow, room = post.client(b"slow"), Mailroom(post.router, post.counts, limit=7)
    room.send(numbered(b"slow", 100))
    dropped = post.counts["replies_dropped"]
    assert 0 < dropped < 93
    assert drain(slow, room, 100 - dropped) == list(range(100 - dropped))


def test_replies_when_over_the_bytes_kept_are_dropped_and_room_returns(post: Post) -> None:
    clients = {name: post.client(name) for name in (b"a", b"b")}
    room = Mailroom(post.router, post.counts, limit_bytes=3 * BIG)
    for name in clients:
        room.send([(name, False, b"x" * BIG)] * 20)
    dropped = post.counts["replies_dropped"]
    assert dropped > 0
    got = 0
    for _ in range(PATIENCE_MS):
        for client in clients.values():
            while client.poll(1):
                client.recv()
                got += 1
        if not room.waiting():
            break
        room.retry()
    for client in clients.values():
        while client.poll(20):
            client.recv()
            got += 1
    assert got == 40 - dropped
    room.send([(b"a", False, b"y" * BIG)] * 8)
    assert post.counts["replies_dropped"] == dropped


def test_replies_when_the_client_is_gone_are_counted(post: Post) -> None:
    room = Mailroom(post.router, post.counts)
    room.send([(b"nobody", False, b"x"), (b"nobody", True, b"y")])
    assert post.counts == {"unroutable": 2}
    assert not room.waiting()


def test_kept_replies_when_the_client_leaves_are_counted(post: Post) -> None:
    slow, room = post.client(b"slow"), Mailroom(post.router, post.counts)
    room.send(numbered(b"slow", 30))
    slow.close(linger=0)
    other = post.client(b"other")
    for _ in range(10_000):
        room.retry()
        if not room.waiting():
            break
        post.router.poll(1)
    assert not room.waiting()
    assert 0 < post.counts["unroutable"] <= 30
    room.send([(b"other", False, b"still")])
    assert other.recv() == b"still"
