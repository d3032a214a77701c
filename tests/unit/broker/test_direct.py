"""Clients that the broker serves by itself: libzmq's and raw ones, slow, gone, many, and up to no good."""

import errno
import fcntl
import logging
import os
import resource
import select
import socket
import struct
import sys
import termios
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq

from tacore.broker import direct
from tacore.broker.direct import A_TURN, Direct, is_possible
from tests.support.service import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems leave clients to ZeroMQ")
PATIENCE_S = 10.0
BIG = 1 << 20
GREETING = b"\xff\0\0\0\0\0\0\0\1\x7f\3\1NULL" + bytes(48)
READY = b"\4\x19\5READY\x0bSocket-Type\0\0\0\3REQ"
Heard = tuple[bytes, bool, bytes | int]


class Door:
    """A front, what a broker's loop would do with it, and clients."""

    def __init__(self, **limits: int) -> None:
        self.counts: Counter[str] = Counter()
        self.front = Direct("127.0.0.1", 0, self.counts, 4 << 20, **limits)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._raw: list[socket.socket] = []
        self._dealers: list[zmq.Socket[bytes]] = []

    def turn(self, wait_s: float = 0.01) -> list[Heard]:
        """Read once what is there."""
        select.select([self.front.handle], [], [], 0 if self.front.pending() else wait_s)
        return list(self.front.read())

    def turn_until(self, reached: Callable[[], object], what: str) -> list[Heard]:
        """Turn until something is so; give all that was heard."""
        found: list[Heard] = []
        until = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < until, what
            found += self.turn()
        return found

    def hear(self, count: int = 1) -> list[Heard]:
        """Read until there are so many messages."""
        found: list[Heard] = []
        until = time.monotonic() + PATIENCE_S
        while len(found) < count:
            assert time.monotonic() < until, f"{found[:5]} of {count} messages"
            found += self.turn()
        return found

    def dealer(self, name: bytes = b"") -> "zmq.Socket[bytes]":
        """Make a client that said hello."""
        made = self.context.socket(zmq.DEALER)
        made.linger = 0
        self._dealers.append(made)
        made.sndhwm = 0
        made.rcvtimeo = int(PATIENCE_S * 1000)
        if name:
            made.setsockopt(zmq.ROUTING_ID, name)
        made.connect(self.front.endpoint)
        made.send(b"hello")
        return made

    def raw(self) -> socket.socket:
        """Connect without a word, with a small window."""
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.settimeout(PATIENCE_S)
        made.connect(("127.0.0.1", int(self.front.endpoint.rpartition(":")[2])))
        self._raw.append(made)
        return made

    def met(self) -> tuple[socket.socket, bytes]:
        """Connect, and speak by hand as a REQ would; give its routing id too."""
        made = self.raw()
        made.sendall(GREETING + READY + b"\1\0\0\1x")
        ((name, delimited, body),) = self.hear()
        assert (delimited, body) == (True, b"x")
        said = b""
        while b"ROUTER" not in said:
            said += made.recv(1000)
        return made, name

    def close(self) -> None:
        """End all of it."""
        for each in self._raw:
            each.close()
        self.context.destroy(linger=0)
        self.front.close(0)


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.close()


def queued(connection: socket.socket) -> bool:
    """Tell whether all that was sent has reached the other end."""
    (left,) = struct.unpack("I", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))
    return not left


def ended(connection: socket.socket) -> bool:
    """Tell whether the front closed it, passing over what it had said before."""
    try:
        while connection.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def test_clients_when_two_ask_hear_their_own_answers(door: Door) -> None:
    first, second = door.dealer(b"first"), door.dealer()
    door.hear(2)
    first.send_multipart([b"", b"1"])
    second.send(b"2")
    names = {body: (name, delimited) for name, delimited, body in door.hear(2)}
    assert names[b"1"] == (b"first", True)
    assert (names[b"2"][0][:1], len(names[b"2"][0])) == (b"\0", 5)
    door.front.send([(b"first", True, b"one"), (names[b"2"][0], False, b"two"), (b"first", False, b"")])
    assert first.recv_multipart() == [b"", b"one"]
    assert second.recv_multipart() == [b"two"]
    assert first.recv_multipart() == [b""]
    assert door.counts == {}


