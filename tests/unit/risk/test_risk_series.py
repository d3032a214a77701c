"""Volatility, beta and drawdown against empyrical; liquidity against arithmetic."""

import empyrical
import numpy as np
import pytest

from tacore.model.history import History
from tacore.risk.liquidity import days_to_liquidate, mean_volume
from tacore.risk.series import beta, max_drawdown, volatility
from tests.support.risk_data import LAST, SPLIT_INSIDE, returns


@pytest.mark.parametrize("now", [SPLIT_INSIDE, LAST])
def test_series_when_measured_agree_with_empyrical(now: object) -> None:
    apple, machines = returns(("AAPL", "IBM"), now)  # type: ignore[arg-type]
    assert volatility(apple, 252) == pytest.approx(empyrical.annual_volatility(apple))
    assert beta(apple, machines) == pytest.approx(empyrical.beta(apple, machines))
    assert max_drawdown(apple) == pytest.approx(empyrical.max_drawdown(apple))


def test_drawdown_when_the_first_session_falls_counts_from_the_start() -> None:
    assert max_drawdown(np.array([-0.5, 0.1])) == -0.5


def test_drawdown_when_everything_is_lost_stays_at_all() -> None:
    assert max_drawdown(np.array([0.1, -1.7, 0.5])) == -1.0


def test_beta_when_the_benchmark_stands_still_is_not_known() -> None:
    assert np.isnan(beta(np.array([0.1, 0.2, -0.1]), np.zeros(3)))


def recent(close: list[float], adjusted: list[float], volume: list[float]) -> History:
    rows = [np.array([each]) for each in (close, close, close, close, volume, adjusted)]
    days = np.datetime64("2005-02-24") + np.arange(len(close)).astype("timedelta64[D]")
    return History(("X",), ("test",), (False,), days, *rows)


def test_volume_when_a_split_came_between_is_in_todays_shares() -> None:
    history = recent([90.0, 88.0, 45.0, 44.0], [45.0, 44.0, 45.0, 44.0], [100.0, 100.0, 200.0, 200.0])
    assert mean_volume(history, 4) == pytest.approx([200.0])
    assert mean_volume(history, 1) == pytest.approx([200.0])


def test_volume_when_a_dividend_came_between_is_the_plain_mean() -> None:
    history = recent([100.0, 99.0], [98.0, 99.0], [100.0, 300.0])
    assert mean_volume(history, 20) == pytest.approx([200.0])


def test_volume_when_sessions_are_missing_is_of_the_others() -> None:
    nan = float("nan")
    assert mean_volume(recent([nan, 99.0], [nan, 99.0], [nan, 300.0]), 20) == pytest.approx([300.0])
    assert np.isnan(mean_volume(recent([nan], [nan], [nan]), 20)).all()


def test_liquidation_when_a_fifth_of_volume_is_taken_takes_five_times_as_long() -> None:
    days = days_to_liquidate(np.array([1000.0, -1000.0, 10.0]), np.array([100.0, 500.0, 0.0]), 0.2)
    np.testing.assert_allclose(days, [50.0, 10.0, np.nan])
