"""evaluate.risk on real providers, called as a worker calls it."""

from typing import Any

import empyrical
import numpy as np
import pytest

from tacore.errors import InvalidParams
from tacore.methods.evaluate_risk import METHOD
from tests.support.markets import ALL_MARKETS, answer, open_markets
from tests.support.risk_data import SPLIT_INSIDE, by_name, returns

CLOSES = {"AAPL": 430.47, "GOOG": 806.19, "IBM": 202.91, "MSFT": 27.95}


def ask(portfolio: Any, **params: Any) -> Any:
    return answer(METHOD, {"portfolio": portfolio, **params})


def at(moment: str, portfolio: Any, **params: Any) -> Any:
    markets = open_markets(dict(ALL_MARKETS) | {"US": {"provider": "sample", "replay": {"at": moment}}})
    return answer(METHOD, {"portfolio": portfolio, **params}, markets)


def test_risk_when_one_share_is_held_agrees_with_empyrical() -> None:
    data = ask({"AAPL": 100}, benchmark="IBM")
    apple, machines = returns(("AAPL", "IBM"))
    assert data["value"] == pytest.approx(43047)
    assert data["var"] == pytest.approx(-43047 * empyrical.value_at_risk(apple, 0.05))
    assert data["cvar"] == pytest.approx(-43047 * empyrical.conditional_value_at_risk(apple, 0.05))
    assert data["var_pct"] == pytest.approx(100 * data["var"] / 43047)
    assert data["volatility"] == pytest.approx(empyrical.annual_volatility(apple))
    assert data["beta"] == pytest.approx(empyrical.beta(apple, machines))
    assert data["max_drawdown"] == pytest.approx(empyrical.max_drawdown(apple))
    assert data["window"] == {"observations": 504, "start": "2011-02-28", "end": "2013-03-01"}


def test_risk_when_a_split_is_inside_does_not_take_it_for_a_loss() -> None:
    data = at("2005-06-30", {"AAPL": 100})
    (apple,) = returns(("AAPL",), SPLIT_INSIDE)
    assert data["var"] == pytest.approx(-data["value"] * empyrical.value_at_risk(apple, 0.05))
    assert data["max_drawdown"] == pytest.approx(empyrical.max_drawdown(apple))
    assert data["value"] == pytest.approx(3681.0)  # 36.81 a share, after the split


def test_risk_when_several_are_held_is_of_their_weights() -> None:
    data = ask({"AAPL": 100, "IBM": 200})
    worth = np.array([43047.0, 40582.0])
    gains = worth @ returns(("AAPL", "IBM")) / worth.sum()
    assert data["volatility"] == pytest.approx(empyrical.annual_volatility(gains))
    assert data["concentration"]["hhi"] == pytest.approx(((worth / worth.sum()) ** 2).sum())
    assert data["concentration"]["effective_positions"] == pytest.approx(1 / data["concentration"]["hhi"])
    shares = by_name(data["contributions"])
    assert shares["IBM"]["weight"] == pytest.approx(40582 / worth.sum())
    assert sum(each["var"] for each in shares.values()) == pytest.approx(data["var"])
    assert sum(each["cvar"] for each in shares.values()) == pytest.approx(data["cvar"])


def test_risk_when_nothing_is_held_is_zero_and_low() -> None:
    data = ask({})
    zeros = ("value", "var", "cvar", "volatility", "beta", "max_drawdown", "risk_score")
    assert [data[name] for name in zeros] == [0] * len(zeros)
    assert (data["risk_level"], data["positions"], data["source"]) == ("low", 0, "none")


def test_risk_when_only_cash_is_held_is_zero() -> None:
    data = ask({"USD": 1000, "HKD": 100})
    assert (data["var"], data["risk_score"], data["risk_level"]) == (0, 0, "low")
    assert data["value"] == pytest.approx(1000 + 12.89)


def test_risk_when_stated_in_any_dialect_is_the_same() -> None:
    plain = ask({"AAPL": 100, "USD": 5000})
    for other in (
        {"AAPL": {"amount": 100, "value": 43047}, "USD": 5000},
        {"positions": [{"symbol": "AAPL", "quantity": 60}, {"symbol": "aapl", "quantity": 40}], "cash": 5000},
        {"total_value": 48047, "positions": [{"symbol": "AAPL", "quantity": 100, "value": 43047}]},
        {"AAPL": {"value": 43047}, "USD": 5000},
    ):
        data = ask(other)
        data["warnings"] = plain["warnings"]
        assert data == plain


