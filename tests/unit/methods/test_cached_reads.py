"""evaluate.risk and analyze.stock as a worker serves them out of the cache."""

import json
from typing import Any

import pytest

from tacore.clock import ManualClock
from tacore.errors import Unavailable
from tacore.market.router import build_market_data
from tacore.methods import analyze_stock, evaluate_risk, get_market_data
from tacore.model.cached import CachePolicy
from tacore.model.markets import parse_markets
from tacore.ports import Ports
from tacore.store.cache.levels import Levels
from tacore.wire.records import RowMaker
from tacore.worker.session import Session
from tests.support.batches import batch
from tests.support.markets import WALL, wall_us

POLICY = CachePolicy(15.0, 900.0, 1000)
METHODS = {each.METHOD.name: each.METHOD for each in (analyze_stock, evaluate_risk, get_market_data)}
MARKETS: dict[str, Any] = {
    "US": {"provider": "sample"},
    "CRYPTO": {"provider": "synthetic", "synthetic": {"size": 20}},
}


class Served:
    """A worker's session on a standing US and a moving CRYPTO, on a clock that moves when told."""

    def __init__(self, markets: dict[str, Any] = MARKETS) -> None:
        self.clock = ManualClock(wall_us=wall_us(WALL))
        self.markets = build_market_data(parse_markets(markets), self.clock)
        self.cache = Levels(dict.fromkeys(("analysis", "risk", "market_data"), POLICY), self.clock)
        ports = Ports(self.markets, cache=self.cache)
        self.session = Session(METHODS, ports, self.clock, RowMaker())

    def reply(self, method: str, /, **params: Any) -> Any:
        request = {"request_id": "1", "method": method, "params": params}
        _, replies, _ = self.session.run(*batch(method, request))
        return json.loads(replies)

    def ask(self, method: str, /, **params: Any) -> Any:
        reply = self.reply(method, **params)
        assert reply["error"] is None, reply["error"]
        return reply["data"]

    def risk(self, portfolio: Any, **params: Any) -> Any:
        return self.ask("evaluate.risk", portfolio=portfolio, **params)

    def analysis(self, symbol: str, **params: Any) -> Any:
        return self.ask("analyze.stock", symbol=symbol, **params)


def without_the_cache(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in ("cached", "cache_age_s")}


def test_risk_when_asked_again_is_cached_with_its_age_and_otherwise_the_same() -> None:
    served = Served()
    first = served.risk({"AAPL": 100, "MSFT": 50}, method="monte_carlo")
    served.clock.advance(120)
    second = served.risk({"AAPL": 100, "MSFT": 50}, method="monte_carlo")
    assert (first["cached"], first["cache_age_s"]) == (False, 0.0)
    assert (second["cached"], second["cache_age_s"]) == (True, 120.0)
    assert without_the_cache(second) == without_the_cache(first)
    served.clock.advance(781)
    assert served.risk({"AAPL": 100, "MSFT": 50}, method="monte_carlo")["cached"] is False


@pytest.mark.parametrize(
    ("portfolio", "params"),
    [
        ({"aapl": 100, "USD": 1000}, {}),
        ({"AAPL": {"amount": 100.0}, "usd": {"quantity": 1000}}, {}),
        ({"AAPL": 100, "USD": 1000}, {"confidence_level": 0.95}),
        ({"AAPL": 100, "USD": 1000}, {"baseCurrency": "usd"}),
        ({"AAPL": 100, "USD": 1000}, {"horizon_days": 1, "method": "historical"}),
        ({"positions": {"AAPL": {"quantity": 100}}, "cash": 1000}, {}),
        ({"AAPL": {"quantity": 100, "side": "long"}, "USD": 1000}, {}),
    ],
)
def test_risk_when_only_the_spelling_is_another_shares_the_answer(portfolio: Any, params: Any) -> None:
    served = Served()
    first = served.risk({"AAPL": 100, "USD": 1000})
    again = served.risk(portfolio, **params)
    assert again["cached"] is True
    assert without_the_cache(again) == without_the_cache(first)
    fresh = Served().risk(portfolio, **params)
    assert without_the_cache(fresh) == without_the_cache(first)


TRADE = {"symbol": "IBM", "action": "buy", "quantity": 10}


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"simulations": 2000},
        {"method": "historical"},
        {"confidence": 0.99},
        {"horizon_days": 10},
        {"lookback_days": 252},
        {"benchmark": "IBM"},
        {"base_currency": "CNY"},
        {"proposed_trade": TRADE},
        {"portfolio": {"AAPL": 100.5}},
        {"portfolio": {"AAPL": -100}},
        {"portfolio": {"MSFT": 100}},
        {"portfolio": {"AAPL": 100, "USD": 1}},
        {"portfolio": [{"symbol": "AAPL", "quantity": 100, "value": 43047}]},
    ],
)
def test_risk_when_anything_else_is_asked_is_not_the_cached_one(other: dict[str, Any]) -> None:
    served = Served()
    asked: dict[str, Any] = {"portfolio": {"AAPL": 100}, "method": "monte_carlo"}
    served.risk(**asked)
    assert served.risk(**asked)["cached"] is True
    assert served.risk(**asked | other)["cached"] is False


@pytest.mark.parametrize("change", [{"quantity": 11}, {"action": "sell"}, {"symbol": "MSFT"}, {"price": 200}])
def test_risk_when_the_trade_is_another_is_not_the_cached_one(change: dict[str, Any]) -> None:
    served = Served()
    served.risk({"AAPL": 100}, proposed_trade=TRADE)
    assert served.risk({"AAPL": 100}, proposed_trade=TRADE | {"symbol": "ibm"})["cached"] is True
    assert served.risk({"AAPL": 100}, proposed_trade=TRADE | change)["cached"] is False


