"""get.market_data on real providers, called as a worker calls it."""

import json
from datetime import datetime
from typing import Any

import pytest

from tacore.clock import ManualClock
from tacore.errors import InvalidParams, Unavailable
from tacore.market.anchors import make_anchors
from tacore.market.calendars import Calendars
from tacore.market.chain import Chain
from tacore.market.router import Markets, build_market_data
from tacore.methods.get_market_data import METHOD
from tacore.model.markets import parse_markets
from tacore.ports import Ports
from tacore.store.cache.levels import Levels
from tacore.wire.records import RowMaker
from tacore.worker.session import Session
from tests.support.batches import batch
from tests.support.caches import FOR_MARKETS
from tests.support.markets import WALL, answer, open_markets, wall_us
from tests.support.shaky import Shaky


def ask(**params: Any) -> Any:
    return answer(METHOD, params)


def test_data_when_aapl_is_asked_is_its_last_session() -> None:
    data = ask(symbols=["AAPL"], limit=1)
    shown = data["symbols"]["AAPL"]
    assert shown["quote"]["price"] == 430.47
    assert shown["quote"]["age_s"] == 0
    assert shown["quote"]["as_of"] == "2013-03-01T21:00:00Z"
    assert shown["bars"][0]["close"] == 430.47
    assert shown["bars"][0]["session"] == "2013-03-01"
    assert (data["market"], data["source"], data["simulated"], data["replay"]) == (
        "US",
        "sample",
        False,
        True,
    )
    assert (data["as_of"], data["age_s"]) == ("2013-03-01T21:00:00Z", 0)
    assert data["bars_shown"].startswith("raw")


@pytest.mark.parametrize("symbols", [["AAPL", "MSFT"], "AAPL,MSFT", " aapl , msft "])
def test_data_when_symbols_are_text_or_a_list_is_the_same(symbols: Any) -> None:
    assert list(ask(symbols=symbols)["symbols"]) == ["AAPL", "MSFT"]


def test_data_when_symbol_is_used_instead_is_the_same() -> None:
    assert ask(symbol="AAPL") == ask(symbols=["AAPL"])


def test_data_when_respelled_is_under_the_markets_own_symbol() -> None:
    shown = ask(symbols=["btcusdt"])["symbols"]["BTC/USDT"]
    assert shown["asked"] == "btcusdt"
    assert shown["currency"] == "USDT"


def test_data_when_googl_is_asked_is_goog_with_a_note() -> None:
    shown = ask(symbols="GOOGL")["symbols"]["GOOGL"]
    assert shown["symbol"] == "GOOG"
    assert shown["quote"]["price"] == 806.19
    assert "class A" in shown["note"]


def test_data_when_some_symbols_are_unknown_lists_them_as_missing() -> None:
    data = ask(symbols=["AAPL", "TSLA", "BTC/USDT"], market="US")
    assert list(data["symbols"]) == ["AAPL"]
    assert "AAPL, FB, GOOG, IBM, MSFT" in data["missing"]["TSLA"]
    assert "CRYPTO" in data["missing"]["BTC/USDT"]


def test_data_when_all_symbols_are_unknown_is_still_an_answer() -> None:
    data = ask(symbols=["TSLA"])
    assert data["symbols"] == {}
    assert list(data["missing"]) == ["TSLA"]
    assert data["as_of"] is None


def test_data_when_not_listed_yet_is_missing() -> None:
    markets = open_markets({"US": {"provider": "sample", "replay": {"at": "2012-01-03"}}})
    data = answer(METHOD, {"symbols": "FB,IBM"}, markets)
    assert list(data["symbols"]) == ["IBM"]
    assert "no price yet" in data["missing"]["FB"]


@pytest.mark.parametrize(
    ("symbols", "market"), [("600519", "CN"), ("0700.HK", "HK"), ("BTC", "CRYPTO"), ("SIM0001", "SIM")]
)
def test_data_when_invented_says_so(symbols: str, market: str) -> None:
    data = ask(symbols=symbols)
    assert (data["market"], data["source"], data["simulated"], data["replay"]) == (
        market,
        "synthetic",
        True,
        False,
    )
    assert data["age_s"] == 0  # all four trade at that moment


