"""The numeric features there are: what each means, and what it needs to be known."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Feature(NamedTuple):
    """One number of an instrument.

    ``history`` says that it needs daily history, ``before`` that its value as of the session before is kept
    too (what crosses_above compares with). ``markets`` are those that have it, all where it is empty.
    """

    meaning: str
    history: bool = False
    before: bool = False
    markets: tuple[str, ...] = ()


def _daily(meaning: str, *, before: bool = False) -> Feature:
    return Feature(meaning, history=True, before=before)


FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        "score": Feature("0 to 100: 60 points for the change, 40 for the place in the session's range"),
        "price": Feature("last price", before=True),
        "change_pct": Feature("change against the close before, in percent"),
        "open": Feature("the session's open"),
        "high": Feature("the session's high"),
        "low": Feature("the session's low"),
        "volume": Feature("the session's volume", before=True),
        "turnover": Feature("price times volume, in money"),
        "range_position": Feature("0 at the session's low, 1 at its high"),
        "price_change": _daily("change against the close before, in money"),
        "gap_pct": _daily("open against the close before, in percent"),
        "relative_volume": _daily("volume over the mean of the 20 sessions before"),
        "high_52w": _daily("highest high of the 252 sessions before", before=True),
        "low_52w": _daily("lowest low of the 252 sessions before", before=True),
        "from_high_52w_pct": _daily("price against high_52w, in percent; above 0 is a new high"),
        "from_low_52w_pct": _daily("price against low_52w, in percent"),
        "volatility": _daily("deviation of the last 60 log returns, annualised, in percent"),
        "sma_20": _daily("mean of 20 closes", before=True),
        "sma_50": _daily("mean of 50 closes", before=True),
        "sma_200": _daily("mean of 200 closes", before=True),
        "ema_12": _daily("exponential mean of 12 closes", before=True),
        "ema_26": _daily("exponential mean of 26 closes", before=True),
        "rsi_14": _daily("relative strength index (Wilder), 0 to 100", before=True),
        "macd": _daily("MACD line, 12 and 26 closes", before=True),
        "macd_signal": _daily("exponential mean of 9 MACD values", before=True),
        "macd_hist": _daily("MACD line less its signal", before=True),
        "atr_14": _daily("average true range (Wilder), in money", before=True),
        "atr_pct": _daily("atr_14 in percent of the price"),
        "bollinger_position": _daily(
            "0 at the lower band (20 closes, 2 deviations), 1 at the upper", before=True
        ),
        "bollinger_width": _daily("upper less lower band, in percent of the middle", before=True),
        "return_5": _daily("change over 5 sessions, in percent"),
        "return_20": _daily("change over 20 sessions, in percent"),
        "return_60": _daily("change over 60 sessions, in percent"),
        "return_252": _daily("change over 252 sessions, in percent"),
        "to_limit_up_pct": Feature(
            "how far the day's upper price limit is above the price, in percent",
            history=True,
            markets=("CN",),
        ),
    }
)
SPELLINGS: Mapping[str, str] = MappingProxyType({"change": "change_pct"})
ALWAYS_SHOWN = ("price", "change_pct", "volume", "score")
DEFAULT_SHOWN = ("relative_volume", "rsi_14", "from_high_52w_pct", "volatility")
EXACT = ("price", "change_pct", "open", "high", "low", "volume")
"""What answers show with the digits that the provider gave."""


def named(spelling: str) -> str:
    """Give a feature's own name."""
    word = spelling.strip().lower()
    return SPELLINGS.get(word, word)


def before(name: str) -> str:
    """Give the column that holds a feature as of the session before."""
    return f"{name}.before"


def history_names(market: str) -> list[str]:
    """List the columns that daily history gives, those of the session before among them."""
    names = [name for name in served(market) if FEATURES[name].history]
    return names + [before(name) for name, each in FEATURES.items() if each.before]


def served(market: str) -> list[str]:
    """List the features that a market has."""
    return [name for name, each in FEATURES.items() if not each.markets or market in each.markets]
