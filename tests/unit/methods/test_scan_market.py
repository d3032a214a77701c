"""scan.market on real providers, called as a worker calls it."""

from typing import Any

import pytest

from tacore.errors import InvalidParams
from tacore.methods.scan_market import METHOD
from tests.support.markets import answer, open_markets


def scan(**params: Any) -> Any:
    return answer(METHOD, params)


def symbols(**params: Any) -> list[str]:
    return [each["symbol"] for each in scan(**params)["opportunities"]]


def test_scan_when_nothing_is_said_looks_at_the_us() -> None:
    data = scan()
    assert (data["market"], data["source"], data["simulated"], data["replay"]) == (
        "US",
        "sample",
        False,
        True,
    )
    assert (data["scanned"], data["matched"], data["age_s"]) == (5, 5, 0)
    assert data["as_of"] == "2013-03-01T21:00:00Z"
    scores = [each["score"] for each in data["opportunities"]]
    assert scores == sorted(scores, reverse=True)


def test_opportunity_when_shown_is_scored_as_documented() -> None:
    apple = scan(symbol="AAPL")["opportunities"][0]
    place = (430.47 - 429.98) / (438.1799 - 429.98)
    assert apple["score"] == pytest.approx(60 * (-2.4762 / 10 + 1) / 2 + 40 * place, abs=0.06)
    assert apple["signals"] == ["near_low"]
    assert (apple["price"], apple["volume"], apple["name"]) == (430.47, 19730300, "Apple Inc.")


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({"min_price": 430.47}, {"AAPL", "GOOG"}),
        ({"max_price": 27.95}, {"FB", "MSFT"}),
        ({"price_range": [100, 500]}, {"AAPL", "IBM"}),
        ({"price_range": {"min": 100, "max": 500}}, {"AAPL", "IBM"}),
        ({"price_range": {"min": 500}}, {"GOOG"}),
        ({"price_range": [None, 28], "min_volume": 50_000_000}, {"FB"}),
        ({"min_change_pct": 1}, {"FB", "IBM"}),
        ({"min_change": 1}, {"FB", "IBM"}),
        ({"change_range": [-5, 0]}, {"AAPL"}),
        ({"volume_range": [30_000_000, 60_000_000]}, {"FB", "MSFT"}),
        ({"min_price": 100, "price_range": [0, 300]}, {"IBM"}),
    ],
)
def test_criteria_when_given_choose(criteria: dict[str, Any], found: set[str]) -> None:
    assert set(symbols(criteria=criteria)) == found


@pytest.mark.parametrize("name", ["criteria", "filters", "scan_criteria"])
def test_criteria_when_under_another_name_choose_alike(name: str) -> None:
    assert symbols(market_type="stock", **{name: {"min_price": 500}}) == ["GOOG"]


@pytest.mark.parametrize(
    ("order", "first", "last"),
    [
        ({"sort_by": "price"}, "GOOG", "FB"),
        ({"sort_by": "price", "descending": False}, "FB", "GOOG"),
        ({"sort_by": "symbol"}, "AAPL", "MSFT"),
        ({"scan_type": "most_active"}, "FB", "IBM"),
        ({"scan_type": "top_gainers"}, "FB", "AAPL"),
        ({"scan_type": "TOP_LOSERS"}, "AAPL", "FB"),
        ({"scan_type": "top_losers", "sort_by": "volume"}, "FB", "IBM"),
    ],
)
def test_order_when_asked_holds(order: dict[str, Any], first: str, last: str) -> None:
    shown = symbols(**order)
    assert (shown[0], shown[-1]) == (first, last)


def test_scan_when_limited_still_counts_all_matches() -> None:
    data = scan(limit=2, criteria={"max_price": 300})
    assert (data["matched"], len(data["opportunities"])) == (3, 2)


def test_scan_when_max_symbols_is_given_looks_at_no_more() -> None:
    assert scan(market="SIM", max_symbols=7)["scanned"] == 7


def test_scan_when_symbols_are_unknown_lists_them_as_missing() -> None:
    data = scan(symbols="AAPL,TSLA,GOOG,GOOGL")
    assert (data["scanned"], list(data["missing"])) == (2, ["TSLA"])


def test_scan_when_not_all_were_listed_yet_lists_them_as_missing() -> None:
    markets = open_markets({"US": {"provider": "sample", "replay": {"at": "2012-01-03"}}})
    data = answer(METHOD, {}, markets)
    assert (data["scanned"], list(data["missing"])) == (4, ["FB"])


def test_scan_when_of_an_invented_market_says_so() -> None:
    data = scan(symbols=["BTC", "ETHUSDT"])
    assert (data["market"], data["source"], data["simulated"]) == ("CRYPTO", "synthetic", True)
    assert data["scanned"] == 2


def test_scan_type_when_unknown_is_a_warning() -> None:
    data = scan(scan_type="technical")
    assert data["matched"] == 5
    assert "most_active" in data["warnings"][0]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"market": "forex"}, "market"),
        ({"criteria": {"min_prize": 1}}, "criteria.min_prize"),
        ({"criteria": {"min_price": 2, "max_price": 1}}, "criteria.price"),
        ({"criteria": {"price_range": [5, 1]}}, "criteria.price"),
        ({"criteria": {"min_change": 1, "min_change_pct": 2}}, "criteria.min_change_pct"),
        ({"sort_by": "prize"}, "sort_by"),
        ({"symbols": "AAPL,600519"}, "symbols"),
        ({"symbols": ["AAPL"], "symbol": "IBM"}, "symbol"),
    ],
)
def test_params_when_wrong_are_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        scan(**params)
    assert list(refused.value.details) == [field]


def test_criterion_when_misspelled_has_the_nearest_name() -> None:
    with pytest.raises(InvalidParams) as refused:
        scan(criteria={"min_volum": 1})
    assert refused.value.details["criteria.min_volum"]["nearest"] == "min_volume"


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": "many"},
        {"criteria": []},
        {"criteria": {"min_price": "cheap"}},
        {"criteria": {"price_range": [1]}},
        {"criteria": {"price_range": {"low": 1}}},
    ],
)
def test_params_when_of_a_wrong_type_are_refused_by_their_type(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidParams) as refused:
        scan(**params)
    assert all(name.split(".")[0] in params for name in refused.value.details)
