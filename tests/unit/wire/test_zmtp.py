"""The server's side of ZeroMQ's protocol, against libzmq as the client and against the bytes of the RFCs."""

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from tacore.wire.zmtp import Message, Session, Violation, head

PATIENCE_S = 10.0
MOST_BYTES = 1 << 20
SIGNATURE = b"\xff\0\0\0\0\0\0\0\1\x7f"
GREETING = SIGNATURE + b"\3\0NULL" + bytes(16) + b"\0" + bytes(31)
ZMTP_2 = SIGNATURE + b"\1"


def ready(*properties: tuple[bytes, bytes]) -> bytes:
    """Build a READY as RFC 23 has it."""
    told = b"".join(bytes([len(k)]) + k + struct.pack(">I", len(v)) + v for k, v in properties)
    return bytes([4, len(told) + 6]) + b"\5READY" + told


DEALER = ready((b"Socket-Type", b"DEALER"), (b"Identity", b""))


def fed(session: Session, data: bytes) -> list[Message]:
    """Feed a session, and take every message."""
    return list(session.feed(data))


class Line:
    """A client of libzmq's, and the session that hears it over a plain TCP connection."""

    def __init__(self, kind: int, before: "Callable[[zmq.Socket[bytes]], None] | None" = None) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.client = self.context.socket(kind)
        self.client.rcvtimeo = int(PATIENCE_S * 1000)
        self.client.linger = 0
        self.session = Session(MOST_BYTES)
        self.heard = b""
        if before is not None:
            before(self.client)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.client.connect("tcp://{}:{}".format(*listener.getsockname()))
            listener.settimeout(PATIENCE_S)
            self.connection, _ = listener.accept()
        self.connection.settimeout(PATIENCE_S)
        self.say()

    def say(self) -> None:
        """Send what the session wants sent."""
        self.connection.sendall(b"".join(self.session.to_send))
        self.session.to_send.clear()

    def hear(self, count: int = 1) -> list[Message]:
        """Feed what comes until there are so many messages."""
        found: list[Message] = []
        while len(found) < count:
            data = self.connection.recv(1000)
            assert data
            self.heard += data
            found += fed(self.session, data)
            self.say()
        return found

    def answer(self, body: bytes, *, delimited: bool = False) -> None:
        """Send a reply."""
        self.connection.sendall(head(len(body), delimited) + body)

    def close(self) -> None:
        """End both ends."""
        self.connection.close()
        self.context.destroy(linger=0)


@pytest.fixture
def line() -> "Iterator[Callable[..., Line]]":
    made: list[Line] = []

    def make(kind: int = zmq.DEALER, before: "Callable[[zmq.Socket[bytes]], None] | None" = None) -> Line:
        made.append(Line(kind, before))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("size", [1, 254, 255, 256, 70_000])
def test_req_when_it_asks_is_heard_and_hears_the_answer(line: Callable[..., Line], size: int) -> None:
    req = line(zmq.REQ)
    for number in range(3):
        asked, answer = bytes([number + 1]) * size, bytes([number + 9]) * size
        req.client.send(asked)
        assert req.hear() == [(True, asked)]
        req.answer(answer, delimited=True)
        assert req.client.recv() == answer
    assert req.session.identity == b""


@pytest.mark.parametrize(
    ("frames", "heard"),
    [
        ([b"one"], (False, b"one")),
        ([b"", b"one"], (True, b"one")),
        ([b""], (True, b"")),
        ([b"", b""], (True, b"")),
        ([b"a", b"b"], (False, 2)),
        ([b"", b"a", b"b"], (True, 3)),
        ([b"", b"", b"b"], (True, 3)),
        ([b"a", b"", b"b"], (False, 3)),
        ([b"x" * 300] * 2_000, (False, 2_000)),
    ],
    ids=["one", "delimited", "empty", "both empty", "two", "three", "two empty", "empty amid", "2000"],
)
def test_dealer_when_its_message_has_these_frames_is_heard_so(
    line: Callable[..., Line], frames: list[bytes], heard: Message
) -> None:
    dealer = line()
    dealer.client.send_multipart(frames)
    dealer.client.send(b"next")
    assert dealer.hear(2) == [heard, (False, b"next")]
    dealer.answer(b"", delimited=True)
    dealer.answer(b"")
    assert [dealer.client.recv_multipart(), dealer.client.recv_multipart()] == [[b"", b""], [b""]]


@pytest.mark.parametrize("name", [b"watch-1", b"x" * 255])
def test_identity_when_the_client_has_one_is_known(line: Callable[..., Line], name: bytes) -> None:
    dealer = line(zmq.DEALER, lambda client: client.setsockopt(zmq.ROUTING_ID, name))
    dealer.client.send(b"hello")
    assert dealer.hear() == [(False, b"hello")]
    assert dealer.session.identity == name


