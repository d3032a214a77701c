"""What each indicator says, as one table: the weights sum to 100. docs/analysis.md shows it to readers."""

from tacore.analysis.weighing import Rule

GROUPS = ("trend", "momentum", "volatility", "volume", "levels", "patterns")
_ALL_LOST_PCT = -100.0


def _apart(left: float, right: float, atr: float) -> float | None:
    """Measure in average true ranges: what is far for a calm share or a minute's bar is near for another."""
    return (left - right) / atr if atr > 0 else None


def _moved(roc: float, close: float, atr: float) -> float | None:
    return _apart(close, close / (1 + roc / 100), atr) if roc > _ALL_LOST_PCT else None


def _directed(adx: float, plus: float, minus: float) -> float:
    return adx if plus >= minus else -adx


def _crossed(left: float, right: float, left_before: float, right_before: float) -> float:
    """Tell 1 where left crossed above right on the last bar, -1 where below, else 0."""
    if left_before <= right_before and left > right:
        return 1.0
    return -1.0 if left_before >= right_before and left < right else 0.0


def _in_atr(distance: float, atr: float) -> float | None:
    return _apart(distance, 0.0, atr)


def _directed_volume(relative: float, close: float, before: float) -> float:
    return relative if close > before else -relative if close < before else 0.0


def _place(close: float, support: float, resistance: float) -> float:
    return (close - support) / (resistance - support)


def _itself(value: float) -> float:
    return value


_CROSS = ((-1.0, -1.0), (1.0, 1.0))

