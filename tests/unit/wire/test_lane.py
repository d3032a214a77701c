"""Both ends of a lane: what goes in comes out, and what does not fit is said to go another way."""

import socket
import struct
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacore.wire import lane
from tacore.wire.lane import MOST_BYTES, Lane, Offer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no lanes")
FRAME = st.binary(min_size=1, max_size=2_000)


def pair() -> tuple[Lane, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Lane(ours), theirs


@pytest.fixture
def ends() -> Iterator[tuple[Lane, Lane]]:
    ours, theirs = pair()
    made = ours, Lane(theirs)
    yield made
    for each in made:
        each.close()


@given(messages=st.lists(st.lists(FRAME, min_size=2, max_size=3), min_size=1, max_size=20))
def test_lane_when_messages_are_sent_gives_each_as_it_was(messages: list[list[bytes]]) -> None:
    ours, theirs = pair()
    other = Lane(theirs)
    try:
        for frames in messages:
            assert ours.send(frames)
        assert [other.receive() for _ in messages] == messages
        assert other.receive() == []
    finally:
        ours.close()
        other.close()


def test_lane_when_a_message_just_fits_carries_it_and_no_larger_one(ends: tuple[Lane, Lane]) -> None:
    ours, theirs = ends
    body = b"x" * (MOST_BYTES - 12 - 1)
    assert ours.send((b"h", body))
    assert theirs.receive() == [b"h", body]
    assert not ours.send((b"h", body + b"x"))
    assert theirs.receive() == []


def test_lane_when_full_says_so_and_goes_on_when_there_is_room(ends: tuple[Lane, Lane]) -> None:
    ours, theirs = ends
    frames = (b"h", b"x" * 50_000)
    sent = 0
    while ours.send(frames):
        sent += 1
        assert sent < 1_000
    for _ in range(sent):
        assert theirs.receive() == list(frames)
    assert theirs.receive() == []
    assert ours.send(frames)
    assert theirs.receive() == list(frames)


def test_lane_when_the_other_end_is_closed_still_gives_what_was_sent(ends: tuple[Lane, Lane]) -> None:
    ours, theirs = ends
    assert ours.send((b"h", b"last"))
    ours.close()
    assert theirs.receive() == [b"h", b"last"]
    assert theirs.receive() is None
    assert not theirs.send((b"h", b"b"))


@pytest.mark.parametrize(
    "nonsense",
    [b"x", struct.pack("<III", 1, 1, 1) + b"ab", struct.pack("<III", 1, 1, 0) + b"abc", b"\xff" * 12],
)
def test_lane_when_a_message_makes_no_sense_counts_as_closed(nonsense: bytes) -> None:
    ours, theirs = pair()
    theirs.send(nonsense)
    assert ours.receive() is None
    ours.close()
    theirs.close()


def test_offer_when_nobody_listens_there_gives_no_lane() -> None:
    assert lane.connect(Offer(b"\0tacore-nobody", b"t" * 16), b"ww1/1") is None


def test_listener_when_connected_to_hears_who_it_is() -> None:
    opened = lane.listen()
    assert opened is not None
    listener, offer = opened
    with listener:
        entered = lane.connect(offer, b"ww1/1")
        assert entered is not None
        connection, _ = listener.accept()
        with connection:
            assert lane.is_same_user(connection)
            assert offer.who(connection.recv(1024)) == b"ww1/1"
        assert entered.receive() is None
        entered.close()


def test_offers_when_made_are_never_the_same() -> None:
    opened = [lane.listen() for _ in range(5)]
    found = [each for each in opened if each is not None]
    for listener, _ in found:
        listener.close()
    assert len({offer.address for _, offer in found}) == len({offer.token for _, offer in found}) == 5


@pytest.mark.parametrize("hello", [b"", b"t", b"u" * 16 + b"ww1/1", b"ww1/1"])
def test_offer_when_the_token_is_wrong_knows_nobody(hello: bytes) -> None:
    assert Offer(b"\0tacore-x", b"t" * 16).who(hello) is None
