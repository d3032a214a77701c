"""Look for what a request asks for in a feature table, and show it as an answer does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import isnan
from typing import Any

import numpy as np

from tacore.market.features.catalogue import EXACT
from tacore.market.scan.asked import Asked
from tacore.market.scan.criteria import Compare, Group, needs_history
from tacore.market.scan.matching import Column, Places, best, matches
from tacore.market.scan.presets import Preset
from tacore.model.table import Table, datetime_of

_STRONG_PCT = 3.0
_NEAR = 0.1
_SIGNALS = {
    "strong_up": Compare("change_pct", "gte", _STRONG_PCT),
    "strong_down": Compare("change_pct", "lte", -_STRONG_PCT),
    "near_high": Compare("range_position", "gte", 1 - _NEAR),
    "near_low": Compare("range_position", "lte", _NEAR),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked at and what matched; ``oldest`` is when the oldest price was made, if any."""

    scanned: int
    matched: int
    oldest: list[datetime]
    opportunities: list[dict[str, Any]]


def found_in(table: Table, chosen: Sequence[int] | None, asked: Asked, presets: Iterable[Preset]) -> Found:
    """Match, sort and show; ``chosen`` are ascending rows, None means all."""
    if chosen is None:
        hits = np.flatnonzero(matches(asked.condition, table.numbers.__getitem__, len(table)))
        moments = table.as_of_us
    else:
        rows = np.asarray(chosen, dtype=np.intp)
        hits = rows[matches(asked.condition, _of(table, rows), len(rows))]
        moments = table.as_of_us[rows]
    first = best(table, hits, asked.sort_by, descending=asked.descending, limit=asked.limit)
    return Found(
        scanned=len(moments),
        matched=len(hits),
        oldest=[datetime_of(int(moments.min()))] if len(moments) else [],
        opportunities=_shown(table, first, asked.shown, presets),
    )


def _of(table: Table, rows: Places) -> Column:
    return lambda name: table.numbers[name][rows]


def _shown(
    table: Table, rows: Places, features: Sequence[str], presets: Iterable[Preset]
) -> list[dict[str, Any]]:
    places = rows.tolist()
    columns = {
        name: _values(table, name, rows, places) for name in ("price", "change_pct", "volume", "score")
    }
    extra = {name: _values(table, name, rows, places) for name in features}
    signals = _signals(table, rows, presets)
    symbols, names = table.texts["symbol"], table.texts["name"]
    moments = {us: datetime_of(us) for us in set(table.as_of_us[rows].tolist())}
    return [
        {
            "symbol": symbols[row],
            "name": names[row],
            **{name: values[at] for name, values in columns.items()},
            "signals": [name for name, holds in signals if holds[at]],
            "as_of": moments[int(table.as_of_us[row])],
            **{name: values[at] for name, values in extra.items()},
        }
        for at, row in enumerate(places)
    ]


def _values(table: Table, name: str, rows: Places, places: Sequence[int]) -> list[Any]:
    """Give a feature of some rows: as the provider wrote it, else to ten digits; None where not known."""
    if name in EXACT:
        texts = table.exact[name]
        return [Decimal(text) if (text := texts[row]) else None for row in places]
    if name not in table.numbers:
        return [None] * len(places)
    values = table.numbers[name][rows].tolist()
    return [None if isnan(value) else float(f"{value:.10g}") for value in values]


def _signals(table: Table, rows: Places, presets: Iterable[Preset]) -> list[tuple[str, list[bool]]]:
    """Tell of each row which signals hold: those of the session, and each preset that has criteria."""
    conditions = {name: Group((each,)) for name, each in _SIGNALS.items()}
    for preset in presets:
        of_market = not preset.markets or table.facts.market in preset.markets
        known = table.facts.full or not needs_history(preset.condition)
        if preset.condition.parts and of_market and known:
            conditions[preset.name] = preset.condition
    column = _of(table, rows)
    return [(name, matches(each, column, len(rows)).tolist()) for name, each in conditions.items()]
