"""Indicators as lines over a chart's bars, by name: sma20, ema12, rsi14, bollinger, macd."""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tacore.analysis.indicators import finite, where_it_moved
from tacore.analysis.ta import talib
from tacore.errors import bad_param
from tacore.model.history import Reals

Line = list[float | None]
ALLOWED = "smaN, emaN, rsiN, bollinger, bollingerN (N from 2 to 250), macd"
MOST = 12
SHORTEST, LONGEST = 2, 250
_NAME = re.compile(r"(sma|ema|rsi|bollinger)([0-9]{1,3})")
_PLAIN = {"bollinger": ("bollinger", 20), "macd": ("macd", 34)}
_SETTLING = {"ema": 4, "rsi": 8, "macd": 4}
"""How many times its length a recursive indicator takes until its beginning hardly shows."""


def lines(names: Sequence[str], closes: Sequence[float]) -> dict[str, Line]:
    """Compute indicators of closes: one value a bar, None where it is not defined yet.

    A bollinger gives three lines (two standard deviations), macd three (12, 26, 9). InvalidParams names what
    is not known.
    """
    close = np.array(closes, dtype=np.float64)
    found: dict[str, Line] = {}
    for name in names:
        kind, length = _read(name)
        for suffix, line in _KINDS[kind](close, length).items():
            found[name + suffix] = [finite(value) for value in line]
    return found


def needed(names: Sequence[str]) -> int:
    """Tell how many bars before the first one shown the lines need; InvalidParams as `lines`."""
    if len(names) > MOST:
        raise bad_param("indicators", "too many", value=len(names), allowed=f"at most {MOST}")
    read = [_read(name) for name in names]
    return max((length * _SETTLING.get(kind, 1) for kind, length in read), default=0)


def _read(name: str) -> tuple[str, int]:
    if name in _PLAIN:
        return _PLAIN[name]
    match = _NAME.fullmatch(name)
    if match is None or not SHORTEST <= int(match[2]) <= LONGEST:
        raise bad_param("indicators", "is none", value=name, allowed=ALLOWED)
    return match[1], int(match[2])


def _sma(close: Reals, length: int) -> Mapping[str, Reals]:
    return {"": talib.SMA(close, length)}


def _ema(close: Reals, length: int) -> Mapping[str, Reals]:
    return {"": talib.EMA(close, length)}


def _rsi(close: Reals, length: int) -> Mapping[str, Reals]:
    return {"": where_it_moved(talib.RSI(close, length), close, length)}


def _bollinger(close: Reals, length: int) -> Mapping[str, Reals]:
    return dict(zip(("_upper", "_middle", "_lower"), talib.BBANDS(close, length, 2.0, 2.0), strict=True))


def _macd(close: Reals, _length: int) -> Mapping[str, Reals]:
    return dict(zip(("", "_signal", "_histogram"), talib.MACD(close, 12, 26, 9), strict=True))


_KINDS: Mapping[str, Callable[[Reals, int], Mapping[str, Reals]]] = {
    "sma": _sma,
    "ema": _ema,
    "rsi": _rsi,
    "bollinger": _bollinger,
    "macd": _macd,
}