def test_bars_when_nothing_says_how_many_are_thirty() -> None:
    assert len(ask(symbol="IBM")["symbols"]["IBM"]["bars"]) == 30


def test_bars_when_dates_are_given_are_the_sessions_between() -> None:
    bars = ask(symbol="AAPL", start="2013-02-25", end="2013-02-27")["symbols"]["AAPL"]["bars"]
    assert [bar["session"] for bar in bars] == ["2013-02-25", "2013-02-26", "2013-02-27"]


def test_bars_when_moments_are_given_ended_between() -> None:
    between = {"start": "2013-02-26T21:00:00Z", "end": "2013-02-28T16:00:00-05:00"}
    bars = ask(symbol="AAPL", **between)["symbols"]["AAPL"]["bars"]
    assert [bar["session"] for bar in bars] == ["2013-02-27", "2013-02-28"]


def test_bars_when_dates_are_given_for_a_market_that_never_closes_are_the_days_between() -> None:
    bars = ask(symbol="BTC", start="2024-03-01", end="2024-03-02")["symbols"]["BTC/USDT"]["bars"]
    assert [bar["session"] for bar in bars] == ["2024-03-01", "2024-03-02"]


def test_bars_when_start_reaches_far_are_all_since() -> None:
    assert len(ask(symbol="IBM", start="2000-01-01")["symbols"]["IBM"]["bars"]) == 3270


def test_bars_when_more_than_the_most_are_cut_with_a_warning() -> None:
    data = ask(symbol="BTC", start="2024-03-01", timeframe="1m")
    assert len(data["symbols"]["BTC/USDT"]["bars"]) == 5000
    assert "newest 5000" in data["warnings"][0]


def test_bars_when_adjusted_say_so_while_the_quote_stays_raw() -> None:
    data = ask(symbol="AAPL", adjusted=True, limit=1)
    shown = data["symbols"]["AAPL"]
    assert shown["quote"]["price"] == 430.47
    assert shown["bars"][0]["close"] == 56.137353095488
    assert shown["bars"][0]["open"] == pytest.approx(438.0 * 56.137353095488 / 430.47)
    assert data["bars_shown"].startswith("adjusted")


@pytest.mark.parametrize(
    ("fields", "quote", "bar"),
    [
        ("price", {"price"}, None),
        ("close", None, {"time", "close"}),
        (["volume"], {"volume"}, {"time", "volume"}),
        (
            "quote",
            {"price", "change_pct", "change_24h", "open", "high", "low", "volume", "as_of", "age_s", "stale"},
            None,
        ),
    ],
)
def test_fields_when_chosen_are_the_only_ones(
    fields: Any, quote: set[str] | None, bar: set[str] | None
) -> None:
    shown = ask(symbol="AAPL", fields=fields)["symbols"]["AAPL"]
    assert set(shown.get("quote", ())) == (quote or set())
    assert set(shown["bars"][0] if "bars" in shown else ()) == (bar or set())