def test_client_when_it_sends_much_at_once_is_heard_in_order(door: Door) -> None:
    client = door.dealer()
    door.hear()
    sent = [b"%d" % n * (n % 400 + 1) for n in range(5_000)]
    for each in sent:
        client.send(each)
    assert [body for _, _, body in door.hear(5_000)] == sent


def test_client_when_others_send_much_has_its_turn(door: Door) -> None:
    loud = [door.met()[0] for _ in range(8)]
    quiet, name = door.met()
    for each in loud:
        each.sendall(b"\0\0" * 20_000)
    wait_until(lambda: all(map(queued, loud)), "it has arrived")
    heard = door.turn()
    assert len(heard) == A_TURN
    assert door.front.pending()
    quiet.sendall(b"\1\0\0\5quiet")
    while (name, True, b"quiet") not in heard:
        heard += door.turn()
        assert len(heard) < 5 * A_TURN
    assert len(door.hear(8 * 20_000 + 1 - len(heard))) == 8 * 20_000 + 1 - len(heard)
    assert door.turn(0) == []
    assert not door.front.pending()


def test_messages_when_their_client_leaves_at_once_are_heard_all_the_same(door: Door) -> None:
    client, name = door.met()
    client.sendall(b"\0\1x" * 2_000)
    client.close()
    assert door.hear(2_000) == [(name, False, b"x")] * 2_000
    door.turn_until(lambda: not door.front._connections, "it is gone")


def test_message_when_a_violation_follows_is_heard_before_its_client_is_sent_away(door: Door) -> None:
    client, name = door.met()
    client.sendall(b"\0\5order\x10\0")
    assert door.hear() == [(name, False, b"order")]
    assert ended(client)


def test_message_when_it_is_large_and_comes_in_drops_is_whole(door: Door) -> None:
    connection, name = door.met()
    body = os.urandom(3 << 20)
    whole = b"\1\0\2" + len(body).to_bytes(8, "big") + body
    found: list[Heard] = []
    connection.setblocking(False)
    while whole:
        try:
            whole = whole[connection.send(whole[:50_000]) :]
        except BlockingIOError:
            pass
        found += door.turn(0)
    found += [] if found else door.hear()
    assert found == [(name, True, body)]


def test_replies_when_the_client_reads_nothing_are_kept_in_order_and_hold_up_nobody(door: Door) -> None:
    slow, name = door.met()
    quick = door.dealer(b"quick")
    door.hear()
    count = 3_000
    for number in range(count):
        door.front.send([(name, False, b"%06d" % number * 300)])
    assert door.front.waiting()
    door.front.send([(b"quick", False, b"now"), (name, False, b"last!!" * 300)])
    assert quick.recv() == b"now"
    got = b""
    slow.settimeout(0)
    until = time.monotonic() + PATIENCE_S
    while len(got) < (count + 1) * 1_809 and time.monotonic() < until:
        try:
            got += slow.recv(1 << 20)
        except BlockingIOError:
            door.turn()
    assert [got[at + 9 : at + 15] for at in range(0, len(got), 1_809)] == [
        *[b"%06d" % number for number in range(count)],
        b"last!!",
    ]
    assert not door.front.waiting()
    assert door.counts == {}


@pytest.mark.parametrize("limits", [{"limit": 5}, {"limit_bytes": 5 * BIG}])
def test_replies_when_over_what_is_kept_are_dropped_whole_and_counted(limits: dict[str, int]) -> None:
    door = Door(**limits)
    try:
        slow, name = door.met()
        for number in range(40):
            door.front.send([(name, False, bytes([number]) * BIG)])
        dropped = door.counts["replies_dropped"]
        assert 20 < dropped < 40
        got, size = b"", BIG + 9
        slow.settimeout(0)
        while door.front.waiting() or len(got) < (40 - dropped) * size:
            try:
                got += slow.recv(BIG)
            except BlockingIOError:
                door.turn()
        assert len(got) == (40 - dropped) * size
        assert [got[at + 9 : at + 10] for at in range(0, len(got), size)] == [
            bytes([number]) for number in range(40 - dropped)
        ]
        door.front.send([(name, False, b"again")])
        assert slow.recv(100) == b"\0\5again"
    finally:
        door.close()


