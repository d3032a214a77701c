"""Candlestick patterns on the last bars, by TA-Lib."""

from collections.abc import Mapping

from tacore.analysis.answer import Leaning, Pattern
from tacore.analysis.series import Series
from tacore.analysis.ta import talib

LOOK_BACK = 3  # bars that a pattern is news for
_ENOUGH = 100  # bars: TA-Lib's candle settings reach back 14 at most

# TA-Lib's functions by what the pattern is called; True where its sign tells bullish from bearish.
# Left out are one-bar shapes that are on every other bar: long and short lines, spinning tops, high waves.
PATTERNS: Mapping[str, tuple[str, bool]] = {
    "CDL2CROWS": ("two crows", True),
    "CDL3BLACKCROWS": ("three black crows", True),
    "CDL3INSIDE": ("three inside up or down", True),
    "CDL3LINESTRIKE": ("three-line strike", True),
    "CDL3OUTSIDE": ("three outside up or down", True),
    "CDL3STARSINSOUTH": ("three stars in the south", True),
    "CDL3WHITESOLDIERS": ("three white soldiers", True),
    "CDLABANDONEDBABY": ("abandoned baby", True),
    "CDLADVANCEBLOCK": ("advance block", True),
    "CDLBREAKAWAY": ("breakaway", True),
    "CDLCOUNTERATTACK": ("counterattack", True),
    "CDLDARKCLOUDCOVER": ("dark cloud cover", True),
    "CDLDOJI": ("doji", False),
    "CDLDRAGONFLYDOJI": ("dragonfly doji", False),
    "CDLENGULFING": ("engulfing", True),
    "CDLEVENINGDOJISTAR": ("evening doji star", True),
    "CDLEVENINGSTAR": ("evening star", True),
    "CDLGRAVESTONEDOJI": ("gravestone doji", False),
    "CDLHAMMER": ("hammer", True),
    "CDLHANGINGMAN": ("hanging man", True),
    "CDLHARAMI": ("harami", True),
    "CDLHARAMICROSS": ("harami cross", True),
    "CDLHIKKAKE": ("hikkake", True),
    "CDLIDENTICAL3CROWS": ("identical three crows", True),
    "CDLINVERTEDHAMMER": ("inverted hammer", True),
    "CDLKICKING": ("kicking", True),
    "CDLLADDERBOTTOM": ("ladder bottom", True),
    "CDLMARUBOZU": ("marubozu", True),
    "CDLMATHOLD": ("mat hold", True),
    "CDLMORNINGDOJISTAR": ("morning doji star", True),
    "CDLMORNINGSTAR": ("morning star", True),
    "CDLPIERCING": ("piercing", True),
    "CDLRISEFALL3METHODS": ("rising or falling three methods", True),
    "CDLSHOOTINGSTAR": ("shooting star", True),
    "CDLTASUKIGAP": ("tasuki gap", True),
    "CDLTRISTAR": ("tristar", True),
    "CDLUNIQUE3RIVER": ("unique three river", True),
    "CDLUPSIDEGAP2CROWS": ("upside gap two crows", True),
    "CDLXSIDEGAP3METHODS": ("gap three methods", True),
}


def patterns(series: Series) -> list[Pattern]:
    """Find the patterns that the last LOOK_BACK bars completed, newest first, then by name."""
    candles = [each[-_ENOUGH:] for each in (series.open, series.high, series.low, series.close)]
    found: list[Pattern] = []
    for function, (name, signed) in PATTERNS.items():
        marks = getattr(talib, function)(*candles)[-LOOK_BACK:].tolist()
        for back, mark in enumerate(reversed(marks)):
            if mark:
                bar = series.bars[-1 - back]
                found.append(Pattern(name=name, leaning=_leaning(mark, signed), bar=bar, bars_ago=back))
    return sorted(found, key=lambda each: (each.bars_ago, each.name))


def lean(found: list[Pattern]) -> float:
    """Give how bullish (1) or bearish (-1) the patterns are on the whole; 0 without any that lean."""
    signs = [1 if each.leaning == "bullish" else -1 for each in found if each.leaning != "neutral"]
    return sum(signs) / len(signs) if signs else 0.0


def _leaning(mark: int, signed: bool) -> Leaning:
    if not signed:
        return "neutral"
    return "bullish" if mark > 0 else "bearish"
