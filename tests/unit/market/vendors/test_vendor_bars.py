"""Bars made of vendors' rows, apart from any vendor."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacore.market.hours import HOURS
from tacore.market.vendors.bars import adjust, daily_bar, intraday_bar, number, prices, weekly
from tacore.market.vendors.faults import retry_after_ms
from tacore.model import Bar

US = HOURS["US"]
CENTS = st.integers(1, 10_000_000)


def day(session: str, close: float = 10.0) -> Bar:
    return daily_bar(date.fromisoformat(session), prices([close, close, close, close, 5]), US)


@pytest.mark.parametrize(
    ("value", "places", "read"),
    [
        (0.1 + 0.2, None, "0.30000000000000004"),
        (189.9199981689453, "0.01", "189.92"),
        ("0.00001234", None, "0.00001234"),
        (1e16, None, "10000000000000000"),
        (76114600, None, "76114600"),
        ("2.675", "0.01", "2.68"),
    ],
)
def test_number_when_read_is_its_text(value: object, places: str | None, read: str) -> None:
    assert f"{number(value, Decimal(places) if places else None):f}" == read


@pytest.mark.parametrize("value", ["-", "", None, "nan", float("nan"), float("inf"), "12,5", True])
def test_number_when_it_is_none_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no"):
        number(value)


@pytest.mark.parametrize(
    "row", [[1, 2, 1, 0, 5], [1, 2, 1, -1.5, 5], [1, 2, 3, 2, 5], [1, 2, 1, 2, -5], [1, 2, 1, None, 5]]
)
def test_prices_when_they_cannot_be_are_refused(row: list[object]) -> None:
    with pytest.raises(ValueError, match=r"cannot be|no number"):
        prices(row)


def test_prices_when_open_lies_outside_of_the_range_widen_it() -> None:
    row = prices(["10.02", "10.01", "9.99", "9.98", "5"])
    assert (row.high, row.low) == (Decimal("10.02"), Decimal("9.98"))


@pytest.mark.parametrize(
    ("opened", "ended"),
    [
        ("2024-03-12T13:30", "2024-03-12T14:30"),
        ("2024-03-12T19:30", "2024-03-12T20:00"),
        ("2024-03-12T13:29", None),
        ("2024-03-12T20:00", None),
    ],
)
def test_intraday_bar_when_stamped_ends_at_the_latest_with_the_session(
    opened: str, ended: str | None
) -> None:
    row = prices([1, 1, 1, 1, 1])
    bar = intraday_bar(datetime.fromisoformat(opened).replace(tzinfo=UTC), 60, row, US)
    assert (bar and bar.time) == (ended and datetime.fromisoformat(ended).replace(tzinfo=UTC))


def test_weeks_when_the_friday_is_a_holiday_are_shown_after_it() -> None:
    days = [day("2024-03-25"), day("2024-03-28", 12)]  # Good Friday was 2024-03-29
    assert weekly(days, US, datetime(2024, 3, 28, 23, tzinfo=UTC)) == []
    (week,) = weekly(days, US, datetime(2024, 3, 29, 20, tzinfo=UTC))
    assert (week.session, week.high, week.volume) == ("2024-03-28", Decimal(12), Decimal(10))


@given(low=CENTS, spread=st.integers(0, 5000), at=st.tuples(st.floats(0, 1), st.floats(0, 1)), factor=CENTS)
def test_adjust_when_prices_are_scaled_keeps_them_in_order(
    low: int, spread: int, at: tuple[float, float], factor: int
) -> None:
    opened, close = (low + round(spread * each) for each in at)
    cents = [Decimal(each) / 100 for each in (opened, low + spread, low, close)]
    adjusted = (cents[3] * factor / 10_000_000).quantize(Decimal("0.0001")) or Decimal("0.0001")
    bar = adjust(daily_bar(date(2024, 3, 12), prices([*cents, 5], adjusted), US))
    assert bar.close == adjusted
    assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high


@pytest.mark.parametrize(
    ("header", "wait_ms"),
    [("7", 7000), ("0", 0), (None, None), ("soon", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after_when_read_is_a_wait(header: str | None, wait_ms: int | None) -> None:
    assert retry_after_ms(header) == wait_ms
