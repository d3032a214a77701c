"""Match a feature table against conditions: masks over mapped columns, quicker at this size than queries."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tacore.market.features.catalogue import before
from tacore.market.scan.criteria import Compare, Condition, Cross, Group, Within
from tacore.model.table import Reals, Table

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]
Column = Callable[[str], Reals]
_COMPARE: dict[str, np.ufunc] = {
    "gt": np.greater,
    "gte": np.greater_equal,
    "lt": np.less,
    "lte": np.less_equal,
}


def matches(condition: Condition, column: Column, rows: int) -> Mask:
    """Tell of each row whether a condition holds; what is not known (NaN) meets none."""
    if isinstance(condition, Group):
        found = np.full(rows, not condition.any or not condition.parts)
        join = np.logical_or if condition.any else np.logical_and
        for part in condition.parts:
            join(found, matches(part, column, rows), out=found)
        return found
    now = column(condition.feature)
    if isinstance(condition, Within):
        return np.isin(now, condition.values)
    if isinstance(condition, Compare):
        other = column(condition.value) if isinstance(condition.value, str) else condition.value
        compared: Mask = _COMPARE[condition.operator](now, other)
        return compared
    return _crossed(condition, now, column)


def _crossed(condition: Cross, now: Reals, column: Column) -> Mask:
    was = column(before(condition.feature))
    there: Reals | float
    there_was: Reals | float
    if isinstance(condition.value, str):
        there, there_was = column(condition.value), column(before(condition.value))
    else:
        there = there_was = condition.value
    if condition.operator == "crosses_above":
        crossed: Mask = (was <= there_was) & (now > there)
    else:
        crossed = (was >= there_was) & (now < there)
    return crossed


def best(table: Table, rows: Places, sort_by: str, *, descending: bool, limit: int) -> Places:
    """Give the first rows of an order; ties by symbol, what has no value last. ``rows`` ascend."""
    if sort_by == "symbol":
        return rows[::-1][:limit] if descending else rows[:limit]
    values = table.numbers[sort_by][rows]
    keys = -values if descending else values
    if len(rows) > 4 * limit:
        keys[np.isnan(keys)] = np.inf
        edge = np.partition(keys, limit - 1)[limit - 1]
        kept = np.flatnonzero(keys <= edge)
        rows, keys = rows[kept], keys[kept]
    return rows[np.argsort(keys, kind="stable")][:limit]
