"""The technical analysis of a series: indicators, levels and patterns, judged by the rules."""

from dataclasses import dataclass

import numpy as np

from tacore.analysis.answer import Judgement, Levels, Pattern, Reading
from tacore.analysis.indicators import Indicators, finite, indicators
from tacore.analysis.levels import levels
from tacore.analysis.patterns import lean, patterns
from tacore.analysis.series import Series
from tacore.analysis.technical_rules import RULES
from tacore.analysis.weighing import Values, Weighed, weigh

_CLEAR = 25.0
_HIGH_PCT, _LOW_PCT = 80.0, 20.0
_BEFORE = ("sma_50", "sma_200", "macd", "macd_signal")  # whose crossing counts

_VERDICTS = {
    "trend": ("up", "sideways", "down"),
    "momentum": ("rising", "neutral", "falling"),
    "volume": ("accumulation", "neutral", "distribution"),
}
# What each judgement shows of its indicators, whatever they say.
_FACTS = {
    "trend": "close {close:.2f}, SMA 20 {sma_20}, SMA 50 {sma_50}, SMA 200 {sma_200}, ADX {adx_14}",
    "momentum": (
        "RSI 14 {rsi_14}, MACD histogram {macd_histogram}, ROC 10 {roc_10} %, stochastic %K {stochastic_k}"
    ),
    "volume": (
        "volume {relative_volume_20} times its average, MFI 14 {mfi_14}, "
        "on-balance volume {obv_slope_20} average volumes a bar"
    ),
}


@dataclass(frozen=True, slots=True)
class Technical:
    """What the bars say; `weighed` has the signal."""

    weighed: Weighed
    readings: dict[str, Reading]
    levels: Levels
    patterns: list[Pattern]
    judgements: dict[str, Judgement]


def technical(series: Series, bars_per_year: float) -> Technical:
    """Analyse a series of at least one bar; what its length does not allow is left out of the weighing."""
    found = indicators(series, bars_per_year)
    at = levels(series, found.last("atr_14"))
    candles = patterns(series)
    values = _values(found, at, candles)
    weighed = weigh(RULES, values, series.bars[-1])
    judgements = {group: _judge(group, weighed, values) for group in _VERDICTS}
    judgements["volatility"] = _judge_volatility(weighed, found)
    return Technical(weighed, found.readings(), at, candles, judgements)


def _values(found: Indicators, at: Levels, candles: list[Pattern]) -> Values:
    close = found.series.close
    return {
        **{name: found.last(name) for name in found.values},
        **{f"{name}_before": found.last(name, 1) for name in _BEFORE},
        "close": at.price,
        "close_before": finite(close[-2]) if len(close) > 1 else None,
        "support": at.support[0].price if at.support else None,
        "resistance": at.resistance[0].price if at.resistance else None,
        "pattern_lean": lean(candles),
    }


def _judge(group: str, weighed: Weighed, values: Values) -> Judgement:
    score = weighed.groups[group]
    high, middle, low = _VERDICTS[group]
    verdict = "unknown" if score is None else high if score >= _CLEAR else low if score <= -_CLEAR else middle
    shown = {name: _short(value) for name, value in values.items()}
    return Judgement(
        verdict=verdict,
        score=score,
        why=_FACTS[group].format(**shown | {"close": values["close"]}),
        evidence_for=weighed.words(group, "for"),
        evidence_against=weighed.words(group, "against"),
    )


def _judge_volatility(weighed: Weighed, found: Indicators) -> Judgement:
    """Say how volatile it is against its own past; volatility alone has no direction."""
    now = found.last("volatility_20_pct")
    verdict, why = "unknown", "too few bars for a volatility over 20 of them"
    if now is not None:
        line = found.values["volatility_20_pct"]
        past = line[np.isfinite(line)]
        rank = float((past < now).mean() * 100)
        verdict = "high" if rank >= _HIGH_PCT else "low" if rank <= _LOW_PCT else "normal"
        atr = found.last("atr_14") or 0.0
        why = (
            f"{now:.1f} % a year over 20 bars, above {rank:.0f} % of the {len(past)} bars looked at; "
            f"ATR 14 is {atr / found.series.close[-1] * 100:.1f} % of the close"
        )
    return Judgement(
        verdict=verdict,
        score=weighed.groups["volatility"],
        why=why,
        evidence_for=weighed.words("volatility", "for"),
        evidence_against=weighed.words("volatility", "against"),
    )


def _short(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"
