"""Indicators against TA-Lib called directly, talipp, and figures worked out or published elsewhere."""

import math
from collections.abc import Callable
from statistics import fmean, stdev

import numpy as np
import pytest
import talib
from talipp import indicators as talipp

from tacore.analysis.indicators import NEEDS, Indicators, indicators
from tests.support.histories import Candle, candles, flat, series

# They hold a 2-for-1 split of AAPL, one of MSFT and its special dividend of 10 %, and IBM's quarterly ones.
WINDOWS = {
    ("AAPL", "2005-06-30"): (("2005-02-28", 2.0),),
    ("MSFT", "2004-12-31"): (("2003-02-18", 2.0),),
    ("IBM", "2013-03-01"): (),
    ("GOOG", "2008-10-10"): (),
}
Window = tuple[str, str]
EXACT = 1e-9


@pytest.fixture(params=WINDOWS, ids="-".join, scope="module")
def case(request: pytest.FixtureRequest) -> tuple[Indicators, list[Candle]]:
    """Give what is computed, and the bars to compute it from another way."""
    window: Window = request.param
    return indicators(series(*window), 252.0), candles(*window, splits=WINDOWS[window])


def by_talib(bars: list[Candle]) -> dict[str, float]:
    high, low, close, volume = (
        np.array([getattr(bar, name) for bar in bars]) for name in ("high", "low", "close", "volume")
    )
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    k, d = talib.STOCH(high, low, close, fastk_period=14, slowk_period=3, slowd_period=3)
    lines = {
        "sma_20": talib.SMA(close, 20),
        "sma_50": talib.SMA(close, 50),
        "sma_200": talib.SMA(close, 200),
        "ema_12": talib.EMA(close, 12),
        "ema_26": talib.EMA(close, 26),
        "macd": macd,
        "macd_signal": signal,
        "macd_histogram": histogram,
        "adx_14": talib.ADX(high, low, close, 14),
        "plus_di_14": talib.PLUS_DI(high, low, close, 14),
        "minus_di_14": talib.MINUS_DI(high, low, close, 14),
        "rsi_14": talib.RSI(close, 14),
        "stochastic_k": k,
        "stochastic_d": d,
        "cci_20": talib.CCI(high, low, close, 20),
        "roc_10": talib.ROC(close, 10),
        "williams_r_14": talib.WILLR(high, low, close, 14),
        "atr_14": talib.ATR(high, low, close, 14),
        "bollinger_upper": upper,
        "bollinger_middle": middle,
        "bollinger_lower": lower,
        "obv": talib.OBV(close, volume),
        "mfi_14": talib.MFI(high, low, close, volume, 14),
    }
    return {name: float(line[-1]) for name, line in lines.items()}


def by_talipp(bars: list[Candle]) -> dict[str, float]:
    close = [bar.close for bar in bars]
    macd, bands = talipp.MACD(12, 26, 9, close)[-1], talipp.BB(20, 2.0, close)[-1]
    adx, slow = talipp.ADX(14, 14, bars)[-1], [each.d for each in talipp.Stoch(14, 3, bars)[-3:]]
    return {
        "sma_20": talipp.SMA(20, close)[-1],
        "sma_50": talipp.SMA(50, close)[-1],
        "sma_200": talipp.SMA(200, close)[-1],
        "ema_12": talipp.EMA(12, close)[-1],
        "ema_26": talipp.EMA(26, close)[-1],
        "macd": macd.macd,
        "macd_signal": macd.signal,
        "macd_histogram": macd.histogram,
        "adx_14": adx.adx,
        "plus_di_14": adx.plus_di,
        "minus_di_14": adx.minus_di,
        "rsi_14": talipp.RSI(14, close)[-1],
        "stochastic_k": slow[-1],
        "stochastic_d": fmean(slow),
        "cci_20": talipp.CCI(20, bars)[-1],
        "roc_10": talipp.ROC(10, close)[-1],
        "williams_r_14": talipp.Williams(14, bars)[-1],
        "atr_14": talipp.ATR(14, bars)[-1],
        "bollinger_upper": bands.ub,
        "bollinger_middle": bands.cb,
        "bollinger_lower": bands.lb,
        "bollinger_percent_b": (close[-1] - bands.lb) / (bands.ub - bands.lb),
        "bollinger_width_pct": (bands.ub - bands.lb) / bands.cb * 100,
        "obv": talipp.OBV(bars)[-1],
    }


