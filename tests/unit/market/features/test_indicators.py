"""Indicators against TA-Lib called directly, on real and invented history, whole and of different lengths."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
import talib

from tacore.market.features import indicators
from tacore.market.features.indicators import Pair, Reals
from tests.support.markets import open_markets

NOW = datetime(2012, 6, 1, 21, tzinfo=UTC)


def prices(market: str, sessions: int = 260) -> tuple[Reals, Reals, Reals]:
    """Give high, low and close, (T, N), adjusted; FB of the sample has only ten sessions by then."""
    markets = open_markets()
    provider = markets.provider(market)
    now = NOW if market == "US" else markets.now(market)
    history = provider.history(list(provider.instruments(market))[:12], now=now, sessions=sessions)
    scale = history.adjusted_close / history.close
    return (history.high * scale).T, (history.low * scale).T, history.adjusted_close.T


@pytest.fixture(params=["US", "CN", "CRYPTO"], scope="module")
def market(request: pytest.FixtureRequest) -> tuple[Reals, Reals, Reals]:
    high, low, close = prices(request.param)
    ragged = close.copy()
    ragged[: len(close) - 40, 1] = np.nan  # an instrument that was listed later
    for each in (high, low):
        each[np.isnan(ragged)] = np.nan
    return high, low, ragged


def agree(ours: Pair, theirs: Callable[[int], Reals]) -> None:
    """Compare with what TA-Lib gives for each instrument's own sessions."""
    for number in range(len(ours.last)):
        expected = theirs(number)
        last, before = (expected[-1], expected[-2]) if len(expected) > 1 else (np.nan, np.nan)
        for mine, other in ((ours.last[number], last), (ours.before[number], before)):
            assert np.isnan(mine) == np.isnan(other)
            if not np.isnan(mine):
                assert mine == pytest.approx(other, rel=1e-9, abs=1e-9)


def own(values: Reals, number: int) -> Reals:
    column = values[:, number]
    return np.ascontiguousarray(column[~np.isnan(column)])


Market = tuple[Reals, Reals, Reals]


@pytest.mark.parametrize("length", [20, 50, 200])
def test_sma_when_compared_agrees_with_ta_lib(market: Market, length: int) -> None:
    close = market[2]
    agree(indicators.sma(close, length), lambda number: talib.SMA(own(close, number), length))


@pytest.mark.parametrize("length", [12, 26])
def test_ema_when_compared_agrees_with_ta_lib(market: Market, length: int) -> None:
    close = market[2]
    starts = indicators.first_places(close)
    agree(indicators.ema(close, starts, length), lambda number: talib.EMA(own(close, number), length))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_macd_when_compared_agrees_with_ta_lib(market: Market, part: int) -> None:
    close = market[2]
    found = indicators.macd(close, indicators.first_places(close))
    long_enough = [number for number in range(close.shape[1]) if len(own(close, number)) > 34]
    some = Pair(found[part].last[long_enough], found[part].before[long_enough])
    agree(some, lambda place: talib.MACD(own(close, long_enough[place]))[part])


def test_rsi_when_compared_agrees_with_ta_lib(market: Market) -> None:
    close = market[2]
    agree(
        indicators.rsi(close, indicators.first_places(close)),
        lambda number: talib.RSI(own(close, number), 14),
    )


def test_atr_when_compared_agrees_with_ta_lib(market: Market) -> None:
    high, low, close = market
    agree(
        indicators.atr(high, low, close, indicators.first_places(close)),
        lambda number: talib.ATR(own(high, number), own(low, number), own(close, number), 14),
    )


def test_bollinger_when_compared_agrees_with_ta_lib(market: Market) -> None:
    close = market[2]
    position, width = indicators.bollinger(close)

    def bands(number: int) -> tuple[Reals, Reals, Reals]:
        return talib.BBANDS(own(close, number), 20, 2, 2)

    def place(number: int) -> Reals:
        upper, _, lower = bands(number)
        return (own(close, number) - lower) / (upper - lower)

    def distance(number: int) -> Reals:
        upper, middle, lower = bands(number)
        return (upper - lower) / middle * 100

    agree(position, place)
    agree(width, distance)


@pytest.mark.parametrize("sessions", [5, 20, 60, 252])
def test_change_when_compared_agrees_with_ta_lib(market: Market, sessions: int) -> None:
    close = market[2]
    found = indicators.change(close, sessions)
    for number in range(close.shape[1]):
        expected = talib.ROC(own(close, number), sessions)
        last = expected[-1] if len(expected) > sessions else np.nan
        assert found[number] == pytest.approx(last, rel=1e-9, abs=1e-9, nan_ok=True)


def test_volatility_when_compared_agrees_with_pandas(market: Market) -> None:
    import pandas as pd  # noqa: PLC0415

    close = market[2]
    found = indicators.volatility(close, 252)
    for number in range(close.shape[1]):
        returns = np.log(pd.Series(own(close, number))).diff().dropna()
        expected = returns.tail(60).std() * 252**0.5 * 100 if len(returns) >= 60 else np.nan
        assert found[number] == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_indicators_when_a_price_never_moved_know_no_strength_and_no_place_in_the_bands() -> None:
    still = np.full((60, 1), 7.1)
    assert np.isnan(indicators.rsi(still, indicators.first_places(still)).last[0])
    assert np.isnan(indicators.bollinger(still)[0].last[0])


def test_indicators_when_there_are_no_sessions_are_not_known() -> None:
    nothing = np.empty((0, 3))
    starts = indicators.first_places(nothing)
    assert np.isnan(indicators.sma(nothing, 20).last).all()
    assert np.isnan(indicators.ema(nothing, starts, 12).last).all()
    assert np.isnan(indicators.change(nothing, 5)).all()
