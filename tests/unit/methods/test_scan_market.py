"""scan.market on real providers, called as a worker calls it."""

from typing import Any

import pytest

from tacore.errors import InvalidParams, Unavailable
from tacore.methods.scan_market import METHOD
from tacore.model.table import Table
from tests.support.markets import NoTables, answer, open_markets
from tests.support.tables import table_of


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


class Kept(NoTables):
    """What a host has once its refresher has worked: the tables given."""

    def __init__(self, *tables: Table) -> None:
        self._tables = {each.facts.market: each for each in tables}

    def table(self, market: str) -> Table:
        if market not in self._tables:
            raise Unavailable(f"the feature table of {market} can't be used: its history is 34% there")
        return self._tables[market]


MARKETS = open_markets()
FULL = Kept(table_of("CN", MARKETS), table_of("US", MARKETS), table_of("SIM", MARKETS))
QUOTES_ONLY = Kept(table_of("SIM", MARKETS, full=False))


def test_scan_when_a_table_is_kept_answers_as_without_one() -> None:
    kept = answer(METHOD, {"market": "US"}, MARKETS, FULL)
    on_the_spot = scan(market="US")
    kept.pop("snapshot")
    on_the_spot.pop("snapshot")
    assert kept == on_the_spot


@pytest.mark.parametrize("symbols", [["600519", "000001.SZ", "999999"], ["000333"]])
def test_scan_when_symbols_are_given_looks_at_their_rows_of_the_table(symbols: list[str]) -> None:
    kept = answer(METHOD, {"market": "CN", "symbols": symbols}, MARKETS, FULL)
    on_the_spot = answer(METHOD, {"market": "CN", "symbols": symbols}, MARKETS)
    assert kept["opportunities"] == on_the_spot["opportunities"]
    assert kept["missing"] == on_the_spot["missing"]


def test_scan_when_prices_are_shown_has_every_digit_of_them() -> None:
    shown = answer(METHOD, {"market": "US", "features": "open,high"}, MARKETS, FULL)["opportunities"]
    apple = next(each for each in shown if each["symbol"] == "AAPL")
    assert (apple["price"], apple["open"], apple["high"]) == (430.47, 438.0, 438.1799)


def test_scan_when_features_are_chosen_shows_those() -> None:
    (apple,) = scan(symbol="AAPL", features=["rsi_14", "SMA_50", "price"])["opportunities"]
    usual = {"symbol", "name", "price", "change_pct", "volume", "score", "signals", "as_of"}
    assert set(apple) == usual | {"rsi_14", "sma_50"}
    assert 0 < apple["rsi_14"] < 100


def test_scan_when_all_features_are_asked_for_shows_what_the_market_has() -> None:
    american = scan(symbol="FB", features="all")["opportunities"][0]
    assert american["sma_200"] is None
    assert american["sma_50"] > 0
    assert "to_limit_up_pct" not in american
    assert "to_limit_up_pct" in scan(symbol="600519", features="all")["opportunities"][0]


@pytest.mark.parametrize("name", sorted(NoTables.presets))
def test_preset_when_named_finds_what_its_criteria_say(name: str) -> None:
    preset = NoTables.presets[name]
    asked = {"market": "CN", "preset": name, "features": "all", "limit": 1000}
    data = answer(METHOD, asked, MARKETS, FULL)
    assert data["preset"] == name
    assert data["sorted_by"].startswith(preset.sort_by)
    values = [each[preset.sort_by] for each in data["opportunities"]]
    assert values == sorted(values, reverse=preset.descending)
    whole = answer(METHOD, {"market": "CN", "limit": 1000}, MARKETS, FULL)["opportunities"]
    if preset.condition.parts:
        found = {each["symbol"] for each in data["opportunities"]}
        assert found == {each["symbol"] for each in whole if name in each["signals"]}
    else:
        assert data["matched"] == len(whole)


def test_preset_when_criteria_come_with_it_is_narrowed_by_them() -> None:
    wide = answer(METHOD, {"market": "SIM", "preset": "top_gainers"}, MARKETS, FULL)
    narrow = answer(
        METHOD, {"market": "SIM", "preset": "TOP_GAINERS", "criteria": {"min_rsi_14": 50}}, MARKETS, FULL
    )
    assert 0 < narrow["matched"] < wide["matched"]


def test_preset_when_of_one_market_means_that_market() -> None:
    assert answer(METHOD, {"preset": "limit_up"}, MARKETS, FULL)["market"] == "CN"


def test_scan_when_history_is_not_ready_answers_what_quotes_tell_and_says_so() -> None:
    data = answer(METHOD, {"market": "SIM", "criteria": {"min_price": 50}}, MARKETS, QUOTES_ONLY)
    assert data["matched"] > 0
    assert data["opportunities"][0]["rsi_14"] is None
    assert "not ready" in data["warnings"][0]


@pytest.mark.parametrize(
    "asked",
    [{"criteria": {"min_rsi_14": 1}}, {"preset": "oversold"}, {"sort_by": "sma_20"}, {"features": ["macd"]}],
)
@pytest.mark.parametrize("tables", [QUOTES_ONLY, Kept()], ids=["quotes", "nothing"])
def test_scan_when_it_needs_history_that_is_not_ready_is_unavailable(
    asked: dict[str, Any], tables: Kept
) -> None:
    with pytest.raises(Unavailable) as refused:
        answer(METHOD, {"market": "SIM"} | asked, MARKETS, tables)
    assert refused.value.retryable
    assert "history" in refused.value.message


def test_scan_when_few_are_asked_for_never_waits_for_a_table() -> None:
    asked = {"symbols": ["BTC", "ETH"], "criteria": {"min_rsi_14": 0}}
    data = answer(METHOD, asked, MARKETS, Kept())
    assert (data["matched"], data["snapshot"]) == (2, None)
    assert all(0 < each["rsi_14"] < 100 for each in data["opportunities"])


@pytest.mark.parametrize(
    ("params", "field", "nearest"),
    [
        ({"preset": "golden_cros"}, "preset", "golden_cross"),
        ({"market": "US", "preset": "limit_up"}, "preset", None),
        ({"features": ["rsi14"]}, "features", "rsi_14"),
        ({"market": "US", "criteria": {"max_to_limit_up_pct": 0}}, "criteria", None),
        ({"market": "US", "features": ["to_limit_up_pct"]}, "features", None),
        ({"criteria": {"rsi_14": {"below": 30}}}, "criteria.rsi_14.below", None),
    ],
)
def test_scan_when_a_name_is_not_known_says_the_nearest(
    params: dict[str, Any], field: str, nearest: str | None
) -> None:
    with pytest.raises(InvalidParams) as refused:
        scan(**params)
    assert list(refused.value.details) == [field]
    assert refused.value.details[field].get("nearest") == nearest
