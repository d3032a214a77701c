"""The synthetic provider: the same everywhere, consistent over timeframes, blind to the future."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import correlation, mean, median, stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tacore.errors import NotFound
from tacore.market.synthetic.market import SyntheticMarket
from tacore.model import Bar, Quote
from tacore.model.markets import SyntheticSettings

NOON = datetime(2024, 3, 13, 3, 47, 21, tzinfo=UTC)  # a Wednesday, before noon in Shanghai
MARKETS = ("CN", "HK", "CRYPTO", "SIM")


def market(name: str, size: int = 60, seed: int = 1) -> SyntheticMarket:
    return SyntheticMarket(name, SyntheticSettings(seed=seed, size=size))


def bars(
    provider: SyntheticMarket, name: str, symbol: str, timeframe: str, now: datetime, limit: int
) -> list[Bar]:
    return list(provider.bars(provider.resolve(symbol, name), timeframe, now=now, limit=limit))


def quote(provider: SyntheticMarket, name: str, symbol: str, now: datetime) -> Quote:
    return provider.quote(provider.resolve(symbol, name), now=now)


def test_price_when_another_process_asks_is_the_same() -> None:
    code = (
        "from datetime import UTC, datetime\n"
        "from tacore.market.synthetic.market import SyntheticMarket\n"
        "from tacore.model.markets import SyntheticSettings\n"
        "made = SyntheticMarket('CRYPTO', SyntheticSettings(seed=1, size=3))\n"
        "print(made.quote(made.resolve('BTC', 'CRYPTO'), now=datetime(2024, 3, 13, 3, 47, 21, tzinfo=UTC)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str(quote(market("CRYPTO"), "CRYPTO", "BTC", NOON))


def test_anchors_when_made_do_not_load_numpy() -> None:
    code = (
        "import sys\n"
        "from tacore.market.anchors import make_anchors\n"
        "from tacore.model.markets import parse_markets\n"
        "make_anchors(parse_markets({'US': {'provider': 'sample'}, 'CN': {'provider': 'synthetic'}}), 0)\n"
        "print('numpy' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


@pytest.mark.parametrize("name", MARKETS)
def test_quotes_when_the_universe_grows_or_is_asked_whole_stay(name: str) -> None:
    small, large = market(name, size=20), market(name, size=400)
    everyone = large.instruments(name)
    whole = {
        each.symbol: found for each, found in zip(everyone, large.quotes(everyone, now=NOON), strict=True)
    }
    for each in small.instruments(name):
        assert small.quote(each, now=NOON) == whole[each.symbol] == large.quote(each, now=NOON)


def test_price_when_the_seed_differs_differs() -> None:
    prices = {quote(market("CRYPTO", seed=seed), "CRYPTO", "BTC", NOON).price for seed in range(5)}
    assert len(prices) == 5


@pytest.mark.parametrize(
    ("name", "symbol", "low", "high"),
    [("CRYPTO", "BTC", 30_000, 85_000), ("CRYPTO", "ETH", 1_700, 5_200), ("CN", "600519", 1_000, 2_500)],
)
def test_levels_when_looked_at_over_twenty_years_stay_plausible(
    name: str, symbol: str, low: int, high: int
) -> None:
    made = market(name, size=20)
    prices = [quote(made, name, symbol, NOON - timedelta(days=36 * back)).price for back in range(200)]
    assert low < min(prices) < max(prices) < high


@pytest.mark.parametrize("name", MARKETS)
@pytest.mark.parametrize("timeframe", ["1m", "5m", "15m", "1h"])
def test_daily_bar_when_built_of_intraday_bars_agrees(name: str, timeframe: str) -> None:
    made = market(name)
    symbol = made.instruments(name)[7].symbol
    day = bars(made, name, symbol, "1d", NOON, limit=1)[0]
    parts = [
        bar for bar in bars(made, name, symbol, timeframe, day.time, limit=1440) if bar.session == day.session
    ]
    assert parts[0].open == day.open
    assert parts[-1].close == day.close
    assert parts[-1].time == day.time
    assert max(bar.high for bar in parts) == day.high
    assert min(bar.low for bar in parts) == day.low
    assert sum(bar.volume for bar in parts) == day.volume


@pytest.mark.parametrize(("name", "sessions"), [("CN", 5), ("CRYPTO", 7)])
def test_weekly_bar_when_built_of_daily_bars_agrees(name: str, sessions: int) -> None:
    made = market(name)
    symbol = made.instruments(name)[0].symbol
    week = bars(made, name, symbol, "1w", NOON, limit=1)[0]
    days = bars(made, name, symbol, "1d", week.time, limit=sessions)
    assert (week.open, week.close) == (days[0].open, days[-1].close)
    assert week.high == max(bar.high for bar in days)
    assert week.volume == sum(bar.volume for bar in days)
    assert datetime.fromisoformat(days[0].session).weekday() == 0
    assert week.session == days[-1].session


def test_bars_when_the_market_breaks_for_lunch_do_not_span_it() -> None:
    made = market("HK")
    close = datetime(2024, 3, 12, 8, tzinfo=UTC)
    hours = [
        bar.time.astimezone(UTC).strftime("%H:%M") for bar in bars(made, "HK", "700", "1h", close, limit=6)
    ]
    assert hours == ["02:30", "03:30", "04:00", "06:00", "07:00", "08:00"]


def test_sessions_when_listed_are_weekdays_only() -> None:
    sessions = [bar.session for bar in bars(market("CN"), "CN", "600519", "1d", NOON, limit=10)]
    assert sessions[-3:] == ["2024-03-08", "2024-03-11", "2024-03-12"]
    assert all(datetime.fromisoformat(session).weekday() < 5 for session in sessions)


@pytest.mark.parametrize(
    ("now", "as_of"),
    [
        (
            datetime(2024, 3, 13, 3, 47, 21, 999, tzinfo=UTC),
            datetime(2024, 3, 13, 3, 30, tzinfo=UTC),
        ),  # lunch
        (datetime(2024, 3, 13, 2, 0, 21, 999, tzinfo=UTC), datetime(2024, 3, 13, 2, 0, 21, tzinfo=UTC)),
        (datetime(2024, 3, 13, 12, tzinfo=UTC), datetime(2024, 3, 13, 7, tzinfo=UTC)),  # evening
        (datetime(2024, 3, 13, 1, tzinfo=UTC), datetime(2024, 3, 12, 7, tzinfo=UTC)),  # before the open
        (datetime(2024, 3, 17, 12, tzinfo=UTC), datetime(2024, 3, 15, 7, tzinfo=UTC)),  # Sunday
    ],
)
def test_quote_when_shanghai_rests_is_of_its_last_moment(now: datetime, as_of: datetime) -> None:
    assert quote(market("CN"), "CN", "600519", now).as_of == as_of


@pytest.mark.parametrize("name", MARKETS)
def test_quote_when_the_session_has_closed_is_its_bar(name: str) -> None:
    made = market(name)
    symbol = made.instruments(name)[3].symbol
    before, day = bars(made, name, symbol, "1d", NOON, limit=2)
    just_before = quote(made, name, symbol, day.time - timedelta(microseconds=1))
    assert just_before.as_of == day.time - timedelta(seconds=1)
    closed = bars(made, name, symbol, "1m", day.time, limit=1)[0]
    assert closed.low <= just_before.price <= closed.high
    if name in ("CN", "HK"):
        seen = quote(made, name, symbol, day.time)
        assert (seen.price, seen.open, seen.high, seen.low) == (day.close, day.open, day.high, day.low)
        assert seen.volume == day.volume
        assert seen.change_pct is not None
        assert float(seen.change_pct) == pytest.approx(float(day.close / before.close - 1) * 100, abs=1e-3)


def test_change_24h_when_the_market_never_closes_is_against_the_day_before() -> None:
    made = market("CRYPTO")
    now, then = quote(made, "CRYPTO", "BTC", NOON), quote(made, "CRYPTO", "BTC", NOON - timedelta(hours=24))
    assert now.change_24h is not None
    assert float(now.change_24h) == pytest.approx(float(now.price / then.price - 1) * 100, abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(
    later=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=900)), name=st.sampled_from(MARKETS)
)
def test_bars_when_time_goes_on_never_change(later: timedelta, name: str) -> None:
    made = market(name, size=14)
    symbol = made.instruments(name)[2].symbol
    instrument = made.resolve(symbol, name)
    for timeframe in ("5m", "1d", "1w"):
        known = list(made.bars(instrument, timeframe, now=NOON, limit=5))
        assert known == list(made.bars(instrument, timeframe, now=NOON + later, end=NOON, limit=5))
        assert all(bar.time <= NOON for bar in known)


@settings(max_examples=40, deadline=None)
@given(second=st.integers(0, 86_400 - 2), name=st.sampled_from(MARKETS))
def test_quote_when_a_second_passes_only_widens_the_day(second: int, name: str) -> None:
    made = market(name, size=14)
    symbol = made.instruments(name)[5].symbol
    now = datetime(2024, 3, 13, tzinfo=UTC) + timedelta(seconds=second)
    before, after = quote(made, name, symbol, now), quote(made, name, symbol, now + timedelta(seconds=1))
    assert before.low <= before.price <= before.high
    if before.as_of.date() == after.as_of.date():
        assert after.high >= before.high
        assert after.low <= before.low
        assert after.volume >= before.volume
        assert abs(after.price / before.price - 1) < Decimal("0.01")


def test_returns_when_of_one_sector_move_together_and_have_the_markets_volatility() -> None:
    made = market("CN", size=200)
    banks = [each.symbol for each in made.instruments("CN") if each.sector == "financials"][:4]
    others = [each.symbol for each in made.instruments("CN") if each.sector == "energy"][:4]

    def returns(symbol: str) -> list[float]:
        closes = [float(bar.close) for bar in bars(made, "CN", symbol, "1d", NOON, limit=500)]
        return [after / before - 1 for before, after in pairwise(closes)]

    moves = {symbol: returns(symbol) for symbol in banks + others}
    within = mean(correlation(moves[a], moves[b]) for a in banks for b in banks if a < b)
    across = mean(correlation(moves[a], moves[b]) for a in banks for b in others)
    assert within > across > 0.1
    assert 0.008 < median(stdev(each) for each in moves.values()) < 0.035


def test_instruments_when_any_size_is_asked_are_so_many_and_differ() -> None:
    for name, size in (("CN", 5000), ("HK", 300), ("CRYPTO", 1), ("SIM", 1000)):
        symbols = [each.symbol for each in market(name, size=size).instruments(name)]
        assert len(set(symbols)) == size
        assert symbols == sorted(symbols)


def test_resolve_when_there_is_no_such_instrument_says_why() -> None:
    with pytest.raises(NotFound, match="none of the 60"):
        market("CN").resolve("999999", "CN")
    with pytest.raises(NotFound, match="cash"):
        market("CRYPTO").resolve("USDT", "CRYPTO")


def test_quote_when_before_the_market_began_is_not_found() -> None:
    with pytest.raises(NotFound, match="2000-01-03"):
        quote(market("CN"), "CN", "600519", datetime(1999, 12, 31, tzinfo=UTC))


def test_history_when_of_more_rows_than_are_drawn_at_once_is_the_bars_of_each() -> None:
    provider = market("CN", 90)
    now = datetime(2024, 3, 13, 6, 30, tzinfo=UTC)
    some = provider.instruments("CN")[3:80]
    history = provider.history(some, now=now, sessions=3)
    for row, each in enumerate(some):
        bars = provider.bars(each, "1d", now=now, limit=3)
        assert [str(day) for day in history.sessions] == [bar.session for bar in bars]
        for name in ("open", "high", "low", "close", "volume", "adjusted_close"):
            assert getattr(history, name)[row].tolist() == [float(getattr(bar, name)) for bar in bars]


@pytest.mark.parametrize("name", ["CN", "SIM"])
def test_history_when_of_closes_only_draws_no_minute_and_closes_on_the_same_ticks(name: str) -> None:
    provider, now = market(name, 40), datetime(2024, 3, 13, 6, 30, tzinfo=UTC)
    some = provider.instruments(name)
    whole = provider.history(some, now=now, sessions=70)  # more than a block of sessions
    closes = provider.history(some, now=now, sessions=70, closes_only=True)
    np.testing.assert_array_equal(closes.close, whole.close)
    np.testing.assert_array_equal(closes.adjusted_close, whole.adjusted_close)
    np.testing.assert_array_equal(closes.sessions, whole.sessions)
    for column in (closes.open, closes.high, closes.low, closes.volume):
        assert column.shape == closes.close.shape
        assert np.isnan(column).all()


def test_history_when_of_nothing_has_no_rows() -> None:
    provider = market("SIM", 3)
    now = datetime(2024, 3, 13, tzinfo=UTC)
    assert provider.history([], now=now, sessions=5).close.shape == (0, 5)
    assert provider.history(provider.instruments("SIM"), now=now, sessions=0).close.shape == (3, 0)
    assert provider.history([], now=now, sessions=5, closes_only=True).close.shape == (0, 5)
    everyone = provider.instruments("SIM")
    assert provider.history(everyone, now=now, sessions=0, closes_only=True).close.shape == (3, 0)
