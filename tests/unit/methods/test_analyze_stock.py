"""analyze.stock on real providers, called as a worker calls it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import empyrical
import msgspec
import numpy as np
import pytest

from tacore.analysis.asked import Params
from tacore.clock import ManualClock
from tacore.errors import InvalidParams, NotFound, Unavailable
from tacore.market.hours import HOURS
from tacore.market.router import Markets
from tacore.methods.analyze_stock import METHOD
from tacore.model import Bar, Fundamentals, Instrument
from tacore.model.history import History
from tacore.ports import Context, MarketDataProvider, Ports
from tests.support.markets import WALL, answer, open_markets, wall_us


def ask(**params: Any) -> Any:
    return answer(METHOD, params)


_CALLS = ("instruments", "resolve", "bars", "quote", "quotes", "history", "revision")


class Around:
    """A provider around another one; what is not overridden is the other's."""

    def __init__(self, inner: MarketDataProvider) -> None:
        self._inner = inner
        for name in ("name", "simulated", "timeframes", *_CALLS):  # where isinstance looks for them
            if not hasattr(type(self), name):
                setattr(self, name, getattr(inner, name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class AnotherFuture(Around):
    """The same past, and after a day's close another course, with a 7-for-1 split in it."""

    def __init__(self, inner: MarketDataProvider, last: str) -> None:
        super().__init__(inner)
        self._last = last
        self.seen_beyond = False

    def history(self, instruments: Sequence[Instrument], **asked: Any) -> History:
        found = self._inner.history(instruments, **asked)
        later = found.sessions > np.datetime64(self._last)
        self.seen_beyond |= bool(later.any())
        changed = {
            name: np.where(later, 1_000_000.0, getattr(found, name))
            for name in ("open", "high", "low", "close", "volume")
        }
        adjusted = np.where(later, 3.0, found.adjusted_close / 7)
        return History(
            found.symbols, found.sources, found.simulated, found.sessions, **changed, adjusted_close=adjusted
        )

    def bars(self, instrument: Instrument, timeframe: str, **asked: Any) -> list[Bar]:
        found = self._inner.bars(instrument, timeframe, **asked)
        self.seen_beyond |= any(bar.session > self._last for bar in found)
        return [
            msgspec.structs.replace(bar, adjusted_close=bar.adjusted_close / 7)
            if bar.session <= self._last
            else msgspec.structs.replace(bar, high=bar.high * 9, close=bar.close * 9)
            for bar in found
        ]


def markets_with(wrapped: Any, market: str = "US") -> Markets:
    markets = open_markets()
    markets._providers[market] = wrapped
    return markets


def test_analysis_when_aapl_is_asked_is_technical_of_its_last_session() -> None:
    data = ask(symbol="AAPL")
    assert (data["symbol"], data["name"], data["currency"], data["market"]) == (
        "AAPL",
        "Apple Inc.",
        "USD",
        "US",
    )
    assert (data["source"], data["simulated"], data["replay"]) == ("sample", False, True)
    assert (data["as_of"], data["age_s"], data["date"]) == ("2013-03-01T21:00:00Z", 0, "2013-03-01")
    assert (data["analysis_type"], data["timeframe"], data["bars_used"]) == ("technical", "1d", 504)
    assert data["price"] == data["levels"]["price"] == 430.47
    assert data["levels"]["shown"].startswith("raw, in prices as traded on 2013-03-01")
    assert data["signal"] == data["recommendation"] == "sell"
    assert data["judgements"].keys() == {"trend", "momentum", "volatility", "volume"}
    assert data["judgements"]["trend"]["verdict"] == "down"
    assert data["parts"]["technical"]["score"] == data["score"] < -20
    assert 0 < data["confidence"] <= 1
    assert {each["bar"] for each in data["indicators"].values()} == {"2013-03-01"}
    assert data["reasons"] == data["parts"]["technical"]["reasons"] != []


@pytest.mark.parametrize("symbol", ["AAPL", "IBM"])
@pytest.mark.parametrize("day", ["2001-06-29", "2005-02-25", "2005-03-15", "2008-10-10", "2012-09-19"])
def test_score_when_added_up_from_the_evidence_is_the_answers(symbol: str, day: str) -> None:
    data = ask(symbol=symbol, date=day)
    silent = 100 * 0.05  # votes too faint to be evidence count as well, each below 5 % of its weight
    assert sum(each["points"] for each in data["evidence"]) == pytest.approx(data["score"], abs=silent)
    for each in data["evidence"]:
        assert (each["side"] == "for") == (each["points"] > 0)
        assert abs(each["points"]) <= each["weight"]


@pytest.mark.parametrize("timeframe", ["1d", "1w"])
@pytest.mark.parametrize("kind", ["technical", "risk", "comprehensive"])
# The session before AAPL's 2-for-1 split, the one after, and IBM's around its dividend of 2008-11-06.
@pytest.mark.parametrize(
    ("symbol", "day"),
    [("AAPL", "2005-02-25"), ("AAPL", "2005-02-28"), ("IBM", "2008-11-05"), ("IBM", "2008-11-06")],
)
def test_analysis_when_the_future_is_another_is_the_same(
    symbol: str, day: str, kind: str, timeframe: str
) -> None:
    asked = {"symbol": symbol, "date": day, "analysis_type": kind, "timeframe": timeframe}
    other = AnotherFuture(open_markets().provider("US"), day)
    told = answer(METHOD, asked, markets_with(other))
    assert told == answer(METHOD, asked)
    assert not other.seen_beyond


def test_analysis_when_the_future_is_another_would_show_it_without_a_date() -> None:
    other = AnotherFuture(open_markets().provider("US"), "2005-02-28")
    assert answer(METHOD, {"symbol": "AAPL"}, markets_with(other))["price"] == 1_000_000
    assert other.seen_beyond


@pytest.mark.parametrize("day", ["2005-02-25", "2005-02-28", "2004-07-06"])
def test_analysis_when_dated_is_that_of_a_market_that_stands_at_that_day(day: str) -> None:
    standing = open_markets({"US": {"provider": "sample", "replay": {"at": day}}})
    then = answer(METHOD, {"symbol": "AAPL", "analysis_type": "comprehensive"}, standing)
    now = ask(symbol="AAPL", analysis_type="comprehensive", date=day)
    assert now["market_time"] == "2013-03-01T21:00:00Z"
    assert now["age_s"] == pytest.approx(
        (datetime(2013, 3, 1, 21, tzinfo=UTC) - HOURS["US"].close(date.fromisoformat(day))).total_seconds()
    )
    assert then | {"market_time": None, "age_s": None} == now | {"market_time": None, "age_s": None}


def test_levels_when_a_split_comes_are_in_the_prices_of_each_day() -> None:
    """AAPL split 2 for 1 after 2005-02-25: yesterday's levels are today's at half the price."""
    before, after = ask(symbol="AAPL", date="2005-02-25"), ask(symbol="AAPL", date="2005-02-28")
    assert (before["price"], after["price"]) == (88.99, 44.86)
    old, new = before["levels"]["support"], after["levels"]["support"]
    assert len(old) == 3
    assert [each["price"] for each in new] == pytest.approx([each["price"] / 2 for each in old], rel=1e-9)
    assert [each["first"] for each in new] == [each["first"] for each in old]
    assert after["indicators"]["sma_20"]["previous"] == pytest.approx(
        before["indicators"]["sma_20"]["value"] / 2, rel=1e-9
    )


def test_risk_when_a_split_is_between_shows_no_fall_of_half() -> None:
    fall = ask(symbol="AAPL", analysis_type="risk", date="2005-06-30")["risk"]["max_drawdown"]
    assert fall["pct"] < 45


def test_date_when_it_is_no_session_means_the_last_one_before() -> None:
    assert ask(symbol="AAPL", date="2013-02-24")["date"] == "2013-02-22"  # a Sunday


def test_weeks_when_the_day_is_in_the_middle_of_one_end_with_the_one_before() -> None:
    data = ask(symbol="AAPL", timeframe="1w", date="2013-02-27")
    assert (data["date"], data["as_of"]) == ("2013-02-22", "2013-02-22T21:00:00Z")
    assert data["price"] == 450.81


def test_risk_when_asked_has_its_measures_and_says_what_beta_is_against() -> None:
    data = ask(symbol="IBM", analysis_type="risk")
    risk = data["risk"]
    assert (risk["from"], risk["to"], risk["returns"]) == ("2011-03-01", "2013-03-01", 503)
    assert risk["benchmark"] == "the mean daily return of all 5 instruments of US (sample)"
    assert risk["var_95_pct"] < risk["cvar_95_pct"]
    assert data["indicators"]["beta"] == {"value": risk["beta"], "bar": "2013-03-01"}
    assert data["signal"] in ("hold", "sell")
    assert data["levels"] is None


def test_risk_when_a_benchmark_is_named_is_against_it() -> None:
    risk = ask(symbol="IBM", analysis_type="risk", benchmark="IBM")["risk"]
    assert risk["beta"] == pytest.approx(1.0)
    assert risk["benchmark"].startswith("IBM (")


def test_risk_when_the_market_is_large_is_against_the_first_hundred() -> None:
    markets = open_markets({"SIM": {"provider": "synthetic", "synthetic": {"size": 600}}})
    asked = {"symbol": "SIM0001", "analysis_type": "risk", "lookback": 30}
    risk = answer(METHOD, asked, markets)["risk"]
    assert (
        risk["benchmark"] == "the mean daily return of the first 100 by symbol instruments of SIM (synthetic)"
    )
    assert risk["benchmark_returns"] == 29


def test_comprehensive_when_a_part_is_missing_names_it_and_what_the_others_disagree_on() -> None:
    data = ask(symbol="AAPL", analysis_type="comprehensive")
    assert data["parts"]["fundamental"]["status"] == "unavailable"
    assert data["parts"]["fundamental"]["reason"] == "sample has no company figures"
    assert data["disagreements"] == ["technical says sell (-42), risk says hold (-5)"]
    alone = {kind: ask(symbol="AAPL", analysis_type=kind) for kind in ("technical", "risk")}
    for kind, each in alone.items():
        assert data["parts"][kind]["score"] == each["score"]
    assert data["confidence"] < min(each["confidence"] for each in alone.values())
    assert {"rsi_14", "beta"} <= data["indicators"].keys()


class WithFigures(Around):
    """A provider that knows some companies' figures."""

    def fundamentals(self, instrument: Instrument, *, now: datetime) -> Fundamentals:
        if instrument.symbol == "FB":
            raise NotFound("FB has not reported yet")
        if instrument.symbol == "IBM":
            return Fundamentals(as_of=datetime(2013, 1, 22, tzinfo=UTC))
        return Fundamentals(
            as_of=min(now, datetime(2013, 1, 23, tzinfo=UTC)),
            price_to_earnings=10.0,
            earnings_per_share=44.1,
            revenue_growth_pct=20.0,
            debt_to_equity=0.0,
        )


@pytest.fixture
def figured() -> Markets:
    return markets_with(WithFigures(open_markets().provider("US")))


def test_fundamental_when_the_provider_has_figures_judges_by_them(figured: Markets) -> None:
    data = answer(METHOD, {"symbol": "AAPL", "analysis_type": "fundamental"}, figured)
    assert (data["signal"], data["score"]) == ("buy", 100)
    # 18 + 10 + 12 + 8 of 100 have their figure, all of them at the far end
    assert data["confidence"] == pytest.approx(0.48)
    assert data["indicators"]["price_to_earnings"] == {"value": 10.0, "bar": "2013-01-23"}
    assert data["fundamentals"]["debt_to_equity"] == 0
    assert (data["as_of"], data["date"], data["bars_used"]) == ("2013-01-23T00:00:00Z", "2013-01-22", 0)


def test_comprehensive_when_all_parts_are_there_is_surer_than_without(figured: Markets) -> None:
    asked = {"symbol": "AAPL", "analysis_type": "comprehensive"}
    data = answer(METHOD, asked, figured)
    assert {each["status"] for each in data["parts"].values()} == {"ok"}
    assert "technical says sell (-42), fundamental says buy (+100)" in data["disagreements"]
    assert data["as_of"] == "2013-03-01T21:00:00Z"


@pytest.mark.parametrize(
    ("symbol", "why"), [("FB", "FB has not reported yet"), ("IBM", "no figures of IBM to judge by")]
)
def test_fundamental_when_there_are_no_figures_is_unavailable_with_the_reason(
    figured: Markets, symbol: str, why: str
) -> None:
    with pytest.raises(Unavailable, match=why):
        answer(METHOD, {"symbol": symbol, "analysis_type": "fundamental"}, figured)


def test_fundamental_when_the_provider_has_none_is_unavailable_for_good() -> None:
    with pytest.raises(Unavailable, match="sample has no company figures") as refused:
        ask(symbol="AAPL", analysis_type="fundamental")
    assert not refused.value.retryable


def test_analysis_when_params_of_agents_are_given_says_that_they_are_ignored() -> None:
    warnings = ask(symbol="AAPL", wait=True, analysts=["news"])["warnings"]
    assert warnings == [
        "analysts: only for analysis_type agents, ignored",
        "wait: only for analysis_type agents, ignored",
    ]


def test_analysis_when_history_is_short_gives_null_with_the_reason() -> None:
    data = ask(symbol="FB", date="2012-06-01")
    assert data["bars_used"] == 10
    assert data["indicators"]["sma_200"] == {
        "value": None,
        "bar": "2012-06-01",
        "reason": "it needs 200 bars, there are 10",
    }
    assert data["confidence"] < 0.3
    assert data["judgements"]["volatility"]["verdict"] == "unknown"


def test_analysis_when_there_is_one_bar_is_a_hold_without_confidence() -> None:
    data = ask(symbol="FB", date="2012-05-18")
    assert (data["bars_used"], data["signal"]) == (1, "hold")
    assert data["confidence"] < 0.1


def test_risk_when_history_is_short_is_unavailable_and_says_why() -> None:
    with pytest.raises(Unavailable, match="it takes 20 daily returns, there are 9"):
        ask(symbol="FB", date="2012-06-01", analysis_type="risk")
    whole = ask(symbol="FB", date="2012-06-01", analysis_type="comprehensive")
    assert whole["parts"]["risk"]["reason"] == "it takes 20 daily returns, there are 9"


@pytest.mark.parametrize(
    ("symbol", "market", "timeframe"),
    [("600519", "CN", "1d"), ("0700.HK", "HK", "1w"), ("BTC", "CRYPTO", "1h"), ("SIM0001", "SIM", "5m")],
)
def test_analysis_when_prices_are_invented_says_so(symbol: str, market: str, timeframe: str) -> None:
    data = ask(symbol=symbol, timeframe=timeframe, lookback=60)
    assert (data["market"], data["source"], data["simulated"]) == (market, "synthetic", True)
    assert data["bars_used"] == 60
    assert data["age_s"] >= 0


def test_analysis_when_within_days_names_bars_by_their_end_and_stops_at_the_date() -> None:
    data = ask(symbol="600519", timeframe="1h", date="2024-03-12", lookback=60)
    assert (data["date"], data["as_of"]) == ("2024-03-12", "2024-03-12T07:00:00Z")
    assert {each["bar"] for each in data["indicators"].values()} == {"2024-03-12T07:00:00Z"}


def test_analysis_when_a_symbol_is_respelled_is_of_the_instrument_with_its_note() -> None:
    data = ask(symbol="googl")
    assert data["symbol"] == "GOOG"
    assert "class A" in data["note"]


@pytest.mark.parametrize(
    "params",
    [
        {"analysisType": "TECHNICAL"},
        {"analysis_type": "tech"},
        {"interval": "daily"},
        {"market_type": "stock"},
        {"market": "us"},
    ],
)
def test_params_when_spelled_otherwise_are_understood(params: dict[str, Any]) -> None:
    assert ask(symbol="AAPL", **params) == ask(symbol="AAPL")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "symbol"),
        ({"symbol": "AAPL", "analysis_type": "astrology"}, "analysis_type"),
        ({"symbol": "AAPL", "timeframe": "1M"}, "timeframe"),
        ({"symbol": "AAPL", "timeframe": "5m"}, "timeframe"),
        ({"symbol": "AAPL", "market": "forex"}, "market"),
        ({"symbol": "AAPL", "date": "yesterday"}, "date"),
        ({"symbol": "AAPL", "date": "2013-03-02"}, "date"),
        ({"symbol": "AAPL", "date": "1999-12-31"}, "date"),
        ({"symbol": "AAPL", "date": "0001-01-01"}, "date"),
        ({"symbol": "FB", "date": "2012-05-17"}, "date"),
        ({"symbol": "FB", "date": "2012-05-17", "analysis_type": "comprehensive"}, "date"),
        ({"symbol": "FB", "date": "2012-05-17", "timeframe": "1w"}, "date"),
        ({"symbol": "AAPL", "lookback": 29}, "lookback"),
        ({"symbol": "AAPL", "lookback": 5001}, "lookback"),
        ({"symbol": "AAPL", "analysis_type": "risk", "benchmark": "SPY"}, "benchmark"),
        ({"symbol": ["AAPL", "MSFT"]}, "symbol"),
    ],
)
def test_params_when_wrong_are_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        ask(**params)
    assert list(refused.value.details) == [field]


