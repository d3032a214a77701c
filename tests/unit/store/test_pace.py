"""The writer's pace: pieces and naps, and none where there is no time for them."""

import pytest

from tacore.store.pace import NAP_S, PIECE_S, Pace

CYCLE_S = 0.1


class Time:
    """A clock that work and naps move on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.naps: list[float] = []

    def clock(self) -> float:
        """Give the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Take a nap."""
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(time: Time) -> Pace:
    return Pace(CYCLE_S, time.clock, time.sleep)


def work(time: Time, pace: Pace, seconds: float, step_s: float = PIECE_S / 10) -> int:
    """Work for so long in small steps; give how many naps there were."""
    before = len(time.naps)
    for _ in range(round(seconds / step_s)):
        time.now += step_s
        pace.pause()
    return len(time.naps) - before


def test_pace_when_there_is_time_naps_after_each_piece(time: Time, pace: Pace) -> None:
    pace.begin()
    assert work(time, pace, PIECE_S * 0.9) == 0
    assert 40 <= work(time, pace, PIECE_S * 50) <= 50
    assert set(time.naps) == {NAP_S}


def test_pace_when_the_cycle_is_over_hurries_until_one_is_short_again(time: Time, pace: Pace) -> None:
    pace.begin()
    assert 0 < work(time, pace, CYCLE_S) < CYCLE_S / PIECE_S
    assert work(time, pace, CYCLE_S) == 0
    pace.begin()
    assert work(time, pace, CYCLE_S * 0.9) == 0
    pace.begin()
    assert work(time, pace, CYCLE_S * 0.5) > 0


def test_pace_when_it_waited_between_cycles_is_in_no_hurry(time: Time, pace: Pace) -> None:
    pace.begin()
    work(time, pace, CYCLE_S / 10)
    time.now += CYCLE_S * 50
    pace.begin()
    assert work(time, pace, CYCLE_S / 10) > 0