def test_answer_when_it_rests_on_data_says_which() -> None:
    data = ask({"AAPL": 100})
    assert (data["source"], data["simulated"], data["replay"]) == ("sample", False, True)
    assert (data["as_of"], data["age_s"]) == ("2013-03-01T21:00:00Z", 0)
    assert data["sources"][0]["market"] == "US"


def test_coins_when_bare_are_pairs_and_their_quote_currency_is_cash() -> None:
    data = ask({"BTC": 0.5, "USDT": 10000})
    assert data["contributions"][0]["symbol"] == "BTC/USDT"
    assert data["exposure"]["cash"] == {"USDT": 10000}
    assert data["simulated"] is True
    assert data["fx"] == {"source": "configuration", "as_of": "2013-03-01", "rates": {"USDT": 1}}
    assert any("constant rates" in each for each in data["warnings"])


def test_markets_when_mixed_are_laid_on_common_sessions() -> None:
    data = ask({"AAPL": 10, "BTC/USDT": 0.1, "600519": 100})
    assert {each["market"] for each in data["contributions"]} == {"US", "CRYPTO", "CN"}
    assert data["window"]["end"] == "2013-02-28"  # the coins' day of 2013-03-01 had not ended at 21:00 UTC
    assert any("different times" in each for each in data["warnings"])
    assert data["source"] == "sample,synthetic"
    assert data["fx"]["rates"] == {"USDT": 1, "CNY": 0.1607}
    worth = sum(
        each["quantity"] * each["price"] * {"CNY": 0.1607}.get(each["currency"], 1)
        for each in data["contributions"]
    )
    assert data["value"] == pytest.approx(worth)


def test_money_when_told_in_another_currency_is_converted() -> None:
    dollars, yuan = ask({"AAPL": 100}), ask({"AAPL": 100}, base_currency="cny")
    assert yuan["var"] == pytest.approx(dollars["var"] / 0.1607)
    assert yuan["volatility"] == pytest.approx(dollars["volatility"])


def test_positions_when_unknown_are_reported_and_never_look_safe() -> None:
    data = ask({"AAPL": 1, "USD": 100_000, "TSLA": 1000, "EUR": 5})
    excluded = by_name(data["excluded"])
    assert "AAPL, FB, GOOG, IBM, MSFT" in excluded["TSLA"]["reason"]
    assert "no rate from EUR to USD" in excluded["EUR"]["reason"]
    assert (data["positions"], data["measured"]) == (3, 1)
    assert data["score_parts"]["not_measured"] == pytest.approx(100 * 2 / 3, abs=0.01)
    assert data["risk_level"] == "high"


def test_positions_when_none_can_be_measured_have_no_var() -> None:
    data = ask({"TSLA": 1000})
    assert (data["var"], data["volatility"], data["risk_score"]) == (None, None, 100)
    assert any("no position could be measured" in each for each in data["warnings"])


def test_position_when_just_listed_is_valued_but_not_measured() -> None:
    data = at("2012-06-15", {"FB": 1000, "IBM": 100})
    (facebook,) = data["excluded"]
    assert facebook["symbol"] == "FB"
    assert "and 60 are needed" in facebook["reason"]
    assert facebook["value"] == pytest.approx(30010, abs=10)
    assert [each["symbol"] for each in data["contributions"]] == ["IBM"]
    assert data["value"] > facebook["value"]
    assert data["score_parts"]["not_measured"] > 50


def test_position_when_younger_than_the_lookback_shortens_it_and_says_so() -> None:
    data = ask({"FB": 1000, "IBM": 100})
    assert data["window"] == {"observations": 195, "start": "2012-05-18", "end": "2013-03-01"}
    assert any("FB has the shortest history" in each for each in data["warnings"])


def test_shorts_when_held_count_against_and_gain_when_the_market_falls() -> None:
    data = ask({"AAPL": 100, "MSFT": -1000, "USD": 50000})
    assert data["exposure"]["short"] == pytest.approx(27950)
    assert data["exposure"]["net"] == pytest.approx(43047 - 27950)
    falls = by_name(data["stress"], "name")["market_down_10"]
    betas = {each["symbol"]: each["beta"] for each in data["contributions"]}
    assert falls["loss"] == pytest.approx(0.1 * (43047 * betas["AAPL"] - 27950 * betas["MSFT"]))
    assert [each["symbol"] for each in falls["worst"]] == ["AAPL"]