def test_router_when_it_asks_is_heard(line: Callable[..., Line]) -> None:
    router = line(zmq.ROUTER, lambda client: client.setsockopt(zmq.CONNECT_ROUTING_ID, b"broker"))
    while router.session.identity is None:
        fed(router.session, router.connection.recv(100))
        router.say()
    router.client.send_multipart([b"broker", b"", b"asked"])
    assert router.hear() == [(True, b"asked")]
    router.answer(b"answer", delimited=True)
    assert router.client.recv_multipart() == [b"broker", b"", b"answer"]


def test_client_when_it_wants_heartbeats_gets_them(line: Callable[..., Line]) -> None:
    def impatient(client: "zmq.Socket[bytes]") -> None:
        client.setsockopt(zmq.HEARTBEAT_IVL, 20)
        client.setsockopt(zmq.HEARTBEAT_TIMEOUT, 2_000)

    dealer = line(zmq.DEALER, impatient)
    monitor = dealer.client.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    pongs = 0
    while pongs < 10:
        assert fed(dealer.session, dealer.connection.recv(100)) == []
        pongs += sum(each.startswith(b"\4\5\4PONG") for each in dealer.session.to_send)
        dealer.say()
    dealer.client.send(b"still here")
    assert dealer.hear() == [(False, b"still here")]
    assert not monitor.poll(0)
    dealer.client.disable_monitor()
    monitor.close()


def test_client_when_it_wants_curve_leaves_when_it_sees_what_is_spoken(line: Callable[..., Line]) -> None:
    def secretive(client: "zmq.Socket[bytes]") -> None:
        public, client.curve_secretkey = zmq.curve_keypair()
        client.curve_publickey = client.curve_serverkey = public

    dealer = line(zmq.DEALER, secretive)
    with contextlib.suppress(Violation):  # where its greeting comes first
        while data := dealer.connection.recv(100):
            assert fed(dealer.session, data) == []
            dealer.say()
    assert dealer.session.identity is None


@pytest.fixture(scope="module")
def spoken() -> tuple[bytes, list[Message]]:
    """What a client of libzmq's sent, and what it meant."""
    line = Line(zmq.DEALER)
    meant: list[Message] = []
    for size in (0, 1, 200, 255, 256, 1_000):
        line.client.send(b"x" * size)
        line.client.send_multipart([b"", b"y" * size])
        line.client.send_multipart([b"a" * size] * 3)
        meant += [(not size, b"x" * size), (True, b"y" * size), (not size, 3)]
    assert line.hear(len(meant)) == meant
    line.close()
    return line.heard, meant


@given(data=st.data())
def test_messages_when_they_come_in_any_pieces_are_the_same(
    spoken: tuple[bytes, list[Message]], data: st.DataObject
) -> None:
    whole, meant = spoken
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=40)))
    session, found = Session(MOST_BYTES), []
    for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        if begin < end:
            found += fed(session, whole[begin:end])
    assert found == meant
    assert session.wanted == 0


def test_wanted_when_a_frame_is_cut_is_what_is_missing() -> None:
    session = Session(MOST_BYTES)
    fed(session, GREETING + DEALER)
    assert fed(session, b"\2") == []
    assert session.wanted == 1
    assert fed(session, struct.pack(">Q", 1_000)) == []
    assert session.wanted == 1_000
    assert fed(session, b"x" * 999) == []
    assert session.wanted == 1
    assert fed(session, b"x\0\1y\0") == [(False, b"x" * 1_000), (False, b"y")]
    assert session.wanted == 1


@given(
    before=st.sampled_from([b"", GREETING, GREETING + DEALER, ZMTP_2 + b"\5\0\0"]),
    noise=st.binary(max_size=300),
)
def test_noise_when_fed_is_a_violation_or_nothing(before: bytes, noise: bytes) -> None:
    session = Session(MOST_BYTES)
    try:
        fed(session, before)
        fed(session, noise)
    except Violation:
        pass


def test_greeting_when_it_is_zmtp_2_is_answered_as_rfc_15_says() -> None:
    session = Session(MOST_BYTES)
    assert session.to_send == [SIGNATURE]
    assert fed(session, SIGNATURE) == []
    assert session.to_send[1:] == [b"\3"]
    assert fed(session, b"\1\3\0\5me") == []
    assert fed(session, b"ow!\1\0\0\2hi") == [(True, b"hi")]
    assert session.identity == b"meow!"
    assert b"".join(session.to_send) == SIGNATURE + b"\3" + b"\6\0\0"


