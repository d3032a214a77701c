"""Support and resistance on courses whose turns are known, and on real history."""

from itertools import pairwise

import numpy as np
import pytest

from tacore.analysis.levels import REACH, WINDOW, levels, pivots
from tests.support.histories import flat, series


def course(*turns: float, step: int = 10) -> list[float]:
    """Walk in straight lines from turn to turn, so that only those are swings."""
    return [
        float(price)
        for left, right in pairwise(turns)
        for price in np.linspace(left, right, step, endpoint=False)
    ]


def test_levels_when_swings_turn_twice_at_a_price_are_there_with_their_touches() -> None:
    found = levels(flat(course(100, 120, 100, 120, 101, 119.5, 105)), atr=2.0)
    (below,), (above,) = found.support, found.resistance
    assert (below.touches, above.touches) == (2, 3)
    assert (below.price, above.price) == pytest.approx((100.5, 359.5 / 3))
    assert above.distance_pct == pytest.approx((359.5 / 3 / found.price - 1) * 100)
    assert above.first < above.last


def test_levels_when_swings_turn_once_are_none() -> None:
    found = levels(flat(course(100, 130, 100, 120, 90, 110, 95)), atr=1.0)
    assert found.support == found.resistance == []


def test_levels_when_a_support_breaks_are_resistance_from_below() -> None:
    found = levels(flat(course(110, 100, 110, 100, 110, 80)), atr=2.0)
    assert [each.price for each in found.resistance] == [100.0, 110.0]
    assert found.support == []


def test_levels_when_no_range_is_known_join_within_a_percent() -> None:
    joined = levels(flat(course(100, 120, 100, 120.5, 101)), atr=None)
    assert joined.tolerance == pytest.approx(joined.price * 0.01)
    assert [each.touches for each in joined.resistance] == [2]


def test_pivots_when_bars_are_few_are_none() -> None:
    assert pivots(flat([1.0] * 2 * REACH)) == []


def test_pivots_when_equal_highs_follow_each_other_count_once() -> None:
    found = pivots(flat([1, 2, 3, 4, 5, 6, 7, 7, 6, 5, 4, 3, 2, 1]))
    assert [(each.price, each.bar) for each in found] == [(7.0, 6)]


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "MSFT", "GOOG"])
def test_pivots_when_of_real_history_are_the_extremes_of_their_surroundings(symbol: str) -> None:
    bars = series(symbol, "2013-03-01")
    found = pivots(bars)
    assert len(found) > 10
    for each in found:
        around = slice(each.bar - REACH, each.bar + REACH + 1)
        assert each.price in (max(bars.high[around]), min(bars.low[around]))
        assert len(bars) - WINDOW + REACH <= each.bar < len(bars) - REACH


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "MSFT", "GOOG", "FB"])
def test_levels_when_of_real_history_lie_on_their_sides_nearest_first(symbol: str) -> None:
    bars = series(symbol, "2013-03-01")
    found = levels(bars, atr=float(bars.close[-1]) * 0.03)
    below, above = [each.price for each in found.support], [each.price for each in found.resistance]
    assert below == sorted(below, reverse=True)
    assert above == sorted(above)
    assert all(price <= found.price for price in below)
    assert all(price > found.price for price in above)
    assert all(each.touches >= 2 for each in found.support + found.resistance)