def test_shorts_when_they_leave_no_value_are_told_against_gross() -> None:
    data = ask({"AAPL": -100})
    assert data["relative_to"] == "gross"
    assert data["exposure"]["leverage"] is None
    assert data["var_pct"] == pytest.approx(100 * data["var"] / 43047)
    assert data["score_parts"]["leverage"] == 15


def test_stress_when_history_is_lived_through_again_is_what_it_cost() -> None:
    scenario = by_name(ask({"AAPL": 100, "FB": 10})["stress"], "name")["crisis_2008"]
    assert scenario["worst"][0]["symbol"] == "AAPL"
    # Apple closed at 148.94 on 2008-09-12 and at 80.49 on 2008-11-20, with no split or dividend between.
    assert scenario["loss"] == pytest.approx(43047 * (1 - 80.49 / 148.94), rel=1e-4)
    assert scenario["excluded"] == ["FB"]
    assert "no real history" in scenario["reason"]


def test_stress_when_the_market_is_invented_does_not_live_through_windows() -> None:
    scenario = by_name(ask({"SIM0001": 100})["stress"], "name")["crisis_2008"]
    assert (scenario["loss"], scenario["excluded"]) == (None, ["SIM0001"])


def test_liquidity_when_measured_is_quantity_over_a_share_of_mean_volume() -> None:
    market = open_markets()
    sample = market.provider("US")
    bars = sample.bars(sample.resolve("AAPL", "US"), "1d", now=market.now("US"), limit=20)
    mean = sum(bar.volume for bar in bars) / 20
    data = ask({"AAPL": 1_000_000, "MSFT": 1})
    assert data["liquidity"]["days_to_liquidate"] == pytest.approx(1_000_000 / (0.2 * float(mean)))
    assert data["liquidity"]["slowest"] == "AAPL"