@pytest.mark.parametrize(
    ("spelling", "timeframe"), [("1D", "1d"), ("daily", "1d"), ("1wk", "1w"), ("60m", "1h"), ("15min", "15m")]
)
def test_timeframe_when_spelled_otherwise_is_understood(spelling: str, timeframe: str) -> None:
    assert ask(symbol="BTC", interval=spelling, limit=1)["timeframe"] == timeframe


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "symbols"),
        ({"symbols": []}, "symbols"),
        ({"symbols": ""}, "symbols"),
        ({"market": "US"}, "symbols"),
        ({"symbol": "AAPL", "symbols": ["MSFT"]}, "symbol"),
        ({"symbols": "AAPL,BTC"}, "symbols"),
        ({"symbols": "AAPL", "market": "forex"}, "market"),
        ({"symbols": "AAPL", "timeframe": "1M"}, "timeframe"),
        ({"symbols": "AAPL", "timeframe": "5m"}, "timeframe"),
        ({"symbols": "AAPL", "start": "yesterday"}, "start"),
        ({"symbols": "AAPL", "start": "0001-01-01"}, "start"),
        ({"symbols": "BTC", "end": "9999-12-31T23:59:59Z"}, "end"),
        ({"symbols": "AAPL", "end": "2013-02-27T10:00:00"}, "end"),
        ({"symbols": "AAPL", "start": "2013-02-27", "end": "2013-02-26"}, "start"),
        ({"symbols": "AAPL", "fields": "prize"}, "fields"),
        ({"symbols": [f"SIM{number:04d}" for number in range(50)], "limit": 401}, "limit"),
    ],
)
def test_params_when_wrong_are_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        ask(**params)
    assert list(refused.value.details) == [field]


def test_field_when_misspelled_has_the_nearest_name() -> None:
    with pytest.raises(InvalidParams) as refused:
        ask(symbol="AAPL", fields="prize")
    assert refused.value.details["fields"]["nearest"] == "price"


@pytest.mark.parametrize(
    "params",
    [
        {"symbols": 5},
        {"symbol": "A", "limit": -1},
        {"symbol": "A", "limit": 5001},
    ],
)
def test_params_when_of_a_wrong_type_or_range_are_refused_by_their_type(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidParams) as refused:
        ask(**params)
    assert set(refused.value.details) <= set(params)


def test_params_when_unknown_are_a_warning() -> None:
    data = ask(symbol="AAPL", market_conditions="calm")
    assert data["symbols"]["AAPL"]["quote"]["price"] == 430.47
    assert "market_conditions" in data["warnings"][0]


def of_two(one: Shaky, two: Shaky) -> Markets:
    """A market of two providers, whose bars are given by hand to say where they come from."""
    settings = parse_markets({"SIM": {"provider": "synthetic"}})
    clock = ManualClock(wall_us=wall_us(WALL))
    anchors = make_anchors(settings, clock.wall_us())
    return Markets({"SIM": Chain("SIM", [one, two])}, anchors, clock, Calendars(), settings)


def test_data_when_two_providers_share_the_symbols_says_the_source_of_each() -> None:
    markets = of_two(Shaky("one", "SIM0001", sign=True), Shaky("two", "SIM0001", "SIM0002", sign=True))
    data = answer(METHOD, {"symbols": ["SIM0002", "SIM0001", "SIM0003"], "limit": 1}, markets)
    assert {name: each["source"] for name, each in data["symbols"].items()} == {
        "SIM0002": "two",
        "SIM0001": "one",
    }
    assert data["source"] == "one,two"
    assert data["missing"] == {
        "SIM0003": "one: SIM0003 is not at one; two: SIM0003 is not at two",
    }


def test_data_when_bars_come_from_another_provider_says_so() -> None:
    one, two = Shaky("one", "SIM0001", sign=True), Shaky("two", "SIM0001", timeframes=("1h",), sign=True)
    shown = answer(METHOD, {"symbol": "SIM0001", "timeframe": "1h"}, of_two(one, two))["symbols"]["SIM0001"]
    assert (shown["source"], shown["bars_source"]) == ("one", "two")


def test_data_when_no_provider_can_be_asked_is_unavailable_with_each_reason() -> None:
    one, two = Shaky("one", "SIM0001"), Shaky("two", "SIM0001")
    one.failure = Unavailable("limit reached", details={"reason": "rate_limited", "retry_after_ms": 900})
    two.failure = Unavailable("bad key", details={"reason": "unauthorized"}, retryable=False)
    with pytest.raises(Unavailable) as refused:
        answer(METHOD, {"symbol": "SIM0001"}, of_two(one, two))
    reasons = {name: each["reason"] for name, each in refused.value.details["providers"].items()}
    assert reasons == {"one": "rate_limited", "two": "unauthorized"}


