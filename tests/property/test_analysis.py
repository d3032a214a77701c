"""Whatever the bars are, an analysis has numbers that the wire can carry, and a reason where it has none."""

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tacore.analysis.benchmark import Benchmark
from tacore.analysis.own_risk import own_risk
from tacore.analysis.series import Series, daily_series, weekly_series
from tacore.analysis.technical import technical

PRICES = st.one_of(st.floats(1e-4, 1e6), st.sampled_from([10.0, 10.0, 11.0]))
BARS = st.lists(st.tuples(PRICES, PRICES, PRICES), min_size=1, max_size=260)
VOLUMES = st.one_of(st.just(0.0), st.just(math.nan), st.floats(0.0, 1e12))
ACTIONS = st.lists(st.sampled_from([1.0, 1.0, 1.0, 0.99, 0.5, 7.0]), min_size=260, max_size=260)


def bars_of(prices: list[tuple[float, float, float]], volume: float, actions: list[float]) -> Series:
    """Make bars of three prices each, with dividends and splits at will."""
    line = np.array(prices)
    opened, close = line[:, 0].copy(), line[:, 2].copy()
    sessions = np.datetime64("2001-01-01") + np.arange(len(line))
    factor = np.cumprod(actions[: len(line)][::-1])[::-1]
    volumes = np.full(len(line), volume)
    high, low = line.max(axis=1), line.min(axis=1)
    return daily_series(sessions, opened, high, low, close, volumes, close * factor)


def numbers(value: Any) -> Iterator[float]:
    """Walk through all floats."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from numbers(each)
    elif isinstance(value, float):
        yield value


@settings(max_examples=60, deadline=None)
@given(prices=BARS, volume=VOLUMES, actions=ACTIONS)
def test_technical_when_bars_are_any_is_finite_and_explains_what_is_missing(
    prices: list[tuple[float, float, float]], volume: float, actions: list[float]
) -> None:
    for series in (bars_of(prices, volume, actions), weekly_series(bars_of(prices, volume, actions))):
        found = technical(series, 252.0)
        told = msgspec.to_builtins(
            [found.readings, found.levels, found.patterns, found.judgements, found.weighed.evidence]
        )
        assert all(math.isfinite(each) for each in numbers(told))
        assert all((each.value is None) == (each.reason is not None) for each in found.readings.values())
        assert -100 <= found.weighed.score <= 100
        assert 0 <= found.weighed.confidence <= 1


@settings(max_examples=60, deadline=None)
@given(prices=BARS, actions=ACTIONS)
def test_risk_when_bars_are_any_is_finite_and_never_says_buy(
    prices: list[tuple[float, float, float]], actions: list[float]
) -> None:
    series = bars_of(prices, 1000.0, actions)
    own = dict(zip(series.bars[1:], (series.close[1:] / series.close[:-1] - 1).tolist(), strict=True))
    found = own_risk(series, 252.0, Benchmark("itself", own))
    if found is None:
        assert len(series) <= 20
        return
    assert all(math.isfinite(each) for each in numbers(msgspec.to_builtins(found.measures)))
    assert found.measures.beta is None or math.isclose(found.measures.beta, 1.0)
    assert found.measures.var_95_pct <= found.measures.cvar_95_pct + 1e-9
    assert found.weighed.score <= 0
    assert found.weighed.signal != "buy"