def by_hand(bars: list[Candle]) -> dict[str, float]:
    close, volume = [bar.close for bar in bars], [bar.volume for bar in bars]
    obv = [0.0]
    for before, after, size in zip(close, close[1:], volume[1:], strict=False):
        obv.append(obv[-1] + size * ((after > before) - (after < before)))
    moves = [math.log(after / before) for before, after in zip(close[-21:], close[-20:], strict=False)]
    return {
        "volatility_20_pct": stdev(moves) * math.sqrt(252) * 100,
        "obv_slope_20": float(np.polyfit(range(20), obv[-20:], 1)[0]) / fmean(volume[-20:]),
        "relative_volume_20": volume[-1] / fmean(volume[-21:-1]),
        "mfi_14": _money_flow_index(bars[-15:]),
    }


def _money_flow_index(bars: list[Candle]) -> float:
    typical = [(bar.high + bar.low + bar.close) / 3 for bar in bars]
    flows = [
        (after - before, after * bar.volume)
        for before, after, bar in zip(typical, typical[1:], bars[1:], strict=False)
    ]
    into = sum(money for move, money in flows if move > 0)
    out = sum(money for move, money in flows if move < 0)
    return 100 * into / (into + out)


@pytest.mark.parametrize("oracle", [by_talib, by_talipp, by_hand], ids=lambda each: str(each.__name__))
def test_indicators_when_computed_elsewhere_are_the_same(
    case: tuple[Indicators, list[Candle]], oracle: Callable[[list[Candle]], dict[str, float]]
) -> None:
    found, bars = case
    assert {name: found.last(name) for name in oracle(bars)} == pytest.approx(
        oracle(bars), rel=EXACT, abs=EXACT
    )


def test_oracles_when_put_together_leave_no_indicator_unchecked() -> None:
    bars = candles("IBM", "2013-03-01")
    assert {*by_talib(bars), *by_talipp(bars), *by_hand(bars)} == set(NEEDS)


def test_rsi_when_of_wilders_textbook_series_is_as_published() -> None:
    """StockCharts' worked example of Wilder's RSI 14, from its chart school, to the 2 places given there."""
    close = [44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826]
    close += [45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439]
    close += [46.2122, 46.2521, 45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672]
    close += [43.4205, 42.6628, 43.1314]
    published = [70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42]
    published += [39.99, 41.46, 41.87, 45.46, 37.30, 33.08, 37.77]
    line = indicators(flat(close), 252.0).values["rsi_14"]
    assert line[14:].tolist() == pytest.approx(published, abs=0.011)


def test_reading_when_history_is_long_enough_has_its_bar_and_the_value_before() -> None:
    found = indicators(series("IBM", "2013-03-01"), 252.0)
    before = indicators(series("IBM", "2013-02-28"), 252.0)
    reading = found.readings()["sma_50"]
    assert (reading.bar, reading.reason) == ("2013-03-01", None)
    assert reading.previous == pytest.approx(before.last("sma_50"), rel=1e-12)


@pytest.mark.parametrize("bars", [1, 2, 14, 20, 33, 199, 200])
def test_reading_when_history_is_short_is_null_just_below_its_need_and_says_so(bars: int) -> None:
    readings = indicators(series("IBM", "2013-03-01", bars), 252.0).readings()
    missing = {name for name, reading in readings.items() if reading.value is None}
    assert missing == {name for name, needs in NEEDS.items() if needs > bars}
    for name in missing:
        assert readings[name].reason == f"it needs {NEEDS[name]} bars, there are {bars}"


def test_reading_when_nothing_moves_or_trades_is_null_and_not_oversold() -> None:
    readings = indicators(flat([10.0] * 60, volume=0.0), 252.0).readings()
    for name in ("rsi_14", "mfi_14", "relative_volume_20", "bollinger_percent_b", "obv_slope_20"):
        assert readings[name].value is None
        assert "no movement" in (readings[name].reason or "")


def test_reading_when_volume_is_not_known_is_null_where_it_takes_volume() -> None:
    readings = indicators(flat([10.0 + step % 3 for step in range(60)], volume=math.nan), 252.0).readings()
    missing = {name for name, reading in readings.items() if reading.value is None}
    assert missing >= {"obv", "obv_slope_20", "mfi_14", "relative_volume_20"}
    assert readings["rsi_14"].value is not None
