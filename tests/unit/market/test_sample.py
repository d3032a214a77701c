"""The sample provider against facts published elsewhere: closes, splits, listings."""

import gzip
import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources

import pytest

from tacore.errors import InvalidParams, NotFound
from tacore.market.daily_file import read_daily
from tacore.market.providers.sample import LAST_SESSION, SampleHistory
from tacore.model import Bar

FILE = resources.files("tacore.market") / "data" / "sample_daily.csv.gz"
LAST_CLOSE = datetime(2013, 3, 1, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def sample() -> SampleHistory:
    return SampleHistory()


def bars(sample: SampleHistory, symbol: str, timeframe: str, now: datetime, **more: object) -> list[Bar]:
    return list(sample.bars(sample.resolve(symbol, "US"), timeframe, now=now, **more))  # type: ignore[arg-type]


def test_file_when_read_holds_the_published_sessions() -> None:
    lines = read_daily(FILE)
    assert {symbol: len(rows) for symbol, rows in lines.items()} == {
        "AAPL": 3270,
        "FB": 196,
        "GOOG": 2148,
        "IBM": 3270,
        "MSFT": 3270,
    }
    firsts = {symbol: rows[0].split(",")[1] for symbol, rows in lines.items()}
    assert firsts["GOOG"] == "2004-08-19"
    assert firsts["FB"] == "2012-05-18"
    assert {rows[-1].split(",")[1] for rows in lines.values()} == {LAST_SESSION.isoformat()}


def test_file_when_read_is_the_one_its_readme_describes() -> None:
    digest = hashlib.sha256(gzip.decompress(FILE.read_bytes())).hexdigest()
    readme = (resources.files("tacore.market") / "data" / "README.md").read_text(encoding="utf-8")
    assert digest in readme


def test_quote_when_standing_at_the_last_close_is_the_published_one(sample: SampleHistory) -> None:
    quote = sample.quote(sample.resolve("AAPL", "US"), now=LAST_CLOSE)
    assert quote.price == Decimal("430.47")
    assert (quote.open, quote.high, quote.low) == (Decimal("438.0"), Decimal("438.1799"), Decimal("429.98"))
    assert quote.volume == 19730300
    assert quote.as_of == LAST_CLOSE
    assert quote.change_pct == Decimal("-2.4762")  # from 441.40, no dividend between


def test_quote_when_a_session_has_not_closed_is_that_of_the_session_before(sample: SampleHistory) -> None:
    before = LAST_CLOSE.replace(hour=20, minute=59)
    quote = sample.quote(sample.resolve("AAPL", "US"), now=before)
    assert quote.price == Decimal("441.4")
    assert quote.as_of == datetime(2013, 2, 28, 21, tzinfo=UTC)


def test_quote_when_a_split_came_overnight_is_raw_and_its_change_adjusted(sample: SampleHistory) -> None:
    monday = datetime(2005, 2, 28, 21, tzinfo=UTC)
    closes = [bar.close for bar in bars(sample, "AAPL", "1d", monday, limit=2)]
    assert closes == [Decimal("88.99"), Decimal("44.86")]  # two for one
    change = sample.quote(sample.resolve("AAPL", "US"), now=monday).change_pct
    assert change is not None
    assert float(change) == pytest.approx((2 * 44.86 / 88.99 - 1) * 100, abs=1e-3)


def test_quote_when_before_the_listing_is_not_found(sample: SampleHistory) -> None:
    facebook = sample.resolve("FB", "US")
    with pytest.raises(NotFound, match="2012-05-18"):
        sample.quote(facebook, now=datetime(2012, 5, 17, 22, tzinfo=UTC))
    apple = sample.resolve("AAPL", "US")
    found = sample.quotes([facebook, apple], now=datetime(2012, 5, 17, 22, tzinfo=UTC))
    assert found[0] is None
    assert found[1] is not None


def test_quote_when_it_is_the_first_session_has_no_change(sample: SampleHistory) -> None:
    quote = sample.quote(sample.resolve("FB", "US"), now=datetime(2012, 5, 18, 20, tzinfo=UTC))
    assert quote.price == Decimal("38.2318")
    assert quote.change_pct is None


def test_bars_when_new_york_saves_daylight_end_an_hour_earlier(sample: SampleHistory) -> None:
    summer = bars(sample, "IBM", "1d", datetime(2012, 7, 2, 20, tzinfo=UTC), limit=1)
    assert summer[0].session == "2012-07-02"
    assert summer[0].time == datetime(2012, 7, 2, 20, tzinfo=UTC)


def test_weekly_bar_when_its_week_is_over_sums_five_sessions(sample: SampleHistory) -> None:
    (week,) = bars(sample, "MSFT", "1w", LAST_CLOSE, limit=1)
    assert (week.open, week.high, week.low, week.close) == tuple(
        map(Decimal, ("27.97", "28.05", "27.33", "27.95"))
    )
    assert week.volume == 48011800 + 49923300 + 36394700 + 35840200 + 34849700
    assert (week.session, week.time) == ("2013-03-01", LAST_CLOSE)


def test_weekly_bar_when_its_week_is_running_is_not_shown(sample: SampleHistory) -> None:
    thursday = datetime(2013, 2, 28, 21, tzinfo=UTC)
    assert bars(sample, "MSFT", "1w", thursday, limit=1)[0].session == "2013-02-22"


def test_weekly_bar_when_a_split_fell_in_its_week_is_adjusted_by_session(sample: SampleHistory) -> None:
    now = datetime(2000, 6, 23, 20, tzinfo=UTC)
    (raw,) = bars(sample, "AAPL", "1w", now, limit=1)
    assert (raw.open, raw.close) == (Decimal("90.56"), Decimal("51.69"))
    (adjusted,) = bars(sample, "AAPL", "1w", now, limit=1, adjusted=True)
    assert float(adjusted.open) == pytest.approx(90.56 * 3.1042541639492 / 96.62)
    assert float(adjusted.high) == pytest.approx(57.63 * 3.4538120743587 / 53.75)
    assert float(adjusted.low) == pytest.approx(89.81 * 3.1042541639492 / 96.62)
    assert adjusted.close == Decimal("3.3214427185786")


def test_bars_when_start_and_end_are_given_lie_between(sample: SampleHistory) -> None:
    start, end = datetime(2013, 2, 25, 21, tzinfo=UTC), datetime(2013, 2, 28, 21, tzinfo=UTC)
    shown = bars(sample, "AAPL", "1d", LAST_CLOSE, start=start, end=end)
    assert [bar.session for bar in shown] == ["2013-02-26", "2013-02-27", "2013-02-28"]


def test_bars_when_the_timeframe_is_intraday_say_which_there_are(sample: SampleHistory) -> None:
    with pytest.raises(InvalidParams, match="1d, 1w") as refused:
        bars(sample, "AAPL", "5m", LAST_CLOSE)
    assert refused.value.details["timeframe"]["allowed"] == ["1d", "1w"]


def test_resolve_when_asked_for_googl_gives_goog_and_says_why(sample: SampleHistory) -> None:
    found = sample.resolve("googl", "US")
    assert found.symbol == "GOOG"
    assert found.note is not None
    assert "class A" in found.note


def test_resolve_when_the_symbol_is_not_held_names_what_is(sample: SampleHistory) -> None:
    with pytest.raises(NotFound, match="AAPL, FB, GOOG, IBM, MSFT"):
        sample.resolve("TSLA", "US")
