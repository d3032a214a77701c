"""How histories of several markets are laid on common sessions."""

import numpy as np
import pytest

from tacore.model.history import History
from tacore.risk.window import align

NAN = float("nan")


def history(first: str, rows: list[list[float]], *, weekdays: bool = False) -> History:
    prices = np.array(rows)
    days = np.datetime64(first) + np.arange(3 * prices.shape[1] + 7).astype("timedelta64[D]")
    days = (days[np.is_busday(days)] if weekdays else days)[: prices.shape[1]]
    names = tuple(str(row) for row in range(len(rows)))
    return History(names, ("test",) * len(rows), (False,) * len(rows), days, *[prices] * 6)


def test_sessions_when_one_market_rests_at_weekends_span_it_in_both() -> None:
    stock = history("2013-02-28", [[10.0, 11.0, 12.0]], weekdays=True)  # Thursday, Friday, Monday
    coin = history("2013-02-28", [[1.0, 2.0, 4.0, 8.0, 16.0]])  # Thursday to Monday
    aligned = align([stock, coin], [], 10, 2)
    assert [str(day) for day in aligned.sessions] == ["2013-02-28", "2013-03-01", "2013-03-04"]
    np.testing.assert_allclose(aligned.returns, [[0.1, 12 / 11 - 1], [1.0, 7.0]])  # the weekend is in the 7


def test_sessions_when_more_than_the_lookback_are_the_newest() -> None:
    aligned = align([history("2013-01-01", [[1.0, 2.0, 3.0, 4.0]])], [], 2, 2)
    np.testing.assert_allclose(aligned.prices, [[2.0, 3.0, 4.0]])


def test_rows_when_too_young_are_left_out_and_counted() -> None:
    aligned = align(
        [history("2013-01-01", [[1.0, 2, 3, 4, 5], [NAN, NAN, NAN, NAN, 5], [NAN] * 5])], [], 4, 2
    )
    assert aligned.kept.tolist() == [0]
    assert aligned.short == {1: 0, 2: 0}
    assert aligned.limited_by is None


def test_rows_when_one_is_younger_all_start_with_it() -> None:
    aligned = align([history("2013-01-01", [[1.0, 2, 3, 4, 5], [NAN, NAN, 3, 4, 5]])], [], 4, 2)
    assert aligned.prices.shape == (2, 3)
    assert (aligned.limited_by, str(aligned.sessions[0])) == (1, "2013-01-03")


def test_gap_when_inside_keeps_the_price_before_it_and_is_counted() -> None:
    aligned = align([history("2013-01-01", [[1.0, 2, 3, 4], [1.0, NAN, NAN, 2.0]])], [], 3, 2)
    np.testing.assert_allclose(aligned.returns[1], [0.0, 0.0, 1.0])
    assert aligned.carried == {1: 2}


@pytest.mark.parametrize("lookback", [3, 30])
def test_sessions_when_calendars_share_none_leave_nobody(lookback: int) -> None:
    aligned = align([history("2013-01-01", [[1.0, 2]]), history("2014-01-01", [[1.0, 2]])], [], lookback, 2)
    assert aligned.kept.tolist() == []
    assert aligned.short == {0: 0, 1: 0}
