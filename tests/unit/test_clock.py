"""The three clocks."""

import time

import pytest

from tacore.clock import ManualClock, MarketClock, SystemClock

DAY_US = 86_400_000_000


def test_system_clock_when_read_agrees_with_the_machine() -> None:
    before = time.time()
    told = SystemClock.wall_us() / 1e6
    assert before - 1e-3 <= told <= time.time() + 1e-3
    first = SystemClock.monotonic()
    assert first <= SystemClock.monotonic()


def test_manual_clock_when_advanced_moves_both_faces() -> None:
    clock = ManualClock(start_s=5.0, wall_us=1_000)
    assert (clock.monotonic(), clock.wall_us()) == (5.0, 1_000)
    clock.advance(1.5)
    assert (clock.monotonic(), clock.wall_us()) == (6.5, 1_501_000)
    clock.advance(0)
    assert clock.wall_us() == 1_501_000


@pytest.mark.parametrize(
    ("clock", "wall_us", "market_us"),
    [
        (MarketClock(), 1_700_000_000_000_001, 1_700_000_000_000_001),
        (MarketClock(100, 5_000, 0.0), 10**15, 5_000),
        (MarketClock(100, 5_000, 2.0), 110, 5_020),
        (MarketClock(100, 5_000, 0.5), 110, 5_005),
        (MarketClock(100, 5_000, 1.0), 100, 5_000),
        (MarketClock(100, 5_000, 60.0), 99, 5_000),
        (MarketClock(0, 0, 1440.0), DAY_US, 1440 * DAY_US),
    ],
)
def test_market_clock_when_asked_is_anchor_plus_speed(
    clock: MarketClock, wall_us: int, market_us: int
) -> None:
    assert clock.at(wall_us) == market_us
