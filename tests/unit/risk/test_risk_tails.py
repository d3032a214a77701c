"""VaR and CVaR by each method against empyrical, closed forms and figures worked out by hand."""

from statistics import NormalDist

import empyrical
import numpy as np
import pytest
import scipy.integrate
import scipy.stats

from tacore.risk.historical import historical
from tacore.risk.monte_carlo import loadings, monte_carlo
from tacore.risk.normal import cornish_fisher, in_domain, parametric
from tacore.risk.tail import Tail, floored
from tests.support.risk_data import SPLIT_INSIDE, closes, returns

MONEY = np.array([40_000.0, -15_000.0, 20_000.0, 5_000.0])


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.975, 0.99])
def test_historical_when_a_split_is_inside_agrees_with_empyrical(confidence: float) -> None:
    prices = closes(("AAPL", "IBM"), SPLIT_INSIDE)
    shares = np.array([60_000.0, 40_000.0])
    gains = shares @ returns(("AAPL", "IBM"), SPLIT_INSIDE) / 100_000
    tail = historical(prices, shares, confidence, 1)
    cutoff = round(1 - confidence, 3)
    assert tail.var == pytest.approx(-100_000 * empyrical.value_at_risk(gains, cutoff))
    assert tail.cvar == pytest.approx(-100_000 * empyrical.conditional_value_at_risk(gains, cutoff))
    assert tail.cvar < 15_000  # unadjusted, the split would be a loss of half of it


def test_historical_when_over_ten_sessions_is_of_overlapping_returns() -> None:
    prices = closes()
    tail = historical(prices, MONEY, 0.95, 10)
    gains = np.array(
        [MONEY @ (prices[:, day + 10] / prices[:, day] - 1) for day in range(prices.shape[1] - 10)]
    )
    assert tail.var == pytest.approx(-empyrical.value_at_risk(gains, 0.05))
    assert tail.horizon_scaling == "overlapping"


def test_historical_when_ten_horizons_do_not_fit_is_scaled_by_the_root_of_time() -> None:
    one, many = (historical(closes(), MONEY, 0.95, days) for days in (1, 100))
    assert many.var == pytest.approx(10 * one.var)
    assert (one.horizon_scaling, many.horizon_scaling) == ("none", "sqrt_time")


def test_historical_when_nothing_lies_beyond_warns() -> None:
    tail = historical(closes(), MONEY, 0.999, 1)
    assert "less than one of 504 observations" in tail.warnings[0]
    assert historical(closes(), MONEY, 0.95, 1).warnings == ()


@pytest.mark.parametrize("horizon", [1, 10])
def test_parametric_when_measured_is_its_closed_form(horizon: int) -> None:
    covariance = np.cov(returns())
    deviation = np.sqrt(MONEY @ covariance @ MONEY * horizon)
    tail = parametric(returns(), MONEY, 0.975, horizon)
    z = scipy.stats.norm.ppf(0.975)
    assert tail.var == pytest.approx(z * deviation)
    assert tail.cvar == pytest.approx(scipy.stats.norm.pdf(z) / 0.025 * deviation)
    components = MONEY * (covariance @ MONEY) * horizon / deviation * z
    np.testing.assert_allclose(MONEY * tail.marginal_var, components)


def test_parametric_when_a_position_grows_a_little_grows_by_its_marginal() -> None:
    for measure in (parametric, cornish_fisher):
        tail = measure(returns(), MONEY, 0.95, 5)
        for place in range(len(MONEY)):
            step = np.zeros(len(MONEY))
            step[place] = 1.0
            up, down = (measure(returns(), MONEY + sign * step, 0.95, 5) for sign in (1, -1))
            assert tail.marginal_var[place] == pytest.approx((up.var - down.var) / 2, rel=1e-5, abs=1e-8)
            assert tail.marginal_cvar[place] == pytest.approx((up.cvar - down.cvar) / 2, rel=1e-5, abs=1e-8)


def test_cornish_fisher_when_worked_out_by_hand_is_that() -> None:
    # Moments of -3, 1, 1, 1 about their mean 0: m2 = 3, m3 = -6, m4 = 21, so that the skewness is -2/√3, the
    # excess kurtosis 21/9 - 3 = -2/3 and the deviation √(12/3) = 2. With z = -1.644853627, z² = 2.705543454
    # and z³ = -4.450222963:
    #     z                                  -1.644853627
    #     (z² - 1)(-2/√3)/6                  -0.328231991
    #     (z³ - 3z)(-2/3)/24                 -0.013453831
    #     -(2z³ - 5z)(4/3)/36                +0.025043622
    # add up to -1.961495827, times 2.
    tail = cornish_fisher(np.array([[-3.0, 1.0, 1.0, 1.0]]), np.array([1.0]), 0.95, 1)
    assert tail.var == pytest.approx(2 * 1.961495827, abs=4e-9)