def test_date_when_before_the_history_says_where_that_begins() -> None:
    with pytest.raises(InvalidParams, match="2012-05-18"):
        ask(symbol="FB", date="2012-05-17")


def test_symbol_when_unknown_is_not_found() -> None:
    with pytest.raises(NotFound, match="AAPL, FB, GOOG, IBM, MSFT"):
        ask(symbol="TSLA")


def test_symbol_when_not_listed_yet_is_not_found() -> None:
    markets = open_markets({"US": {"provider": "sample", "replay": {"at": "2012-01-03"}}})
    with pytest.raises(NotFound, match="no price yet"):
        answer(METHOD, {"symbol": "FB"}, markets)


def test_analysis_when_encoded_has_no_number_that_json_lacks() -> None:
    for day in ("2012-05-18", "2012-05-21", "2012-06-29"):
        text = json.dumps(ask(symbol="FB", date=day))
        assert "NaN" not in text
        assert "Infinity" not in text


def test_module_when_imported_brings_neither_numpy_nor_talib_until_prepared() -> None:
    code = """
import sys
from tacore.methods.analyze_stock import METHOD
assert not {"numpy", "talib", "polars", "pandas"} & set(sys.modules)
METHOD.prepare()
assert {"numpy", "talib"} <= set(sys.modules)
assert not {"polars", "pandas"} & set(sys.modules)
import polars
assert polars.Series([1.0]).sum() == 1
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


class Down(Around):
    """A provider that is out of order."""

    def history(self, instruments: Sequence[Instrument], **asked: Any) -> History:
        raise Unavailable("the vendor does not answer")


@pytest.mark.parametrize("kind", ["technical", "risk", "comprehensive"])
def test_analysis_when_the_provider_is_out_of_order_is_unavailable_with_its_reason(kind: str) -> None:
    markets = markets_with(Down(open_markets().provider("US")))
    with pytest.raises(Unavailable, match="the vendor does not answer") as refused:
        answer(METHOD, {"symbol": "AAPL", "analysis_type": kind}, markets)
    assert refused.value.retryable


def test_beta_when_the_market_is_synthetic_is_against_its_mean_return() -> None:
    markets = open_markets()
    sim, now = markets.provider("SIM"), markets.now("SIM")
    data = answer(METHOD, {"symbol": "SIM0003", "analysis_type": "risk", "lookback": 40}, markets)
    closes = np.array(
        [
            [float(bar.close) for bar in sim.bars(each, "1d", now=now, limit=40)]
            for each in sim.instruments("SIM")
        ]
    )
    returns = closes[:, 1:] / closes[:, :-1] - 1
    own = returns[[each.symbol for each in sim.instruments("SIM")].index("SIM0003")]
    assert data["risk"]["beta"] == pytest.approx(empyrical.beta(own, returns.mean(axis=0)))
    assert data["risk"]["benchmark_returns"] == 39
    assert data["warnings"] == []


def test_beta_when_the_benchmark_takes_too_long_is_null_with_a_warning() -> None:
    markets = open_markets()
    clock = ManualClock(wall_us=wall_us(WALL))

    class Slow(Around):
        def history(self, instruments: Sequence[Instrument], **asked: Any) -> History:
            clock.advance(0.3 * len(instruments))
            return self._inner.history(instruments, **asked)

    markets._providers["CN"] = Slow(markets.provider("CN"))
    context = Context("1", METHOD.name, "local", clock.monotonic() + 5.0, clock, Ports(markets))
    params = Params(symbol="600519", analysis_type="risk", lookback=30)
    found = METHOD.handler(params, context)
    assert found.risk.beta is None
    assert found.risk.volatility_pct > 0
    assert "to read 60 instruments takes more than half of the request's time" in found.warnings[0]
    assert clock.monotonic() < 1_003.0