@pytest.mark.parametrize(
    ("market", "held", "asked"),
    [
        # Whoever gives volumes unasked is asked once; the synthetic market gives them for what needs them.
        ("US", "AAPL", [(505, True)]),
        ("SIM", "SIM0007", [(505, True), (20, False)]),
    ],
)
def test_volume_when_returns_need_none_is_asked_for_the_sessions_that_do(
    market: str, held: str, asked: list[tuple[int, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    markets, seen = open_markets(), list[tuple[int, bool]]()
    provider: Any = markets.provider(market)
    history = provider.history

    def noted(instruments: Any, *, now: Any, sessions: int, closes_only: bool = False) -> Any:
        seen.append((sessions, closes_only))
        return history(instruments, now=now, sessions=sessions, closes_only=closes_only)

    monkeypatch.setattr(provider, "history", noted)
    data = answer(METHOD, {"portfolio": {held: 10}}, markets)
    bars = provider.bars(provider.resolve(held, market), "1d", now=markets.now(market), limit=20)
    volumes = [float(bar.volume) for bar in bars]
    assert data["liquidity"]["days_to_liquidate"] == pytest.approx(10 / (0.2 * np.mean(volumes)))
    assert [each for each in seen if each[0] in (505, 20)] == asked
    assert all(closes_only for sessions, closes_only in seen if sessions != 20)


@pytest.mark.parametrize("method", ["historical", "parametric", "cornish_fisher", "monte_carlo"])
def test_trade_when_proposed_is_the_portfolio_after_it(method: str) -> None:
    trade = {"symbol": "IBM", "action": "sell", "quantity": 50}
    data = ask({"AAPL": 100, "IBM": 80, "USD": 1000}, proposed_trade=trade, method=method)
    after = ask({"AAPL": 100, "IBM": 30, "USD": 1000 + 50 * CLOSES["IBM"]}, method=method)
    for name, value in data["after"].items():
        if isinstance(value, float):
            assert value == pytest.approx(after[name] if name in after else value)
    assert data["before"]["var"] == data["var"]
    assert data["difference"]["var"] == pytest.approx(after["var"] - data["var"])
    assert data["difference"]["value"] == pytest.approx(0)


def test_trade_when_it_would_exceed_limits_names_them() -> None:
    trade = {"symbol": "AAPL", "action": "buy", "quantity": 1000}
    data = ask({"IBM": 10, "USD": 10000}, proposed_trade=trade)
    exceeded = by_name(data["proposed_trade"]["exceeds"], "limit")
    assert {"max_weight", "max_leverage", "max_var_pct", "cash"} <= set(exceeded)
    assert exceeded["cash"]["after"] == pytest.approx(10000 - 430470)
    assert exceeded["max_leverage"]["allowed"] == 2


def test_trade_when_no_cash_is_stated_is_paid_from_outside() -> None:
    trade = {"symbol": "AAPL", "side": "buy", "amount": 10, "estimated_value": 1500}
    data = ask({"AAPL": 100}, proposed_trade=trade)
    assert (data["proposed_trade"]["price"], data["proposed_trade"]["paid_from"]) == (150, "outside")
    assert data["difference"]["value"] == pytest.approx(4304.7)
    assert any("paid from outside" in each for each in data["warnings"])
    assert any("the trade's price is 150, the last one 430.47" in each for each in data["warnings"])


def test_trade_when_only_its_value_is_known_has_the_quantity_for_it() -> None:
    data = ask({"USD": 50000}, proposed_trade={"symbol": "AAPL", "action": "buy", "estimated_value": 4304.7})
    assert data["proposed_trade"]["quantity"] == pytest.approx(10)
    assert data["var"] == 0
    assert data["after"]["var"] > 0


def test_trade_when_it_sells_more_than_is_held_warns_of_the_short() -> None:
    data = ask({"AAPL": 1, "USD": 9}, proposed_trade={"symbol": "AAPL", "action": "sell", "quantity": 3})
    assert any("a short results" in each for each in data["warnings"])


def test_total_value_when_more_than_the_positions_leaves_cash() -> None:
    data = ask({"total_value": 50000, "positions": [{"symbol": "AAPL", "quantity": 10, "value": 4304.7}]})
    assert data["exposure"]["cash"] == pytest.approx({"USD": 45695.3})
    assert any("taken as cash" in each for each in data["warnings"])


def test_value_when_far_from_the_price_warns_and_the_price_counts() -> None:
    data = ask({"AAPL": {"amount": 100, "value": 18000}})
    assert data["value"] == pytest.approx(43047)
    assert any("the value stated for AAPL" in each for each in data["warnings"])


def test_score_when_levels_are_told_rises_with_leverage() -> None:
    calm = ask({"IBM": 10, "USD": 100_000})
    wild = ask({"AAPL": 1000, "USD": -300_000})
    assert calm["risk_level"] == "low"
    assert wild["risk_level"] == "high"
    assert wild["risk_score"] == pytest.approx(sum(wild["score_parts"].values()), abs=0.1)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"portfolio": {"AAPL": 1, "aapl": 2}}, "portfolio.aapl"),
        ({"portfolio": {"BTC": 1, "BTC/USDT": 1}}, "portfolio.BTC/USDT"),
        ({"portfolio": {"AAPL": 1}, "confidence": 0.5}, "confidence"),
        ({"portfolio": {"AAPL": 1}, "confidence": 1}, "confidence"),
        ({"portfolio": {"AAPL": 1}, "horizon_days": 0}, "horizon_days"),
        ({"portfolio": {"AAPL": 1}, "lookback_days": 29}, "lookback_days"),
        ({"portfolio": {"AAPL": 1}, "method": "guess"}, "method"),
        ({"portfolio": {"AAPL": 1}, "base_currency": "EUR"}, "base_currency"),
        ({"portfolio": {"AAPL": 1}, "benchmark": "SPY"}, "benchmark"),
        ({"portfolio": {"AAPL": 1}, "benchmark": ["IBM", "BTC"]}, "benchmark"),
        ({"portfolio": {"AAPL": 1}, "simulations": 10}, "simulations"),
        (
            {"portfolio": {}, "proposed_trade": {"symbol": "TSLA", "action": "buy", "quantity": 1}},
            "proposed_trade.symbol",
        ),
        (
            {"portfolio": {}, "proposed_trade": {"symbol": "USDT", "action": "buy", "quantity": 1}},
            "proposed_trade.symbol",
        ),
        ({}, "portfolio"),
    ],
)
def test_params_when_wrong_are_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        answer(METHOD, params)
    assert list(refused.value.details) == [field]


def test_params_when_unknown_are_a_warning() -> None:
    assert any("market_conditions" in each for each in ask({"AAPL": 1}, market_conditions="calm")["warnings"])


def test_examples_when_asked_are_answered() -> None:
    for example in METHOD.examples:
        assert answer(METHOD, example)["var"] > 0
