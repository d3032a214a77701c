"""The columns of a feature table, computed for all instruments at once."""

from collections.abc import Iterator, Sequence

import numpy as np

from tacore.market.features import indicators
from tacore.market.features.catalogue import FEATURES, before, history_names
from tacore.market.features.indicators import Pair, Reals
from tacore.market.features.series import Series, series_of
from tacore.market.hours import HOURS, Hours
from tacore.model import Quote
from tacore.model.history import History, joined

Columns = dict[str, Reals]
_ROWS_AT_ONCE = 1024  # bounds memory, and stays near the processor's cache
_YEAR = 252
_FULL_SCALE_PCT = 10.0
_BOARDS = ((("300", "301", "688", "689"), 20), (("4", "8", "920"), 30))
_BOARD = 10


def quote_columns(quotes: Sequence[Quote]) -> Columns:
    """Give the features that quotes alone tell."""
    price, opened, high, low, volume = (
        np.array([getattr(each, name) for each in quotes], dtype=np.float64)
        for name in ("price", "open", "high", "low", "volume")
    )
    change = np.array(
        [np.nan if each.change_pct is None else each.change_pct for each in quotes], dtype=np.float64
    )
    spread = high - low
    place = np.where(spread > 0, (price - low) / np.where(spread > 0, spread, 1), 0.5)
    momentum = (np.clip(np.nan_to_num(change) / _FULL_SCALE_PCT, -1, 1) + 1) / 2
    return {
        "score": np.round(60 * momentum + 40 * place, 1),
        "price": price,
        "change_pct": change,
        "open": opened,
        "high": high,
        "low": low,
        "volume": volume,
        "turnover": price * volume,
        "range_position": place,
    }


def history_columns(parts: Sequence[History], quotes: Sequence[Quote], market: str) -> Columns:
    """Give the features that need daily history; the parts have the instruments of ``quotes``, in order."""
    made, first = [], 0
    for history in _joined(parts):
        count = len(history.symbols)
        series = series_of(history, quotes[first : first + count], HOURS[market])
        with np.errstate(all="ignore"):
            part = _of_series(series, HOURS[market])
            if market in FEATURES["to_limit_up_pct"].markets:
                limits = np.array([_limit_pct(symbol) for symbol in history.symbols], dtype=np.float64)
                part["to_limit_up_pct"] = _to_limit_up(series, limits)
        made.append(part)
        first += count
    if not made:  # a market with no instrument has every feature, of none
        return {name: np.empty(0) for name in history_names(market)}
    found = {name: np.concatenate([part[name] for part in made]) for name in made[0]}
    for column in found.values():
        column[np.isinf(column)] = np.nan
    return found


def _joined(parts: Sequence[History]) -> Iterator[History]:
    """Put parts of one calendar together, and cut long ones, to about as many rows as suit the processor."""
    waiting: list[History] = []
    for part in parts:
        for first in range(0, len(part.symbols), _ROWS_AT_ONCE):
            piece = part.take(range(len(part.symbols))[first : first + _ROWS_AT_ONCE])
            rows = sum(len(each.symbols) for each in waiting) + len(piece.symbols)
            if waiting and (rows > _ROWS_AT_ONCE or not np.array_equal(waiting[0].sessions, piece.sessions)):
                yield joined(waiting)
                waiting = []
            waiting.append(piece)
    if waiting:
        yield joined(waiting)


def _of_series(series: Series, hours: Hours) -> Columns:
    close, starts = series.close, indicators.first_places(series.close)
    price, last = _back(close, 0), _back(close, 1)
    line, signal, hist = indicators.macd(close, starts)
    position, width = indicators.bollinger(close)
    pairs = {
        "high_52w": Pair(_extreme(series.high, 1, np.fmax), _extreme(series.high, 2, np.fmax)),
        "low_52w": Pair(_extreme(series.low, 1, np.fmin), _extreme(series.low, 2, np.fmin)),
        **{f"sma_{length}": indicators.sma(close, length) for length in (20, 50, 200)},
        **{f"ema_{length}": indicators.ema(close, starts, length) for length in (12, 26)},
        "rsi_14": indicators.rsi(close, starts),
        "macd": line,
        "macd_signal": signal,
        "macd_hist": hist,
        "atr_14": indicators.atr(series.high, series.low, close, starts),
        "bollinger_position": position,
        "bollinger_width": width,
    }
    found = {name: pair.last for name, pair in pairs.items()}
    found |= {before(name): pair.before for name, pair in pairs.items()}
    return found | {
        before("price"): last,
        before("volume"): _back(series.volume, 1),
        "price_change": price - last,
        "gap_pct": (_back(series.open, 0) / last - 1) * 100,
        "relative_volume": _back(series.volume, 0) / indicators.sma(series.volume[:-1], 20).last,
        "from_high_52w_pct": (price / found["high_52w"] - 1) * 100,
        "from_low_52w_pct": (price / found["low_52w"] - 1) * 100,
        "volatility": indicators.volatility(close, 365 if hours.every_day else _YEAR),
        "atr_pct": found["atr_14"] / price * 100,
        **{f"return_{sessions}": indicators.change(close, sessions) for sessions in (5, 20, 60, 252)},
    }


def _back(values: Reals, sessions: int) -> Reals:
    if len(values) <= sessions:
        return np.full(values.shape[1], np.nan)
    found: Reals = values[-1 - sessions].copy()
    return found


def _extreme(values: Reals, back: int, pick: np.ufunc) -> Reals:
    """Give the extreme of up to a year of sessions, without the newest ``back``."""
    stop = max(0, len(values) - back)
    chosen = values[max(0, stop - _YEAR) : stop]
    found: Reals = pick.reduce(chosen, axis=0) if len(chosen) else np.full(values.shape[1], np.nan)
    return found


def _limit_pct(symbol: str) -> int:
    return next((pct for starts, pct in _BOARDS if symbol.startswith(starts)), _BOARD)


def _to_limit_up(series: Series, limits: Reals) -> Reals:
    """Give how far the day's upper limit, a whole fen, is above the price."""
    limit = np.floor(_back(series.close, 1) * (1 + limits / 100) * 100 + 0.5 + 1e-6) / 100
    distance: Reals = (limit / _back(series.close, 0) - 1) * 100
    return distance