@pytest.mark.parametrize(
    ("at", "stale", "is_open"),
    [
        ("2013-03-01T21:00:00Z", False, True),  # a replay that stands at the close
        ("2013-03-04T14:29:00Z", False, False),  # the Monday after, before the open
        ("2013-03-04T14:49:00Z", False, True),
        ("2013-03-04T14:51:00Z", True, True),  # 21 minutes of trading without a price
        ("2013-03-04T22:00:00Z", True, False),  # a whole session, of which the sample knows nothing
    ],
)
def test_quote_when_the_market_has_traded_since_is_stale(at: str, stale: bool, is_open: bool) -> None:
    markets = open_markets({"US": {"provider": "sample", "replay": {"at": at}}})
    data = answer(METHOD, {"symbol": "AAPL", "limit": 0}, markets)
    assert data["symbols"]["AAPL"]["quote"]["stale"] is stale
    assert (data["stale"], data["market_open"]) == (stale, is_open)


SIM = {"SIM": {"provider": "synthetic", "synthetic": {"size": 5}}}


class Served:
    """A worker's session that serves get.market_data out of a cache, on a clock that moves when told."""

    def __init__(self, markets: dict[str, Any]) -> None:
        self.clock = ManualClock(wall_us=wall_us(WALL))
        self.markets = build_market_data(parse_markets(markets), self.clock)
        ports = Ports(self.markets, cache=Levels(FOR_MARKETS, self.clock))
        self.session = Session({METHOD.name: METHOD}, ports, self.clock, RowMaker())

    def ask(self, **params: Any) -> Any:
        request = {"request_id": "1", "method": METHOD.name, "params": params}
        _, replies, _ = self.session.run(*batch(METHOD.name, request))
        return json.loads(replies)["data"]


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def test_quote_when_its_market_trades_is_never_given_longer_than_its_time() -> None:
    served = Served(SIM)
    symbol = served.markets.provider("SIM").instruments("SIM")[0].symbol
    asked = {"symbols": [symbol], "market": "SIM", "limit": 0}
    hits = 0
    for _ in range(200):
        served.clock.advance(0.1)
        fresh = answer(METHOD, asked, served.markets)
        given = served.ask(**asked)
        hits += given["cached"]
        age_s = _seconds(fresh["market_time"]) - _seconds(given["market_time"])
        assert 0 <= age_s < 1.0
        assert given["cache_age_s"] == pytest.approx(age_s, abs=1e-3)
        if not given["cached"]:
            assert given["symbols"] == fresh["symbols"]
    assert 160 <= hits <= 180


def test_data_of_a_standing_replay_when_asked_again_is_cached_and_otherwise_the_same() -> None:
    served = Served({"US": {"provider": "sample"}})
    first = served.ask(symbols=["AAPL"])
    served.clock.advance(200)
    again = served.ask(symbol="AAPL")
    assert (first.pop("cached"), first.pop("cache_age_s")) == (False, 0.0)
    assert (again.pop("cached"), again.pop("cache_age_s")) == (True, 200.0)
    assert again == first
    assert first["symbols"]["AAPL"]["quote"]["price"] == 430.47


@pytest.mark.parametrize(
    "other",
    [
        {"symbols": ["AAPL"], "limit": 2},
        {"symbols": ["aapl"]},
        {"symbols": ["AAPL", "MSFT"]},
        {"symbols": ["AAPL"], "adjusted": True},
        {"symbols": ["AAPL"], "timeframe": "1w"},
        {"symbols": ["AAPL"], "fields": ["price"]},
        {"symbols": ["AAPL"], "end": "2013-02-01"},
    ],
)
def test_data_when_anything_else_is_asked_is_not_the_cached_one(other: dict[str, Any]) -> None:
    served = Served({"US": {"provider": "sample"}})
    served.ask(symbols=["AAPL"])
    assert served.ask(**other)["cached"] is False