def test_cornish_fisher_cvar_when_integrated_numerically_is_the_same() -> None:
    gains = MONEY @ returns()
    skewness, excess = scipy.stats.skew(gains), scipy.stats.kurtosis(gains)

    def quantile(probability: float) -> float:
        z = NormalDist().inv_cdf(probability)
        return float(
            z
            + (z**2 - 1) * skewness / 6
            + (z**3 - 3 * z) * excess / 24
            - (2 * z**3 - 5 * z) * skewness**2 / 36
        )

    area, _ = scipy.integrate.quad(quantile, 1e-12, 0.05, limit=200)
    tail = cornish_fisher(returns(), MONEY, 0.95, 1)
    assert tail.cvar == pytest.approx(-area / 0.05 * gains.std(ddof=1), rel=1e-5)


@pytest.mark.parametrize(
    ("skewness", "kurtosis"), [(0.0, 0.0), (0.5, 2.0), (-0.5, 2.0), (1.0, 1.0), (0.0, 9.0), (3.0, 9.0)]
)
def test_domain_when_told_is_where_the_quantile_never_falls(skewness: float, kurtosis: float) -> None:
    z = np.linspace(-40, 40, 400_001)
    bent = (
        z + (z**2 - 1) * skewness / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skewness**2 / 36
    )
    assert in_domain(skewness, kurtosis) == bool((np.diff(bent) >= 0).all())


def test_cornish_fisher_when_outside_its_domain_warns() -> None:
    gains = np.zeros((1, 100))
    gains[0, 7] = -1.0
    tail = floored(cornish_fisher(gains, np.array([1.0]), 0.95, 1))
    assert "outside the domain" in tail.warnings[0]
    assert tail.cvar >= tail.var >= 0


def test_monte_carlo_when_compared_with_the_closed_form_is_within_its_standard_error() -> None:
    simulations = 100_000
    exact = parametric(returns(), MONEY, 0.95, 10)
    tail = monte_carlo(returns(), MONEY, 0.95, 10, seed=7, simulations=simulations)
    deviation = exact.var / scipy.stats.norm.ppf(0.95)
    density = scipy.stats.norm.pdf(scipy.stats.norm.ppf(0.95)) / deviation
    error = np.sqrt(0.05 * 0.95 / simulations) / density
    assert abs(tail.var - exact.var) < 3 * error
    assert abs(tail.cvar - exact.cvar) < 4 * error
    np.testing.assert_allclose(
        MONEY * tail.marginal_cvar, MONEY * exact.marginal_cvar, atol=0.02 * exact.cvar
    )
    np.testing.assert_allclose(MONEY * tail.marginal_var, MONEY * exact.marginal_var, atol=0.02 * exact.var)


def test_monte_carlo_when_seeded_alike_is_the_same_and_otherwise_not() -> None:
    one, same, other = (monte_carlo(returns(), MONEY, 0.95, 1, seed, 2000).var for seed in (3, 3, 4))
    assert one == same
    assert one != other


def test_monte_carlo_when_drawn_in_blocks_adds_up() -> None:
    many = np.tile(returns(), (30, 1)) + 1e-4 * np.random.default_rng(1).standard_normal((120, 504))
    money = np.linspace(-1e4, 3e4, 120)
    tail = monte_carlo(many, money, 0.95, 1, seed=1, simulations=60_000)  # 7.2 million numbers, two blocks
    assert money @ tail.marginal_var == pytest.approx(tail.var)
    assert money @ tail.marginal_cvar == pytest.approx(tail.cvar)
    assert tail.var == pytest.approx(parametric(many, money, 0.95, 1).var, rel=0.03)


@pytest.mark.parametrize("count", [3, 20, 600])
def test_loadings_when_multiplied_out_are_the_covariance_even_if_singular(count: int) -> None:
    made = np.random.default_rng(0).standard_normal((count, 400)) * 0.01
    made[-1] = made[0]  # the same position twice
    factor = loadings(made)
    np.testing.assert_allclose(factor @ factor.T, np.cov(made), atol=1e-12)


def test_components_when_historical_point_the_same_way_as_the_normal_ones() -> None:
    tail = historical(closes(), MONEY, 0.95, 1)
    assert MONEY @ tail.marginal_var == pytest.approx(tail.var)
    assert MONEY @ tail.marginal_cvar == pytest.approx(tail.cvar)
    assert np.argmax(MONEY * tail.marginal_var) == np.argmax(
        MONEY * parametric(returns(), MONEY, 0.95, 1).marginal_var
    )


def test_floor_when_even_the_tail_gains_is_zero() -> None:
    prices = np.cumprod(np.full((1, 61), 1.01), axis=1)
    tail: Tail = floored(historical(prices, np.array([100.0]), 0.95, 1))
    assert (tail.var, tail.cvar, float(tail.marginal_var[0])) == (0.0, 0.0, 0.0)
