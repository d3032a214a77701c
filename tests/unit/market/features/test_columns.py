"""Features that are not indicators: bases, gaps, running sessions, limits; figures worked out by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tacore.market.features.columns import history_columns
from tacore.model import Quote
from tacore.model.history import History
from tests.support.tables import table_of

LAST = datetime(2024, 1, 31, tzinfo=UTC)  # the end of the session of the 30th, in a market around the clock


def quote(price: float, as_of: datetime, **more: Any) -> Quote:
    values = {"open": price, "high": price, "low": price, "volume": 100} | more
    exact: dict[str, Any] = {name: Decimal(str(value)) for name, value in values.items()}
    return Quote(price=Decimal(str(price)), change_pct=None, as_of=as_of, **exact)


def history(
    close: list[list[float]], adjusted: list[list[float]] | None = None, volume: Any = None
) -> History:
    prices = np.array(close, dtype=float)
    days = np.datetime64("2024-01-30") - np.arange(prices.shape[1])[::-1]
    names = tuple(f"S{row}" for row in range(len(prices)))
    flat = np.where(np.isnan(prices), np.nan, 100.0) if volume is None else np.array(volume, dtype=float)
    made = prices if adjusted is None else np.array(adjusted, dtype=float)
    return History(
        names, ("s",) * len(names), (False,) * len(names), days, prices, prices, prices, prices, flat, made
    )


def columns(made: History, *quotes: Quote, market: str = "SIM") -> dict[str, Any]:
    return history_columns([made], quotes, market)


def test_prices_when_a_split_lies_between_are_on_the_present_basis() -> None:
    """A 2-for-1 split before the last session: 100 became 50, and twice the shares trade."""
    before, after = [100.0] * 21, [50.0]
    made = history([before + after], [[50.0] * 22], [[1000.0] * 21 + [4000.0]])
    found = columns(made, quote(50, LAST, volume=4000))
    assert found["sma_20"][0] == 50
    assert found["high_52w"][0] == 50
    assert found["price_change"][0] == 0
    assert found["return_20"][0] == 0
    assert found["relative_volume"][0] == pytest.approx(2.0)  # 4000 against 2000 in today's shares


def test_volume_when_a_dividend_lies_between_is_as_traded() -> None:
    made = history([[100.0] * 22], [[98.0] * 21 + [100.0]], [[1000.0] * 22])
    assert columns(made, quote(100, LAST))["relative_volume"][0] == 1.0


@pytest.mark.parametrize("market", ["SIM", "CN"])
def test_columns_when_a_market_is_empty_are_those_of_one_that_is_not(market: str) -> None:
    """A folder without files is a market too: a scan of it finds nothing, and fails at nothing."""
    filled = columns(history([[10.0] * 22]), quote(10, LAST), market=market)
    empty = history_columns([], [], market)
    assert sorted(empty) == sorted(filled)
    assert all(len(column) == 0 for column in empty.values())


def test_quote_when_of_a_running_session_is_the_newest_value() -> None:
    made = history([[10.0] * 19 + [20.0]])
    running = columns(made, quote(31, datetime(2024, 1, 31, 9, tzinfo=UTC), open=30, high=33, low=29))
    assert running["price_change"][0] == 11
    assert running["gap_pct"][0] == pytest.approx(50)
    assert running["sma_20"][0] == pytest.approx((18 * 10 + 20 + 31) / 20)
    assert running["price.before"][0] == 20
    ended = columns(made, quote(20, LAST))
    assert ended["price.before"][0] == 10
    assert ended["sma_20"][0] == pytest.approx((19 * 10 + 20) / 20)


def test_row_when_sessions_are_missing_uses_those_it_has() -> None:
    """The second did not trade on the last day, the third not for two days in between."""
    nan = np.nan
    made = history([[1.0, 2, 3, 4, 5], [1, 2, 3, 4, nan], [1, 2, nan, nan, 5]])
    found = columns(made, *(quote(price, LAST) for price in (5, 4, 5)))
    assert found["price_change"].tolist() == [1, 1, 3]
    assert found["high_52w"].tolist() == [4, 3, 2]


def test_row_when_it_has_no_history_is_known_by_its_quote_alone() -> None:
    found = columns(history([[np.nan] * 5]), quote(5, datetime(2024, 1, 31, 9, tzinfo=UTC)))
    assert np.isnan(found["price_change"][0])
    assert np.isnan(found["sma_20"][0])


def test_columns_when_parts_have_different_calendars_are_those_of_each_alone() -> None:
    one, other = history([[1.0] * 30]), history([[1.0, 2.0]])
    quotes = quote(1, LAST), quote(2, LAST)
    both = history_columns([one, other], quotes, "SIM")
    for name, column in both.items():
        alone = [columns(one, quotes[0])[name][0], columns(other, quotes[1])[name][0]]
        np.testing.assert_array_equal(column, alone)


@pytest.mark.parametrize(
    ("symbol", "limit"), [("600519", 11.0), ("300750", 12.0), ("688981", 12.0), ("830799", 13.0)]
)
def test_limit_when_of_a_board_is_its_share_of_the_close_before(symbol: str, limit: float) -> None:
    made = history([[10.0, 10.0]])
    board = History((symbol,), *(getattr(made, name) for name in History.__slots__[1:]))
    # 30 January 2024, 15:00 in Shanghai
    found = columns(board, quote(limit, datetime(2024, 1, 31, 7, tzinfo=UTC)), market="CN")
    assert found["to_limit_up_pct"][0] == pytest.approx(0, abs=1e-9)
    lower = columns(board, quote(10, datetime(2024, 1, 31, 7, tzinfo=UTC)), market="CN")
    assert lower["to_limit_up_pct"][0] == pytest.approx((limit / 10 - 1) * 100)


def test_limit_when_half_a_fen_is_left_rounds_up() -> None:
    made = history([[10.05, 10.05]])
    board = History(("600000",), *(getattr(made, name) for name in History.__slots__[1:]))
    found = columns(board, quote(11.06, datetime(2024, 1, 31, 7, tzinfo=UTC)), market="CN")
    assert found["to_limit_up_pct"][0] == pytest.approx(0, abs=1e-9)  # 11.055 is 11.06


def test_table_when_of_the_sample_has_its_published_prices_and_year() -> None:
    """AAPL was highest in that year on 2012-09-21, at 705.07; two dividends of 2.65 followed."""
    table = table_of("US")
    assert list(table.exact["price"]) == ["430.47", "27.78", "806.19", "202.91", "27.95"]
    assert table.numbers["high_52w"][0] == pytest.approx(705.07 - 2 * 2.65, rel=5e-3)
    assert table.numbers["price_change"][0] == pytest.approx(430.47 - 441.40)
    assert "to_limit_up_pct" not in table.numbers
