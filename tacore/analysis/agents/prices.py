"""Prices, returns, the 52-week range and indicators, as text for a language model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from tacore.analysis.agents.look import Given, Look
from tacore.analysis.agents.span import MOST_SHOWN, SHOWN, Span
from tacore.analysis.indicators import NEEDS, indicators
from tacore.analysis.series import Series, first_series
from tacore.errors import NotFound
from tacore.model.history import History, Reals

SESSIONS = 504  # two years: enough for every indicator and a year's range
WINDOWS = (1, 5, 20, 60, 120, 250)
YEAR = timedelta(weeks=52)
SPELLINGS: Mapping[str, str] = {
    "close_50_sma": "sma_50",
    "close_200_sma": "sma_200",
    "macds": "macd_signal",
    "macdh": "macd_histogram",
    "rsi": "rsi_14",
    "boll": "bollinger_middle",
    "boll_ub": "bollinger_upper",
    "boll_lb": "bollinger_lower",
    "atr": "atr_14",
    "mfi": "mfi_14",
    "adx": "adx_14",
    "cci": "cci_20",
}
"""What the engines call indicators that are here under another name."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """An instrument's sessions: ``series`` in the prices of its last bar, ``raw`` as traded, (5, T)."""

    series: Series
    raw: Reals
    source: str
    simulated: bool
    stale: bool
    due: date | None

    @property
    def last(self) -> str:
        """Give the last session."""
        return self.series.bars[-1]

    def of_a_year(self) -> Reals:
        """Give the closes of the 52 weeks up to the last bar, in its prices."""
        first = date.fromisoformat(self.last) - YEAR
        return self.series.close[np.array(self.series.bars, dtype="datetime64[D]") > np.datetime64(first)]


def load(look: Look) -> Loaded:
    """Load an instrument's sessions; NotFound where none had ended by then."""
    found = look.history(SESSIONS)
    series = first_series(found)
    if not len(series):
        raise NotFound(f"{look.instrument.symbol} has no daily bar by {look.day}")
    due = look.expected_session()
    stale = due is not None and date.fromisoformat(series.bars[-1]) < due
    return Loaded(series, _raw(found, series), found.sources[0], found.simulated[0], stale, due)


def prices(look: Look, span: Span, wanted: object) -> Given:
    """Write what there is about the price; ``wanted`` names indicators, all where it is empty."""
    loaded = load(look)
    lines = [
        f"# {look.instrument.symbol} ({look.instrument.name}): daily prices to {loaded.last}",
        "",
        *span.notes,
        *_staleness(loaded),
        *_table(look, loaded, span),
        *_returns(loaded),
        *_range(loaded, look.instrument.currency),
        *_indicators(look, loaded, wanted),
    ]
    return Given(
        text="\n".join(lines),
        source=loaded.source,
        as_of=loaded.last,
        simulated=loaded.simulated,
        stale=loaded.stale,
    )


def number(value: float) -> str:
    """Write a number by up to seven digits, never with an exponent; unknown where it is none."""
    if not np.isfinite(value):
        return "unknown"
    return np.format_float_positional(value, precision=7, unique=False, fractional=False, trim="-")


def _raw(found: History, series: Series) -> Reals:
    kept = np.isin(found.sessions, np.array(series.bars, dtype="datetime64[D]"))
    return np.stack(
        [line[0, kept] for line in (found.open, found.high, found.low, found.close, found.volume)]
    )


def _staleness(loaded: Loaded) -> Iterator[str]:
    if loaded.stale:
        yield f"STALE: the last bar is of {loaded.last}, but the market had a session on {loaded.due}."
        yield ""


def _table(look: Look, loaded: Loaded, span: Span) -> Iterator[str]:
    rows = range(len(loaded.series))
    if span.start is None:
        rows = rows[-SHOWN:]
    else:
        first = str(span.start)
        rows = rows[sum(bar < first for bar in loaded.series.bars) :]
    left, rows = max(0, len(rows) - MOST_SHOWN), rows[-MOST_SHOWN:]
    yield (
        f"Open, high, low, close and volume are raw, as traded, in {look.instrument.currency}; adjusted "
        f"close has the splits and dividends up to {loaded.last} taken out, so that it compares over time."
    )
    yield ""
    yield "| date | open | high | low | close | volume | adjusted close |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for row in rows:
        values = [_as_it_is(value) for value in loaded.raw[:, row].tolist()]
        yield f"| {loaded.series.bars[row]} | {' | '.join(values)} | {number(loaded.series.close[row])} |"
    if not rows:
        yield ""
        yield f"No session ended from {span.start} to {span.end}."
    if left:
        yield ""
        yield f"{left} earlier sessions of what was asked for are left out; the figures below count them."
    yield ""


def _as_it_is(value: float) -> str:
    return np.format_float_positional(value, trim="-") if np.isfinite(value) else "unknown"


def _returns(loaded: Loaded) -> Iterator[str]:
    close = loaded.series.close
    yield f"## Returns to {loaded.last} (adjusted closes)"
    yield ""
    for sessions in WINDOWS:
        name = f"{sessions} session{'' if sessions == 1 else 's'}"
        if len(close) > sessions:
            since = loaded.series.bars[-1 - sessions]
            yield f"- {name} (since {since}): {(close[-1] / close[-1 - sessions] - 1) * 100:+.2f} %"
        else:
            yield f"- {name}: unknown, the history has {len(close)} sessions"
    yield ""


def _range(loaded: Loaded, currency: str) -> Iterator[str]:
    year = loaded.of_a_year()
    last, low, high = float(loaded.series.close[-1]), float(year.min()), float(year.max())
    place = f"{(last - low) / (high - low) * 100:.0f} % of the way up" if high > low else "it never moved"
    yield "## 52-week range of closes (adjusted)"
    yield ""
    yield f"- low {number(low)}, high {number(high)}, last {number(last)} {currency}: {place}"
    yield ""


def _indicators(look: Look, loaded: Loaded, wanted: object) -> Iterator[str]:
    names, unknown = _wanted(wanted)
    yield f"## Indicators on {loaded.last} (in the prices of that day)"
    yield ""
    if names:
        found = indicators(loaded.series, look.data.sessions_per_year(look.market))
        readings = found.readings()
        for name in names:
            each = readings[name]
            before = "" if each.previous is None else f" (the session before: {number(each.previous)})"
            yield (
                f"- {name}: unknown, {each.reason}"
                if each.value is None
                else f"- {name}: {number(each.value)}{before}"
            )
    for name in unknown:
        yield f"- {name}: not computed here; there are: {', '.join(NEEDS)}"


def _wanted(wanted: object) -> tuple[Sequence[str], Sequence[str]]:
    """Give the indicators that were asked for, and the names that mean none."""
    listed = wanted.split(",") if isinstance(wanted, str) else wanted
    words = listed if isinstance(listed, list | tuple) else ()
    asked = [SPELLINGS.get(word, word) for each in words if (word := str(each).strip().lower()[:40])]
    if not asked:
        return list(NEEDS), []
    unique = list(dict.fromkeys(asked))
    return [name for name in unique if name in NEEDS], [name for name in unique if name not in NEEDS]


def arguments_of(arguments: Mapping[str, Any]) -> object:
    """Give the indicators that the arguments name, whether as one or as several."""
    return arguments.get("indicators") or arguments.get("indicator")
