"""The level in a process, on a manual clock."""

import pytest

from tacore.clock import ManualClock
from tacore.model.cached import CachePolicy
from tacore.store.cache.memory import PIECE_BYTES, Memory


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def memory(clock: ManualClock) -> Memory:
    return Memory({"risk": CachePolicy(1, 1, 4), "quote": CachePolicy(1, 1, 4)}, clock)


def test_value_when_it_came_from_elsewhere_keeps_its_age(memory: Memory, clock: ManualClock) -> None:
    memory.save("risk", "a", b"{}", 7.0, 10.0)
    clock.advance(2.0)
    assert memory.load("risk", "a") == (b"{}", 9.0)
    clock.advance(1.5)
    assert memory.load("risk", "a") is None
    assert memory.entries("risk") == 0


def test_value_when_long_takes_the_room_of_several(memory: Memory) -> None:
    for key in "abc":
        memory.save("risk", key, b"{}", 0.0, 10.0)
    memory.save("risk", "long", b"x" * (2 * PIECE_BYTES), 0.0, 10.0)
    assert [key for key in ("a", "b", "c", "long") if memory.load("risk", key)] == ["c", "long"]


def test_value_when_longer_than_all_room_is_not_kept_and_displaces_nothing(memory: Memory) -> None:
    memory.save("risk", "a", b"{}", 0.0, 10.0)
    memory.save("risk", "huge", b"x" * (4 * PIECE_BYTES), 0.0, 10.0)
    assert memory.load("risk", "huge") is None
    assert memory.load("risk", "a") is not None


def test_least_used_value_when_room_is_short_goes_first(memory: Memory) -> None:
    for key in "abcd":
        memory.save("risk", key, b"{}", 0.0, 10.0)
    memory.load("risk", "a")
    memory.save("risk", "e", b"{}", 0.0, 10.0)
    assert [key for key in "abcde" if memory.load("risk", key)] == ["a", "c", "d", "e"]