def test_reply_when_the_client_is_gone_is_counted(door: Door) -> None:
    client, name = door.met()
    slow, other = door.met()
    for _ in range(20):
        door.front.send([(other, False, b"x" * BIG)])
    assert door.front.waiting()
    client.close()
    slow.close()
    door.turn_until(lambda: not door.front.waiting(), "what was kept for it is gone")
    door.front.send([(name, False, b"late"), (other, False, b"late"), (b"never", False, b"x")])
    assert door.counts["unroutable"] in (2, 3)
    door.turn_until(lambda: not door.front._connections, "both are gone")


def test_identity_when_another_has_it_is_refused_until_that_one_leaves(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    first = door.dealer(b"me")
    assert door.hear() == [(b"me", False, b"hello")]
    second = door.dealer(b"me")
    assert door.turn_until(lambda: door.counts["clients_sent_away"], "the other is sent away") == []
    door.front.send([(b"me", False, b"yours")])
    assert first.recv() == b"yours"
    first.close()
    heard: list[Heard] = []
    while not heard:  # what it says on a connection that is not kept is lost
        second.send(b"again")
        heard = door.turn()
    assert heard[0][0] == b"me"
    door.front.send([(b"me", False, b"now yours")])
    assert second.recv() == b"now yours"
    (told, *_) = caplog.records
    assert (told.message, told.levelno) == ("clients_sent_away", logging.WARNING)
    assert "b'me' is another client's" in told.__dict__["why"]
    assert told.__dict__["peer"].startswith("127.0.0.1:")


def test_stranger_when_it_speaks_otherwise_is_sent_away_and_one_complaint_a_second_is_logged(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    client = door.dealer()
    door.hear()
    strangers = [door.raw() for _ in range(30)]
    for each in strangers:
        each.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    door.turn_until(lambda: door.counts["clients_sent_away"] == 30, "all are sent away")
    assert all(map(ended, strangers))
    assert 1 <= len(caplog.records) <= 5
    client.send(b"still here")
    assert [body for _, _, body in door.hear()] == [b"still here"]


def test_stranger_when_silent_is_sent_away_in_time(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = door.met()
    early = door.raw()
    door.turn_until(lambda: len(door.front._connections) == 2, "it is accepted")
    monkeypatch.setattr(direct, "HANDSHAKE_S", 0.05)
    time.sleep(0.06)  # its time, which nothing tells of
    late = door.raw()
    door.turn_until(lambda: len(door.front._connections) == 3, "it is accepted")
    monkeypatch.setattr(direct, "HANDSHAKE_S", 5.0)
    door.front.tick()
    assert len(door.front._connections) == 3
    monkeypatch.setattr(direct, "HANDSHAKE_S", 0.05)
    door.front.tick()
    assert ended(early)
    late.sendall(GREETING + READY + b"\1\0\0\1y")
    client.sendall(b"\1\0\0\1z")
    assert b"z" in {body for _, _, body in door.hear(1)}


def test_clients_when_descriptors_run_out_wait_and_are_served_once_there_are_some(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    client, name = door.met()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    waiting = door.raw()
    waiting.sendall(GREETING + READY + b"\1\0\0\1w")
    resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(0), hard))
    try:
        door.turn_until(lambda: door.counts["clients_not_accepted"], "there is none")
        client.sendall(b"\1\0\0\1x")
        assert door.hear() == [(name, True, b"x")]
        assert door.counts["clients_not_accepted"] == 1
        door.front.tick()
        door.turn_until(lambda: door.counts["clients_not_accepted"] == 2, "there is none")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    door.front.tick()
    assert [body for _, _, body in door.hear()] == [b"w"]
    assert "Too many open files" in caplog.records[0].__dict__["why"]


def test_close_when_replies_are_kept_gives_a_client_that_reads_all_of_them(door: Door) -> None:
    slow, name = door.met()
    deaf, other = door.met()
    gone, third = door.met()
    for _ in range(5):
        door.front.send([(each, False, b"x" * BIG) for each in (name, other, third)])
    gone.close()
    closing = threading.Thread(target=door.front.close, args=(PATIENCE_S,))
    closing.start()
    got = 0
    while data := slow.recv(BIG):
        got += len(data)
    assert got == 5 * (BIG + 9)
    slow.close()
    deaf.close()
    closing.join(PATIENCE_S)
    assert not closing.is_alive()


def test_close_when_a_client_never_reads_ends_in_time(door: Door) -> None:
    deaf, name = door.met()
    door.front.send([(name, False, b"x" * BIG)] * 20)
    began = time.monotonic()
    door.front.close(0.05)
    assert time.monotonic() - began < PATIENCE_S / 2
    assert not door.front.waiting()
    assert ended(deaf)


def test_close_when_a_client_said_more_that_is_unread_keeps_what_was_sent_to_it(door: Door) -> None:
    slow, name = door.met()
    door.front.send([(name, False, b"x" * 200_000)] * 3)
    slow.sendall(b"\0\1y" * 100)
    closing = threading.Thread(target=door.front.close, args=(PATIENCE_S,))
    closing.start()
    got = 0
    while data := slow.recv(20_000):
        got += len(data)
    assert got == 3 * 200_009
    slow.close()
    closing.join(PATIENCE_S)
    assert not closing.is_alive()


def test_client_when_it_can_not_be_watched_is_turned_away_and_the_front_lives(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    client, name = door.met()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(door.front, "_epoll", Full(door.front._epoll))
        stranger = door.raw()
        door.turn_until(lambda: door.counts["clients_not_accepted"], "it is turned away")
    assert ended(stranger)
    assert "No space left" in caplog.records[0].__dict__["why"]
    door.front.tick()
    client.sendall(b"\0\1x")
    assert door.hear() == [(name, False, b"x")]


class Full:
    """An epoll that can watch no more descriptors."""

    def __init__(self, epoll: select.epoll) -> None:
        self._epoll = epoll

    def __getattr__(self, name: str) -> Any:
        return getattr(self._epoll, name)

    def register(self, _fd: object, _events: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_ping_when_its_client_reads_nothing_is_not_answered_and_drops_no_reply(door: Door) -> None:
    deaf, name = door.met()
    for _ in range(20):
        door.front.send([(name, False, b"x" * BIG)])
    assert door.front.waiting()
    kept = len(door.front._by_name[name].kept)
    deaf.sendall(b"\4\7\4PING\0\0" * 1_000 + b"\0\1z")
    assert door.hear() == [(name, False, b"z")]
    assert len(door.front._by_name[name].kept) == kept


def test_front_when_its_port_is_taken_says_so(door: Door) -> None:
    port = int(door.front.endpoint.rpartition(":")[2])
    with pytest.raises(OSError, match="in use") as raised:
        Direct("127.0.0.1", port, door.counts, BIG)
    assert raised.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [("[::1]", "tcp://[::1]:"), ("*", "tcp://0.0.0.0:"), ("127.0.0.1", "tcp://127.0.0.1:")],
)
def test_endpoint_when_bound_is_where_clients_connect(host: str, endpoint: str) -> None:
    front = Direct(host, 0, Counter(), BIG)
    assert front.endpoint.startswith(endpoint)
    front.close(0)


@pytest.mark.parametrize(
    ("host", "possible"),
    [("127.0.0.1", True), ("*", True), ("[::1]", True), ("::", True), ("eth0", False), ("localhost", False)],
)
def test_interface_when_it_is_no_address_is_left_to_zeromq(host: str, possible: bool) -> None:
    assert is_possible(host) == possible
    assert not is_possible_on("darwin", host)


def is_possible_on(system: str, host: str) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "platform", system)
        return is_possible(host)
