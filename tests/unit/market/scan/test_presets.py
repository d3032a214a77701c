"""Scans by name: those that tacore comes with, an operator's own, and wrong ones refused at the start."""

from typing import Any

import pytest

from tacore.errors import ConfigurationError
from tacore.market.scan.criteria import Compare, Cross
from tacore.market.scan.presets import parse_scan

SHIPPED = (
    "most_active",
    "top_gainers",
    "top_losers",
    "unusual_volume",
    "breakout_52w",
    "oversold",
    "overbought",
    "golden_cross",
    "death_cross",
    "gap_up",
    "limit_up",
)


def test_presets_when_nothing_is_configured_are_those_that_come_with_tacore() -> None:
    for raw in (None, {}, {"refresh_s": 2}):
        assert tuple(parse_scan(raw).presets) == SHIPPED
    found = parse_scan(None).presets
    assert found["golden_cross"].condition.parts == (Cross("sma_50", "crosses_above", "sma_200"),)
    assert found["limit_up"].markets == ("CN",)
    assert (found["top_losers"].sort_by, found["top_losers"].descending) == ("change_pct", False)


def test_preset_when_an_operator_adds_one_is_there() -> None:
    raw = {"presets": {"Cheap": {"criteria": {"max_price": 5}, "sort_by": "change", "limit": 3}}}
    (cheap,) = parse_scan(raw).presets.values()
    assert (cheap.name, cheap.sort_by, cheap.limit) == ("cheap", "change_pct", 3)
    assert cheap.condition.parts == (Compare("price", "lte", 5.0),)


def test_refresh_when_set_for_a_market_goes_before_the_general_one() -> None:
    found = parse_scan({"refresh_s": 3, "refresh_s_of": {"SIM": 20}})
    assert (found.refresh_of("SIM"), found.refresh_of("US")) == (20, 3)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (
            {"presets": {"x": {"criteria": {"min_prize": 1}}}},
            ("scan.presets.x.criteria.min_prize", "min_price"),
        ),
        ({"presets": {"x": {"sort_by": "prize"}}}, ("scan.presets.x.sort_by", "prize", "price")),
        ({"presets": {"x": {"markets": ["USA"]}}}, ("scan.presets.x.markets", "USA")),
        ({"presets": {"x": {"sortby": "price"}}}, ("scan.presets.x.sortby", "sort_by")),
        ({"presets": {"x": {"limit": 0}}}, ("scan.presets.x.limit", "0")),
        ({"refresh_s": 0}, ("scan.refresh_s", "0")),
        ({"refresh_s_of": {"MARS": 5}}, ("scan.refresh_s_of", "MARS")),
        ({"refresh_s_of": {"US": 0}}, ("scan.refresh_s_of.US", "0")),
        ({"refreshs": 5}, ("scan.refreshs", "refresh_s")),
        ([], ("scan",)),
    ],
)
def test_scan_section_when_wrong_stops_the_start_with_file_key_and_value(
    raw: Any, said: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_scan(raw, "its/file.yaml")
    for each in ("its/file.yaml", *said):
        assert each in refused.value.message
