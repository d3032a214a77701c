"""Criteria against what a person would pick out of the table by hand, and every way to get them wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tacore.errors import InvalidParams
from tacore.market.features.catalogue import FEATURES
from tacore.market.scan.criteria import DEPTH, needs_history, read_criteria
from tacore.market.scan.matching import best, matches
from tacore.model.table import Table
from tests.support.tables import table_of

Row = dict[str, float]


@pytest.fixture(scope="module")
def table() -> Table:
    return table_of("CN")


def found(table: Table, criteria: dict[str, Any]) -> set[int]:
    mask = matches(read_criteria(criteria), table.numbers.__getitem__, len(table))
    return set(np.flatnonzero(mask).tolist())


CASES: list[tuple[dict[str, Any], Callable[[Row], bool]]] = [
    ({}, lambda row: True),
    ({"rsi_14": {"lt": 45}}, lambda row: row["rsi_14"] < 45),
    ({"rsi_14": {"gte": 40, "lte": 50}}, lambda row: 40 <= row["rsi_14"] <= 50),
    ({"rsi_14": {"between": [40, 50]}}, lambda row: 40 <= row["rsi_14"] <= 50),
    ({"rsi_14_range": {"min": 40}}, lambda row: row["rsi_14"] >= 40),
    ({"Max_RSI_14": 45}, lambda row: row["rsi_14"] <= 45),
    ({"price": {"gt": "sma_50"}}, lambda row: row["price"] > row["sma_50"]),
    (
        {"price": {"lt": "ema_12"}, "min_change": 0},
        lambda row: row["price"] < row["ema_12"] and row["change_pct"] >= 0,
    ),
    ({"price": {"in": [4.55, 8.72, 3.97]}}, lambda row: row["price"] in (4.55, 8.72, 3.97)),
    (
        {"price": {"crosses_above": "sma_20"}},
        lambda row: row["price.before"] <= row["sma_20.before"] and row["price"] > row["sma_20"],
    ),
    (
        {"macd_hist": {"crosses_below": 0}},
        lambda row: row["macd_hist.before"] >= 0 and row["macd_hist"] < 0,
    ),
    (
        {"any": [{"max_rsi_14": 35}, {"min_rsi_14": 60, "min_change_pct": 0}]},
        lambda row: row["rsi_14"] <= 35 or (row["rsi_14"] >= 60 and row["change_pct"] >= 0),
    ),
    (
        {"all": [{"any": [{"min_price": 20}, {"max_price": 5}]}, {"min_change_pct": 0}]},
        lambda row: (row["price"] >= 20 or row["price"] <= 5) and row["change_pct"] >= 0,
    ),
]


@pytest.mark.parametrize(("criteria", "right"), CASES)
def test_criteria_when_matched_pick_what_a_person_would(
    table: Table, criteria: dict[str, Any], right: Callable[[Row], bool]
) -> None:
    rows = [{name: float(column[row]) for name, column in table.numbers.items()} for row in range(len(table))]
    assert found(table, criteria) == {row for row, values in enumerate(rows) if right(values)}


@pytest.mark.parametrize("name", FEATURES)
def test_feature_when_bounded_by_its_own_values_matches_all_that_have_one(table: Table, name: str) -> None:
    values = table.numbers[name]
    known = values[~np.isnan(values)]
    criteria = {f"min_{name}": float(known.min()), f"max_{name}": float(known.max())}
    assert found(table, criteria) == set(np.flatnonzero(~np.isnan(values)).tolist())


def test_criterion_when_the_value_is_not_known_is_met_by_nothing() -> None:
    facebook = table_of("US", symbols=["FB"])
    assert np.isnan(facebook.numbers["sma_200"][0])
    assert not found(facebook, {"sma_200": {"lt": 1e9}})
    assert not found(facebook, {"sma_200": {"gte": 0}})


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_best_when_sorted_agrees_with_sorting_everything(table: Table, descending: bool, limit: int) -> None:
    values = table.numbers["rsi_14"].copy()
    values[[3, 40]] = np.nan
    values[7] = values[11]
    numbers = dict(table.numbers) | {"rsi_14": values}
    tied = Table(table.facts, numbers, table.texts, table.exact, table.as_of_us)
    rows = np.arange(len(table))
    sign = -1 if descending else 1
    expected = sorted(
        range(len(table)), key=lambda row: (np.isnan(values[row]), sign * np.nan_to_num(values[row]), row)
    )
    assert best(tied, rows, "rsi_14", descending=descending, limit=limit).tolist() == expected[:limit]


@pytest.mark.parametrize(
    ("criteria", "field", "nearest"),
    [
        ({"min_rsi14": 3}, "criteria.min_rsi14", "min_rsi_14"),
        ({"rsi": {"lt": 3}}, "criteria.rsi", None),
        ({"rsi_14": {"less": 3}}, "criteria.rsi_14.less", None),
        ({"rsi_14": {"ltt": 3}}, "criteria.rsi_14.ltt", "lt"),
        ({"rsi_14": 30}, "criteria.rsi_14", None),
        ({"rsi_14": {}}, "criteria.rsi_14", None),
        ({"rsi_14": {"lt": "sma_21"}}, "criteria.rsi_14.lt", "sma_20"),
        ({"rsi_14": {"lt": True}}, "criteria.rsi_14.lt", None),
        ({"rsi_14": {"in": []}}, "criteria.rsi_14.in", None),
        ({"rsi_14": {"between": [1]}}, "criteria.rsi_14.between", None),
        ({"gap_pct": {"crosses_above": 1}}, "criteria.gap_pct.crosses_above", None),
        ({"price": {"crosses_above": "gap_pct"}}, "criteria.price.crosses_above", None),
        ({"rsi_14": {"gt": 60, "lt": 40}}, "criteria.rsi_14", None),
        ({"any": []}, "criteria.any", None),
        ({"any": {"min_price": 1}}, "criteria.any", None),
        ({"all": [{"min_prize": 1}]}, "criteria.all[0].min_prize", "min_price"),
        ({"min_price": "cheap"}, "criteria.min_price", None),
    ],
)
def test_criteria_when_wrong_name_the_field_and_the_nearest(
    criteria: dict[str, Any], field: str, nearest: str | None
) -> None:
    with pytest.raises(InvalidParams) as refused:
        read_criteria(criteria)
    assert list(refused.value.details) == [field]
    if nearest:
        assert refused.value.details[field]["nearest"] == nearest
        assert nearest in refused.value.message


def test_criteria_when_nested_without_end_are_refused() -> None:
    criteria: dict[str, Any] = {"min_price": 1}
    for _ in range(DEPTH):
        criteria = {"all": [criteria]}
    read_criteria(criteria)
    with pytest.raises(InvalidParams):
        read_criteria({"all": [criteria]})


@pytest.mark.parametrize(
    ("criteria", "needed"),
    [
        ({"min_price": 1, "turnover": {"gt": 1}}, False),
        ({"price": {"gt": "sma_20"}}, True),
        ({"price": {"crosses_above": 5}}, True),
        ({"any": [{"min_rsi_14": 5}]}, True),
    ],
)
def test_criteria_when_read_tell_whether_they_need_history(criteria: dict[str, Any], needed: bool) -> None:
    assert needs_history(read_criteria(criteria)) is needed