RULES: tuple[Rule, ...] = (
    Rule(
        "price_vs_sma_200",
        "trend",
        8,
        ("close", "sma_200", "atr_14"),
        _apart,
        ((-6, -1), (6, 1)),
        "the close {close:.2f} is {size:.1f} ATR above its 200-bar average {sma_200:.2f}",
        "the close {close:.2f} is {size:.1f} ATR below its 200-bar average {sma_200:.2f}",
    ),
    Rule(
        "price_vs_sma_50",
        "trend",
        6,
        ("close", "sma_50", "atr_14"),
        _apart,
        ((-3, -1), (3, 1)),
        "the close {close:.2f} is {size:.1f} ATR above its 50-bar average {sma_50:.2f}",
        "the close {close:.2f} is {size:.1f} ATR below its 50-bar average {sma_50:.2f}",
    ),
    Rule(
        "sma_50_vs_sma_200",
        "trend",
        8,
        ("sma_50", "sma_200", "atr_14"),
        _apart,
        ((-4, -1), (4, 1)),
        "the 50-bar average is {size:.1f} ATR above the 200-bar average",
        "the 50-bar average is {size:.1f} ATR below the 200-bar average",
    ),
    Rule(
        "sma_50_crosses_sma_200",
        "trend",
        4,
        ("sma_50", "sma_200", "sma_50_before", "sma_200_before"),
        _crossed,
        _CROSS,
        "golden cross: the 50-bar average rose above the 200-bar average on the last bar",
        "death cross: the 50-bar average fell below the 200-bar average on the last bar",
    ),
    Rule(
        "ema_12_vs_ema_26",
        "trend",
        6,
        ("ema_12", "ema_26", "atr_14"),
        _apart,
        ((-1, -1), (1, 1)),
        "the 12-bar EMA is {size:.2f} ATR above the 26-bar EMA",
        "the 12-bar EMA is {size:.2f} ATR below the 26-bar EMA",
    ),
    Rule(
        "directional_movement",
        "trend",
        10,
        ("adx_14", "plus_di_14", "minus_di_14"),
        _directed,
        ((-40, -1), (-15, 0), (15, 0), (40, 1)),
        "ADX {adx_14:.0f} with +DI {plus_di_14:.0f} over -DI {minus_di_14:.0f}: a trend upwards",
        "ADX {adx_14:.0f} with -DI {minus_di_14:.0f} over +DI {plus_di_14:.0f}: a trend downwards",
    ),
    Rule(
        "rsi",
        "momentum",
        8,
        ("rsi_14",),
        _itself,
        ((10, 1), (30, 0), (70, 0), (90, -1)),
        "RSI 14 at {value:.0f} is oversold",
        "RSI 14 at {value:.0f} is overbought",
    ),
    Rule(
        "stochastic",
        "momentum",
        3,
        ("stochastic_k",),
        _itself,
        ((0, 1), (20, 0), (80, 0), (100, -1)),
        "the stochastic %K at {value:.0f} is oversold",
        "the stochastic %K at {value:.0f} is overbought",
    ),
    Rule(
        "williams_r",
        "momentum",
        2,
        ("williams_r_14",),
        _itself,
        ((-100, 1), (-80, 0), (-20, 0), (0, -1)),
        "Williams %R at {value:.0f} is oversold",
        "Williams %R at {value:.0f} is overbought",
    ),
    Rule(
        "cci",
        "momentum",
        3,
        ("cci_20",),
        _itself,
        ((-200, 1), (-100, 0), (100, 0), (200, -1)),
        "CCI 20 at {value:.0f} is oversold",
        "CCI 20 at {value:.0f} is overbought",
    ),
    Rule(
        "roc",
        "momentum",
        6,
        ("roc_10", "close", "atr_14"),
        _moved,
        ((-4, -1), (4, 1)),
        "the close rose {roc_10:.1f} % in 10 bars, {size:.1f} ATR",
        "the close changed by {roc_10:.1f} % in 10 bars, {size:.1f} ATR down",
    ),
    Rule(
        "macd_histogram",
        "momentum",
        4,
        ("macd_histogram", "atr_14"),
        _in_atr,
        ((-0.3, -1), (0.3, 1)),
        "MACD is {size:.2f} ATR above its signal line",
        "MACD is {size:.2f} ATR below its signal line",
    ),
    Rule(
        "macd_crosses_signal",
        "momentum",
        2,
        ("macd", "macd_signal", "macd_before", "macd_signal_before"),
        _crossed,
        _CROSS,
        "MACD rose above its signal line on the last bar",
        "MACD fell below its signal line on the last bar",
    ),
    Rule(
        "bollinger",
        "volatility",
        8,
        ("bollinger_percent_b",),
        _itself,
        ((-0.25, 1), (0, 0), (1, 0), (1.25, -1)),
        "the close is below the lower Bollinger band (%b {value:.2f})",
        "the close is above the upper Bollinger band (%b {value:.2f})",
    ),
    Rule(
        "obv_slope",
        "volume",
        5,
        ("obv_slope_20",),
        _itself,
        ((-0.5, -1), (0.5, 1)),
        "on-balance volume rises by {size:.2f} of the average volume a bar, over 20 bars",
        "on-balance volume falls by {size:.2f} of the average volume a bar, over 20 bars",
    ),
    Rule(
        "mfi",
        "volume",
        3,
        ("mfi_14",),
        _itself,
        ((0, 1), (20, 0), (80, 0), (100, -1)),
        "MFI 14 at {value:.0f} is oversold",
        "MFI 14 at {value:.0f} is overbought",
    ),
    Rule(
        "volume_surge",
        "volume",
        4,
        ("relative_volume_20", "close", "close_before"),
        _directed_volume,
        ((-3, -1), (-1.5, 0), (1.5, 0), (3, 1)),
        "the last bar rose on {size:.1f} times the average volume",
        "the last bar fell on {size:.1f} times the average volume",
    ),
    Rule(
        "between_levels",
        "levels",
        4,
        ("close", "support", "resistance"),
        _place,
        ((0, 1), (0.25, 0), (0.75, 0), (1, -1)),
        "the close {close:.2f} stands just above support at {support:.2f}",
        "the close {close:.2f} stands just below resistance at {resistance:.2f}",
    ),
    Rule(
        "candlesticks",
        "patterns",
        6,
        ("pattern_lean",),
        _itself,
        _CROSS,
        "the candlesticks of the last 3 bars lean bullish ({value:+.2f} of 1)",
        "the candlesticks of the last 3 bars lean bearish ({value:+.2f} of 1)",
    ),
)
