"""The indicators of a technical analysis, by TA-Lib, over the bars of a series."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tacore.analysis.answer import Reading
from tacore.analysis.series import Series
from tacore.analysis.ta import talib
from tacore.model.history import Reals

SPAN = 20  # bars of volatility, relative volume and the slope of the on-balance volume

# How many bars each needs before its first value.
NEEDS: Mapping[str, int] = {
    "sma_20": 20,
    "sma_50": 50,
    "sma_200": 200,
    "ema_12": 12,
    "ema_26": 26,
    "macd": 34,
    "macd_signal": 34,
    "macd_histogram": 34,
    "adx_14": 28,
    "plus_di_14": 15,
    "minus_di_14": 15,
    "rsi_14": 15,
    "stochastic_k": 18,
    "stochastic_d": 18,
    "cci_20": 20,
    "roc_10": 11,
    "williams_r_14": 14,
    "atr_14": 15,
    "bollinger_upper": SPAN,
    "bollinger_middle": SPAN,
    "bollinger_lower": SPAN,
    "bollinger_percent_b": SPAN,
    "bollinger_width_pct": SPAN,
    "volatility_20_pct": SPAN + 1,
    "obv": 1,
    "obv_slope_20": SPAN,
    "mfi_14": 15,
    "relative_volume_20": SPAN + 1,
}


@dataclass(frozen=True, slots=True, eq=False)
class Indicators:
    """Each indicator along the series, NaN where it is not defined; all shaped as the series."""

    series: Series
    values: Mapping[str, Reals]

    def readings(self) -> dict[str, Reading]:
        """Give each indicator's last value and the one before, or why there is none."""
        return {name: self._reading(name, line) for name, line in self.values.items()}

    def last(self, name: str, back: int = 0) -> float | None:
        """Give a value by the number of bars before the last; None where there is none."""
        line = self.values[name]
        return finite(line[-1 - back]) if len(line) > back else None

    def _reading(self, name: str, line: Reals) -> Reading:
        bar = self.series.bars[-1]
        value = finite(line[-1])
        if value is not None:
            return Reading(value=value, bar=bar, previous=self.last(name, 1))
        have, needs = len(self.series), NEEDS[name]
        short = f"it needs {needs} bars, there are {have}"
        flat = "not defined here: no movement, no volume or no range to measure by"
        return Reading(value=None, bar=bar, reason=short if have < needs else flat)


def finite(value: float) -> float | None:
    """Give a number that the wire can carry, or None."""
    return float(value) if np.isfinite(value) else None


def indicators(series: Series, bars_per_year: float) -> Indicators:
    """Compute all indicators of a series of at least one bar."""
    groups: tuple[Callable[[Series], dict[str, Reals]], ...] = (
        _averages,
        _directional,
        _oscillators,
        _volume,
    )
    values = {name: line for group in groups for name, line in group(series).items()}
    values |= _bands(series) | {"volatility_20_pct": _volatility(series.close, bars_per_year)}
    return Indicators(series, {name: values[name] for name in NEEDS})


def _averages(series: Series) -> dict[str, Reals]:
    close = series.close
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    return {
        "sma_20": talib.SMA(close, 20),
        "sma_50": talib.SMA(close, 50),
        "sma_200": talib.SMA(close, 200),
        "ema_12": talib.EMA(close, 12),
        "ema_26": talib.EMA(close, 26),
        "macd": macd,
        "macd_signal": signal,
        "macd_histogram": histogram,
    }


def _directional(series: Series) -> dict[str, Reals]:
    high, low, close = series.high, series.low, series.close
    return {
        "adx_14": talib.ADX(high, low, close, 14),
        "plus_di_14": talib.PLUS_DI(high, low, close, 14),
        "minus_di_14": talib.MINUS_DI(high, low, close, 14),
        "atr_14": talib.ATR(high, low, close, 14),
    }


def _oscillators(series: Series) -> dict[str, Reals]:
    high, low, close = series.high, series.low, series.close
    k, d = talib.STOCH(high, low, close, fastk_period=14, slowk_period=3, slowd_period=3)
    return {
        "rsi_14": where_it_moved(talib.RSI(close, 14), close, 14),
        "stochastic_k": k,
        "stochastic_d": d,
        "cci_20": talib.CCI(high, low, close, 20),
        "roc_10": talib.ROC(close, 10),
        "williams_r_14": talib.WILLR(high, low, close, 14),
    }


def where_it_moved(line: Reals, close: Reals, span: int) -> Reals:
    """Blank what TA-Lib calls 0 because nothing moved: that would read as oversold."""
    moved = np.cumsum(np.abs(np.diff(close, prepend=close[:1]))) > 0
    moved[:span] = False
    return np.where(moved, line, np.nan)


def _bands(series: Series) -> dict[str, Reals]:
    upper, middle, lower = talib.BBANDS(series.close, SPAN, 2.0, 2.0)
    width = upper - lower
    return {
        "bollinger_upper": upper,
        "bollinger_middle": middle,
        "bollinger_lower": lower,
        "bollinger_percent_b": _divide(series.close - lower, width),
        "bollinger_width_pct": _divide(width * 100, middle),
    }


def _volume(series: Series) -> dict[str, Reals]:
    volume = series.volume
    if not np.isfinite(volume).all():
        return dict.fromkeys(
            ("obv", "obv_slope_20", "mfi_14", "relative_volume_20"), np.full(len(series), np.nan)
        )
    average = talib.SMA(volume, SPAN)
    before = np.append(np.nan, average[:-1])
    obv = talib.OBV(series.close, volume)
    money = talib.MFI(series.high, series.low, series.close, volume, 14)
    return {
        "obv": obv,
        "obv_slope_20": _divide(talib.LINEARREG_SLOPE(obv, SPAN), average),
        "mfi_14": where_it_moved(money, np.cumsum(volume), 14),
        "relative_volume_20": _divide(volume, before),
    }


def _volatility(close: Reals, bars_per_year: float) -> Reals:
    """Give the standard deviation of log returns over SPAN bars, a year, in percent."""
    line = np.full(len(close), np.nan)
    if len(close) > SPAN:
        moves = sliding_window_view(np.diff(np.log(close)), SPAN)
        line[SPAN:] = moves.std(axis=1, ddof=1) * np.sqrt(bars_per_year) * 100
    return line


def _divide(above: Reals, below: Reals) -> Reals:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(below > 0, above / below, np.nan))