def test_risk_when_one_of_its_markets_moves_is_given_no_longer_than_that_one_allows() -> None:
    served, mixed = Served(), {"AAPL": 100, "BTC": 0.5}
    served.clock.advance(2)  # 06:30:02, within the step that begins at 06:30:00
    served.risk(mixed)
    served.clock.advance(12)
    within = served.risk(mixed)
    assert (within["cached"], within["cache_age_s"]) == (True, 12.0)
    served.clock.advance(1)
    beyond = served.risk(mixed)
    assert beyond["cached"] is False
    assert beyond["sources"] != within["sources"]


def test_risk_of_a_standing_market_when_another_one_moves_stays_cached() -> None:
    served = Served()
    served.risk({"AAPL": 100})
    served.clock.advance(60)
    assert served.risk({"AAPL": 100})["cached"] is True


def test_risk_when_a_replay_stands_elsewhere_is_another_answer() -> None:
    cache = Served().cache
    found = []
    for at in ("2013-02-14", "2013-02-15", "2013-02-14"):
        served = Served({"US": {"provider": "sample", "replay": {"at": at}}})
        served.session = Session(METHODS, Ports(served.markets, cache=cache), served.clock, RowMaker())
        found.append(served.risk({"AAPL": 100}))
    assert [each["cached"] for each in found] == [False, False, True]
    assert found[0]["as_of"] == found[2]["as_of"] != found[1]["as_of"]


def test_risk_when_the_request_is_wrong_says_the_same_as_without_a_cache() -> None:
    served = Served()
    for params, field in (
        ({"portfolio": {"AAPL": "many"}}, "portfolio.AAPL"),
        ({"portfolio": {"AAPL": 1}, "base_currency": "XYZ"}, "base_currency"),
        ({"portfolio": {"AAPL": 1, "aapl": 2}}, "portfolio.aapl"),
        ({"portfolio": {"AAPL": 1}, "proposed_trade": TRADE | {"symbol": "NOSUCH"}}, "proposed_trade.symbol"),
    ):
        error = served.reply("evaluate.risk", **params)["error"]
        assert error["code"] == "invalid_params"
        assert field in error["details"]
    assert served.cache.report().kinds["risk"].entries == 0


def test_risk_when_a_value_is_stated_under_another_spelling_is_held_against_the_price_too() -> None:
    stated = {"aapl": {"quantity": 100, "value": 1000}}
    (told,) = [each for each in Served().risk(stated)["warnings"] if "value stated" in each]
    assert told.startswith("the value stated for AAPL ")


def test_analysis_when_asked_again_is_cached_in_every_spelling() -> None:
    served = Served()
    first = served.analysis("AAPL", analysis_type="comprehensive")
    served.clock.advance(30)
    for symbol, more in (("aapl", {}), (" AAPL ", {}), ("AAPL", {"market": "us", "interval": "1d"})):
        again = served.analysis(symbol, analysis_type="full", **more)
        assert (again["cached"], again["cache_age_s"]) == (True, 30.0)
        assert without_the_cache(again) == without_the_cache(first)


@pytest.mark.parametrize(
    "other",
    [
        {"symbol": "MSFT"},
        {"analysis_type": "technical"},
        {"date": "2013-02-14"},
        {"timeframe": "1w"},
        {"lookback": 300},
        {"benchmark": "IBM"},
    ],
)
def test_analysis_when_anything_else_is_asked_is_not_the_cached_one(other: dict[str, Any]) -> None:
    served = Served()
    asked = {"symbol": "AAPL", "analysis_type": "risk"}
    served.analysis(**asked)
    assert served.analysis(**asked | other)["cached"] is False


def test_analysis_of_a_moving_market_is_given_no_longer_than_its_time() -> None:
    served = Served()
    served.analysis("BTC/USDT")
    served.clock.advance(14.9)
    assert served.analysis("BTCUSDT")["cached"] is True
    served.clock.advance(0.1)
    assert served.analysis("BTC/USDT")["cached"] is False


def test_analysis_by_agents_is_never_looked_up() -> None:
    served = Served()
    for _ in range(2):
        refused = served.reply("analyze.stock", symbol="AAPL", analysis_type="agents")
        assert refused["error"]["code"] == "internal"  # the broker sends those to the job manager
    assert served.cache.report().kinds["analysis"].misses == 0


def test_answers_when_a_provider_could_not_be_asked_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served()
    share, coin = served.markets.provider("US"), served.markets.provider("CRYPTO")

    def down(*_args: object, **_named: object) -> None:
        raise Unavailable("the vendor is away")

    with monkeypatch.context() as patched:
        patched.setattr(coin, "bars", down)
        for _ in range(2):
            found = served.ask("get.market_data", symbol="BTC/USDT")
            assert found["cached"] is False
            assert found["warnings"] == ["BTC/USDT: no bars: the vendor is away"]
    history = share.history

    def history_of_one(instruments: Any, **more: Any) -> Any:
        return history(instruments, **more) if len(instruments) == 1 else down()

    with monkeypatch.context() as patched:
        patched.setattr(share, "history", history_of_one)
        for _ in range(2):
            found = served.analysis("AAPL", analysis_type="risk")
            assert (found["cached"], found["warnings"]) == (False, ["beta: the vendor is away"])
    assert served.ask("get.market_data", symbol="BTC/USDT")["symbols"]["BTC/USDT"]["bars"]
    assert served.analysis("AAPL", analysis_type="risk")["risk"]["beta"] is not None
    assert served.analysis("AAPL", analysis_type="risk")["cached"] is True
