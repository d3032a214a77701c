"""Candlestick patterns on textbook candles, and on real history against TA-Lib over all of it."""

import numpy as np
import pytest
import talib

from tacore.analysis.patterns import PATTERNS, lean, patterns
from tacore.analysis.series import Series
from tests.support.histories import series


def drawn(*last: tuple[float, float, float, float]) -> Series:
    """Draw a gentle fall of 30 ordinary candles, and what comes last as (open, high, low, close)."""
    falling = [(100.0 - i, 100.5 - i, 98.5 - i, 99.0 - i) for i in range(30)]
    opened, high, low, close = np.array([*falling, *last]).T.copy()
    names = tuple(f"bar {number}" for number in range(30 + len(last)))
    return Series(names, opened, high, low, close, np.full(len(names), 1000.0))


def test_pattern_when_a_rise_engulfs_a_fall_is_bullish_engulfing() -> None:
    found = patterns(drawn((70.0, 70.2, 68.8, 69.0), (68.5, 71.8, 68.3, 71.5)))
    engulfing = [each for each in found if each.name == "engulfing"]
    assert [(each.leaning, each.bar, each.bars_ago) for each in engulfing] == [("bullish", "bar 31", 0)]


def test_pattern_when_open_and_close_are_one_is_a_doji_that_leans_nowhere() -> None:
    found = [each for each in patterns(drawn((70.0, 71.5, 68.5, 70.0))) if "doji" in each.name]
    assert ("doji", "neutral", 0) in [(each.name, each.leaning, each.bars_ago) for each in found]
    assert lean([each for each in found if each.name == "doji"]) == 0


def test_pattern_when_a_bar_older_than_three_is_not_news() -> None:
    quiet = [(70.0 - i, 70.5 - i, 68.5 - i, 69.0 - i) for i in range(3)]
    found = patterns(drawn((68.5, 71.8, 68.3, 71.5), *quiet))
    assert all(each.bar != "bar 30" for each in found)


def test_pattern_when_there_is_one_bar_is_none() -> None:
    assert patterns(series("IBM", "2013-03-01", 1)) == []


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "MSFT", "GOOG"])
@pytest.mark.parametrize("until", ["2005-03-01", "2008-10-10", "2013-03-01"])
def test_patterns_when_of_real_history_are_those_that_talib_finds_over_all_of_it(
    symbol: str, until: str
) -> None:
    bars = series(symbol, until)
    marks = {
        (name, back): int(getattr(talib, function)(bars.open, bars.high, bars.low, bars.close)[-1 - back])
        for function, (name, _) in PATTERNS.items()
        for back in range(3)
    }
    expected = {key: mark for key, mark in marks.items() if mark}
    found = {(each.name, each.bars_ago): each.leaning for each in patterns(bars)}
    assert found.keys() == expected.keys()
    for (name, back), leaning in found.items():
        if leaning != "neutral":
            assert (leaning == "bullish") == (expected[name, back] > 0)


def test_patterns_when_listed_are_functions_of_talib() -> None:
    assert set(PATTERNS) <= set(dir(talib))
    names = [name for name, _ in PATTERNS.values()]
    assert len(names) == len(set(names))
