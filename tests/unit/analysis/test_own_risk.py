"""One instrument's own risk, against empyrical on real history, splits included."""

import empyrical
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tacore.analysis.benchmark import Benchmark, benchmark_of
from tacore.analysis.own_risk import LEAST, OwnRisk, own_risk
from tacore.model.history import History
from tests.support.histories import candles, flat, series
from tests.support.markets import open_markets

CASES = [("AAPL", "2005-06-30"), ("MSFT", "2004-12-31"), ("IBM", "2013-03-01"), ("GOOG", "2008-10-10")]
NONE = Benchmark("nothing", {})
EXACT = 1e-9


def returns_of(symbol: str, until: str) -> "pd.Series[float]":
    """Give the returns of the provider's own adjusted closes."""
    bars = candles(symbol, until)
    closes = pd.Series([bar.close for bar in bars], index=pd.DatetimeIndex([bar.session for bar in bars]))
    return closes.pct_change().iloc[1:]


def measured(symbol: str, until: str, benchmark: Benchmark = NONE) -> OwnRisk:
    found = own_risk(series(symbol, until), 252.0, benchmark)
    assert found is not None
    return found


@pytest.mark.parametrize(("symbol", "until"), CASES)
def test_risk_when_measured_by_empyrical_is_the_same(symbol: str, until: str) -> None:
    found, returns = measured(symbol, until).measures, returns_of(symbol, until)
    assert found.returns == len(returns) == 503
    assert found.volatility_pct == pytest.approx(empyrical.annual_volatility(returns) * 100, rel=EXACT)
    assert found.downside_deviation_pct == pytest.approx(empyrical.downside_risk(returns) * 100, rel=EXACT)
    assert found.var_95_pct == pytest.approx(-empyrical.value_at_risk(returns, 0.05) * 100, rel=EXACT)
    assert found.cvar_95_pct == pytest.approx(
        -empyrical.conditional_value_at_risk(returns, 0.05) * 100, rel=EXACT
    )
    assert found.max_drawdown is not None
    assert found.max_drawdown.pct == pytest.approx(-empyrical.max_drawdown(returns) * 100, rel=EXACT)
    assert found.skew == pytest.approx(stats.skew(returns), rel=EXACT)
    assert found.excess_kurtosis == pytest.approx(stats.kurtosis(returns), rel=EXACT)


@pytest.mark.parametrize(("symbol", "until"), CASES)
def test_drawdown_when_dated_lies_between_its_peak_and_its_trough(symbol: str, until: str) -> None:
    fall = measured(symbol, until).measures.max_drawdown
    closes = {bar.session: bar.close for bar in candles(symbol, until)}
    assert fall is not None
    peak, trough = closes[fall.start], closes[fall.end]
    assert (1 - trough / peak) * 100 == pytest.approx(fall.pct, rel=1e-9)
    assert peak == max(close for session, close in closes.items() if session <= fall.end)
    after = [
        session for session, close in closes.items() if session > fall.end and close >= peak * (1 - 1e-12)
    ]
    assert fall.recovered == (after[0] if after else None)


def history(symbols: tuple[str, ...], until: str = "2013-03-01") -> History:
    markets = open_markets()
    provider = markets.provider("US")
    return provider.history(
        [provider.resolve(each, "US") for each in symbols], now=markets.now("US"), sessions=504
    )


def test_beta_when_measured_by_empyrical_is_the_same() -> None:
    benchmark = benchmark_of("MSFT", [history(("MSFT",))])
    found = measured("AAPL", "2013-03-01", benchmark).measures
    own, other = returns_of("AAPL", "2013-03-01"), returns_of("MSFT", "2013-03-01")
    assert found.beta == pytest.approx(empyrical.beta(own, other), rel=EXACT)
    assert (found.benchmark, found.benchmark_returns) == ("MSFT", 503)


def test_beta_when_against_the_mean_of_all_is_that_of_empyrical() -> None:
    """FB joins in May 2012, and counts from its second session on."""
    symbols = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
    benchmark = benchmark_of("all", [history(symbols[:2]), history(symbols[2:])])
    table = pd.DataFrame({each: returns_of(each, "2013-03-01") for each in symbols})
    expected = empyrical.beta(table["IBM"], table.mean(axis=1))
    assert measured("IBM", "2013-03-01", benchmark).measures.beta == pytest.approx(expected, rel=EXACT)


def test_beta_when_against_itself_is_one() -> None:
    benchmark = benchmark_of("IBM", [history(("IBM",))])
    assert measured("IBM", "2013-03-01", benchmark).measures.beta == pytest.approx(1.0)


@pytest.mark.parametrize("returns", [{}, {"2013-03-01": 0.01}])
def test_beta_when_too_few_sessions_are_common_is_null(returns: dict[str, float]) -> None:
    found = measured("IBM", "2013-03-01", Benchmark("few", returns)).measures
    assert (found.beta, found.benchmark_returns) == (None, len(returns))


def test_beta_when_the_benchmark_never_moves_is_null() -> None:
    still = Benchmark("still", dict.fromkeys(series("IBM", "2013-03-01").bars, 0.0))
    assert measured("IBM", "2013-03-01", still).measures.beta is None


def test_benchmark_when_an_instrument_pauses_measures_over_its_own_sessions() -> None:
    days = np.datetime64("2001-01-01") + np.arange(3)
    closes = np.array([[100.0, np.nan, 121.0], [50.0, 55.0, 55.0]])
    both = History(("A", "B"), ("x", "x"), (False, False), days, *([closes] * 6))
    found = benchmark_of("both", [both])
    assert found.returns == pytest.approx({"2001-01-02": 0.1, "2001-01-03": (0.21 + 0.0) / 2})


def test_risk_when_returns_are_few_is_none() -> None:
    assert own_risk(series("IBM", "2013-03-01", LEAST), 252.0, NONE) is None
    assert own_risk(series("IBM", "2013-03-01", LEAST + 1), 252.0, NONE) is not None


def test_risk_when_nothing_moves_has_no_moments_and_no_fall() -> None:
    found = own_risk(flat([10.0] * 40), 252.0, NONE)
    assert found is not None
    told = found.measures
    assert (told.volatility_pct, told.max_drawdown, told.skew, told.excess_kurtosis) == (0, None, None, None)
    assert (told.level, found.weighed.signal, found.weighed.score) == ("low", "hold", 0)


def test_risk_when_high_says_sell_and_never_buy() -> None:
    swings = [100.0 * (0.7 if step % 2 else 1.0) for step in range(60)]
    found = own_risk(flat(swings), 252.0, NONE)
    assert found is not None
    assert (found.measures.level, found.weighed.signal) == ("high", "sell")
    assert {each.side for each in found.weighed.evidence} == {"against"}
