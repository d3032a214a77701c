"""What holds of every portfolio: components add up, VaR is linear, CVaR beyond VaR, cash moves nothing."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tacore.methods.evaluate_risk import METHOD
from tests.support.markets import answer, open_markets
from tests.support.risk_data import SHARES

MARKETS = open_markets()
QUANTITIES = st.floats(-1e5, 1e5, allow_nan=False).filter(lambda each: abs(each) > 1e-3)
PORTFOLIOS = st.dictionaries(st.sampled_from(SHARES), QUANTITIES, min_size=1)
OPTIONS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["historical", "parametric", "cornish_fisher", "monte_carlo"]),
        "confidence": st.sampled_from([0.51, 0.8, 0.95, 0.99, 0.9999]),
        "horizon_days": st.sampled_from([1, 5, 60]),
        "lookback_days": st.sampled_from([30, 252, 504]),
        "simulations": st.just(1000),
    }
)


def ask(portfolio: dict[str, float], options: dict[str, Any]) -> Any:
    return answer(METHOD, {"portfolio": portfolio, **options}, MARKETS)


@settings(max_examples=60, deadline=None)
@given(PORTFOLIOS, OPTIONS)
def test_components_when_added_are_the_total(portfolio: dict[str, float], options: dict[str, Any]) -> None:
    data = ask(portfolio, options)
    gross = data["exposure"]["gross"]
    for name in ("var", "cvar"):
        added = sum(each[name] for each in data["contributions"])
        assert added == pytest.approx(data[name], rel=1e-9, abs=1e-9 * gross)


@settings(max_examples=60, deadline=None)
@given(PORTFOLIOS, OPTIONS)
def test_cvar_when_measured_is_never_below_var(portfolio: dict[str, float], options: dict[str, Any]) -> None:
    data = ask(portfolio, options)
    assert 0 <= data["var"] <= data["cvar"]
    assert 0 <= data["risk_score"] <= 100
    assert -1 <= data["max_drawdown"] <= 0


@settings(max_examples=40, deadline=None)
@given(PORTFOLIOS, OPTIONS, st.sampled_from([0.25, 2.0, 1024.0]))
def test_var_when_everything_is_scaled_is_scaled_alike(
    portfolio: dict[str, float], options: dict[str, Any], factor: float
) -> None:
    one = ask(portfolio, options)
    many = ask({symbol: quantity * factor for symbol, quantity in portfolio.items()}, options)
    for name in ("var", "cvar"):
        assert many[name] == pytest.approx(factor * one[name], rel=1e-9)
    parts = {each["symbol"]: each["var"] for each in one["contributions"]}
    for each in many["contributions"]:
        assert each["var"] == pytest.approx(factor * parts[each["symbol"]], rel=1e-6, abs=1e-6 * many["var"])


@settings(max_examples=40, deadline=None)
@given(PORTFOLIOS, OPTIONS, st.floats(0, 1e9))
def test_var_when_cash_is_added_is_the_same(
    portfolio: dict[str, float], options: dict[str, Any], cash: float
) -> None:
    bare, rich = ask(portfolio, options), ask(portfolio | {"USD": cash}, options)
    assert (rich["var"], rich["cvar"]) == (bare["var"], bare["cvar"])
    assert rich["value"] == pytest.approx(bare["value"] + cash)


@settings(max_examples=30, deadline=None)
@given(PORTFOLIOS)
def test_normal_var_when_two_portfolios_are_joined_is_no_more_than_both(portfolio: dict[str, float]) -> None:
    options = {"method": "parametric"}
    alone = [ask({symbol: quantity}, options)["var"] for symbol, quantity in portfolio.items()]
    assert ask(portfolio, options)["var"] <= np.sum(alone) * (1 + 1e-9)
