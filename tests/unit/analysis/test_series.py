"""Series: prices of the last bar, weeks, and what is left out."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from tacore.analysis.series import daily_series, newest, series_of, weekly_series
from tacore.model import Bar
from tests.support.histories import candles, flat, series
from tests.support.markets import open_markets


@pytest.mark.parametrize(
    ("symbol", "until"), [("AAPL", "2005-06-30"), ("IBM", "2013-03-01"), ("MSFT", "2004-12-31")]
)
def test_series_when_splits_and_dividends_lie_within_has_the_providers_adjusted_prices(
    symbol: str, until: str
) -> None:
    found, bars = series(symbol, until), candles(symbol, until)
    assert list(found.bars) == [bar.session for bar in bars]
    for name in ("open", "high", "low", "close"):
        assert getattr(found, name) == pytest.approx([getattr(bar, name) for bar in bars], rel=1e-10)


def test_series_when_a_split_lies_within_counts_the_shares_of_its_last_bar() -> None:
    found = series("AAPL", "2005-03-04", 6)
    traded = {"2005-02-25": 16_348_400, "2005-02-28": 11_635_900}
    volume = dict(zip(found.bars, found.volume.tolist(), strict=True))
    assert volume["2005-02-25"] == 2 * traded["2005-02-25"]
    assert volume["2005-02-28"] == traded["2005-02-28"]


def test_series_when_a_split_is_still_to_come_is_as_traded() -> None:
    found = series("AAPL", "2005-02-25", 3)
    assert found.close.tolist() == [88.23, 88.93, 88.99]
    assert found.volume.tolist() == [24_021_100, 27_125_500, 16_348_400]


def test_series_when_dividends_lie_within_leaves_the_volume_alone() -> None:
    """MSFT paid 3 dollars a share, 10 % of its price, on 2004-11-15."""
    found = series("MSFT", "2004-12-31", 60)
    raw = candles("MSFT", "2004-12-31", 60)
    assert found.volume.tolist() == [bar.volume for bar in raw]
    assert found.close[0] < 0.95 * 27.5


def test_series_when_adjusted_closes_are_rounded_is_exactly_raw() -> None:
    close = np.array([10.0, 11.0, 12.0, 11.0])
    adjusted = np.round(close * 0.123456789, 4)
    days = np.datetime64("2001-01-01") + np.arange(4)
    made = daily_series(days, close, close, close, close, close, adjusted)
    assert made.close.tolist() == close.tolist()


def test_series_when_a_session_has_no_price_leaves_it_out() -> None:
    close = np.array([10.0, np.nan, 12.0])
    days = np.datetime64("2001-01-01") + np.arange(3)
    made = daily_series(days, close, close, close, close, close, close)
    assert made.bars == ("2001-01-01", "2001-01-03")
    assert len(daily_series(days[:0], *([close[:0]] * 6))) == 0


def test_bars_when_within_a_day_are_named_by_their_end() -> None:
    bar = Bar(
        time=datetime(2024, 3, 13, 6, 30, tzinfo=UTC),
        session="2024-03-13",
        open=Decimal("1.1"),
        high=Decimal("1.3"),
        low=Decimal("1.0"),
        close=Decimal("1.2"),
        volume=Decimal(7),
        adjusted_close=Decimal("0.6"),
    )
    made = series_of([bar])
    assert made.bars == ("2024-03-13T06:30:00Z",)
    assert (made.open[0], made.high[0], made.low[0], made.close[0], made.volume[0]) == (1.1, 1.3, 1.0, 1.2, 7)
    assert len(series_of([])) == 0


def test_weeks_when_made_of_days_are_the_providers() -> None:
    markets = open_markets()
    provider = markets.provider("US")
    instrument = provider.resolve("AAPL", "US")
    bars = provider.bars(instrument, "1w", now=markets.now("US"), limit=450, adjusted=True)
    weeks = newest(weekly_series(series("AAPL", "2013-03-01", 2500)), 450)
    scale = 430.47 / float(bars[-1].close)
    assert list(weeks.bars) == [bar.session for bar in bars]
    for name in ("open", "high", "low", "close"):
        expected = [float(getattr(bar, name)) * scale for bar in bars]
        assert getattr(weeks, name) == pytest.approx(expected, rel=1e-10)
    assert weeks.volume[-1] == float(bars[-1].volume)


def test_weeks_when_there_are_no_days_are_none() -> None:
    assert len(weekly_series(flat([]))) == 0