def test_greeting_when_it_is_zmtp_3_is_answered_as_rfc_23_says() -> None:
    session = Session(MOST_BYTES)
    fed(session, GREETING)
    told = b"".join(session.to_send)
    assert told[:12] == SIGNATURE + b"\3\1"
    assert told[12:64] == b"NULL" + bytes(16) + b"\0" + bytes(31)
    assert told[64:] == ready((b"Socket-Type", b"ROUTER"), (b"Identity", b""))


def test_ready_when_it_is_long_is_read() -> None:
    session = Session(MOST_BYTES)
    short = (
        ready((b"socket-type", b"REQ"), (b"X-About", b"y" * 200))[2:]
        + b"\7X-About"
        + struct.pack(">I", 99)
        + b"z" * 99
    )
    assert fed(session, GREETING + b"\6" + struct.pack(">Q", len(short)) + short + b"\0\1x") == [
        (False, b"x")
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"GET / HTTP/1.1\r\n", "no greeting"),
        (b"\x01\0", "no greeting"),
        (b"\xff\0\0\0\0\0\0\0\1\x7e", "no greeting"),
        (SIGNATURE + b"\0", "revision 0"),
        (SIGNATURE + b"\2", "revision 2"),
        (GREETING.replace(b"NULL\0", b"PLAIN"), "PLAIN"),
        (GREETING.replace(b"NULL\0", b"CURVE"), "CURVE.*NULL is spoken here"),
        (GREETING + b"\0\6\5READY", "no READY"),
        (GREETING + b"\4\6\5HELLO", "no READY"),
        (GREETING + b"\4\0", "cut short"),
        (GREETING + b"\4\2\5R", "cut short"),
        (GREETING + b"\4\x08\5READY\3X", "cut short"),
        (GREETING + b"\4\x0a\5READY\1X\0\0", "cut short"),
        (GREETING + b"\4\x0d\5READY\1X\0\0\0\2y", "cut short"),
        (GREETING + ready((b"Identity", b"x")), "kind b''"),
        (GREETING + ready((b"Socket-Type", b"PUB")), "PUB"),
        (GREETING + ready((b"Socket-Type", b"REQ"), (b"Identity", b"\0x")), "begins with a zero"),
        (
            GREETING + ready((b"Socket-Type", b"REQ"), (b"Identity", b"x" * 200))[:2] + bytes(10_000),
            "no READY|cut",
        ),
        (GREETING + b"\6" + struct.pack(">Q", MOST_BYTES + 1), "1048577 bytes"),
        (GREETING + b"\6" + struct.pack(">Q", 9_000) + b"\5READY" + bytes(8_500), "without end"),
        (GREETING + DEALER + b"\2" + struct.pack(">Q", MOST_BYTES + 1), "1048577 bytes; 1048576 are allowed"),
        (GREETING + DEALER + b"\2" + b"\xff" * 8, "bytes; 1048576 are allowed"),
        (GREETING + DEALER + b"\5\0", "flags 5"),
        (GREETING + DEALER + b"\x10\0", "flags 16"),
        (GREETING + DEALER + b"\4\0", "cut short"),
        (ZMTP_2 + b"\1\0\0", "kind 1"),
        (ZMTP_2 + b"\5\1\1x", "no identity"),
    ],
)
def test_client_when_it_speaks_otherwise_is_a_violation(said: bytes, why: str) -> None:
    with pytest.raises(Violation, match=why):
        fed(Session(MOST_BYTES), said)


@pytest.mark.parametrize("name", [b"SUBSCRIBE", b"ERROR", b"PONG"])
def test_command_when_it_wants_nothing_of_a_router_is_passed_over(name: bytes) -> None:
    session = Session(MOST_BYTES)
    command = bytes([len(name)]) + name + b"abc"
    assert fed(session, GREETING + DEALER + bytes([4, len(command)]) + command + b"\0\1x") == [(False, b"x")]


@pytest.mark.parametrize(("context", "echoed"), [(b"", b""), (b"abc", b"abc"), (b"x" * 20, b"x" * 16)])
def test_ping_when_it_has_a_context_is_answered_with_it(context: bytes, echoed: bytes) -> None:
    session = Session(MOST_BYTES)
    fed(session, GREETING + DEALER)
    session.to_send.clear()
    fed(session, bytes([4, 7 + len(context)]) + b"\4PING\0\x0a" + context)
    assert session.to_send == [bytes([4, 5 + len(echoed)]) + b"\4PONG" + echoed]


def test_messages_when_a_violation_follows_are_heard_before_it() -> None:
    messages = Session(MOST_BYTES).feed(GREETING + DEALER + b"\1\0\0\1a\0\1b\x10\0\0\1c")
    assert [next(messages), next(messages)] == [(True, b"a"), (False, b"b")]
    with pytest.raises(Violation, match="flags 16"):
        next(messages)
