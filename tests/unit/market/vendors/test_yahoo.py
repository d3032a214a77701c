"""The yahoo provider on answers in Yahoo's shape."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from tacore.errors import Unavailable
from tacore.market.router import Markets
from tests.support.vendors.serving import serving
from tests.support.vendors.yahoo import YahooServer

CHART = "/v8/finance/chart/AAPL"
OPENED = {  # of three sessions around the change of the clocks on 2024-03-10
    "2024-03-08": 1709908200,
    "2024-03-11": 1710163800,
    "2024-03-12": 1710250200,
}
META = {
    "currency": "USD",
    "symbol": "AAPL",
    "exchangeName": "NMS",
    "fullExchangeName": "NasdaqGS",
    "instrumentType": "EQUITY",
    "firstTradeDate": 345479400,
    "regularMarketTime": 1710273601,
    "gmtoffset": -14400,
    "timezone": "EDT",
    "exchangeTimezoneName": "America/New_York",
    "regularMarketPrice": 173.23,
    "priceHint": 2,
    "currentTradingPeriod": {
        name: {"timezone": "EDT", "start": 1710250200, "end": 1710273600, "gmtoffset": -14400}
        for name in ("pre", "regular", "post")
    },
    "dataGranularity": "1d",
    "range": "",
    "validRanges": ["1d", "5d", "1mo", "max"],
}
Opened = tuple[YahooServer, Markets]


@pytest.fixture
def us(tmp_path: Path) -> Iterator[Opened]:
    with serving("yahoo", "US", tmp_path) as (server, markets):
        yield cast("YahooServer", server), markets


def chart(stamps: list[int], columns: dict[str, list[float | None]], adjusted: list[float | None]) -> object:
    indicators = {"quote": [columns], "adjclose": [{"adjclose": adjusted}]}
    result = {"meta": META, "timestamp": stamps, "indicators": indicators}
    return {"chart": {"result": [result], "error": None}}


def test_bars_when_yahoo_sends_32_bit_floats_have_the_prices_that_were_traded(us: Opened) -> None:
    server, markets = us
    server.recorded[CHART] = chart(
        list(OPENED.values()),
        {
            "open": [169.0, 172.94000244140625, 173.14999389648438],
            "high": [173.6999969482422, 174.3800048828125, 174.02999877929688],
            "low": [168.94000244140625, 172.0500030517578, 171.00999450683594],
            "close": [170.72999572753906, 172.75, 173.22999572753906],
            "volume": [76114600, 60139500, 59825400],
        },
        [169.96640014648438, 171.97735595703125, 172.45521545410156],
    )
    provider = markets.provider("US")
    bars = provider.bars(provider.resolve("aapl", "US"), "1d", now=markets.now("US"))
    assert [(str(bar.open), str(bar.high), str(bar.low), str(bar.close)) for bar in bars] == [
        ("169.00", "173.70", "168.94", "170.73"),
        ("172.94", "174.38", "172.05", "172.75"),
        ("173.15", "174.03", "171.01", "173.23"),
    ]
    assert [str(bar.adjusted_close) for bar in bars] == ["169.9664", "171.9774", "172.4552"]
    assert [str(bar.volume) for bar in bars] == ["76114600", "60139500", "59825400"]
    assert [bar.session for bar in bars] == list(OPENED)
    assert [bar.time.hour for bar in bars] == [21, 20, 20]  # 16:00 in New York, winter and summer
    assert {bar.source for bar in bars} == {"yahoo"}


def test_bars_when_yahoo_has_a_row_without_prices_leave_it_out(us: Opened) -> None:
    server, markets = us
    row: list[float | None] = [170.0, None, 171.0]
    columns = {key: row for key in ("open", "high", "low", "close")} | {"volume": [5, None, 6]}
    server.recorded[CHART] = chart(list(OPENED.values()), columns, row)
    provider = markets.provider("US")
    bars = provider.bars(provider.resolve("AAPL", "US"), "1d", now=markets.now("US"))
    assert [bar.session for bar in bars] == ["2024-03-08", "2024-03-12"]


def test_bars_when_the_session_still_lasts_leave_it_out(us: Opened) -> None:
    server, markets = us
    prices: list[float | None] = [170.0, 171.0, 172.0]
    columns = {key: prices for key in ("open", "high", "low", "close")} | {"volume": prices}
    server.recorded[CHART] = chart(list(OPENED.values()), columns, prices)
    provider = markets.provider("US")
    instrument = provider.resolve("AAPL", "US")
    noon = datetime(2024, 3, 12, 16, tzinfo=UTC)
    assert provider.bars(instrument, "1d", now=noon)[-1].session == "2024-03-11"
    closed = datetime(2024, 3, 12, 20, tzinfo=UTC)
    assert provider.bars(instrument, "1d", now=closed)[-1].session == "2024-03-12"


def test_hours_when_the_session_ends_end_with_it(us: Opened) -> None:
    _, markets = us
    provider = markets.provider("US")
    bars = provider.bars(provider.resolve("AAPL", "US"), "1h", now=markets.now("US"), limit=7)
    ends = [(bar.time.hour, bar.time.minute) for bar in bars]
    assert ends == [(14, 30), (15, 30), (16, 30), (17, 30), (18, 30), (19, 30), (20, 0)]


def test_weeks_when_made_of_days_wait_for_their_friday(us: Opened) -> None:
    _, markets = us
    provider = markets.provider("US")
    instrument = provider.resolve("AAPL", "US")
    week = provider.bars(instrument, "1w", now=markets.now("US"), limit=1)[0]  # a Wednesday
    days = provider.bars(instrument, "1d", now=markets.now("US"), limit=7)[:5]
    assert week.session == days[-1].session == "2024-03-08"
    assert week.open == days[0].open
    assert week.volume == sum(day.volume for day in days)


def test_quotes_when_many_are_asked_for_are_one_question(us: Opened) -> None:
    server, markets = us
    provider = markets.provider("US")
    instruments = provider.instruments("US")
    server.asked.clear()
    quotes = provider.quotes(instruments, now=markets.now("US"))
    asked = [params["symbols"] for path, params in server.asked if path == "/v7/finance/quote"]
    assert asked == ["AAPL,BRK-B,MSFT"]
    assert all(quotes)


def test_quote_when_yahoo_answers_has_its_numbers_and_its_time(us: Opened) -> None:
    server, markets = us
    provider = markets.provider("US")
    instrument = provider.resolve("AAPL", "US")
    said = {
        "symbol": "AAPL",
        "priceHint": 2,
        "currency": "USD",
        "regularMarketTime": 1710273601,
        "regularMarketPrice": 173.22999572753906,
        "regularMarketOpen": 173.14999389648438,
        "regularMarketDayHigh": 174.02999877929688,
        "regularMarketDayLow": 171.00999450683594,
        "regularMarketVolume": 59825400,
        "regularMarketPreviousClose": 172.75,
    }
    server.recorded["/v7/finance/quote"] = {"quoteResponse": {"result": [said], "error": None}}
    quote = provider.quote(instrument, now=markets.now("US"))
    assert (quote.price, quote.low, quote.high) == (Decimal("173.23"), Decimal("171.01"), Decimal("174.03"))
    assert quote.change_pct == Decimal("0.2779")  # 173.23 / 172.75 - 1
    assert quote.as_of == datetime(2024, 3, 12, 20, 0, 1, tzinfo=UTC)


def test_quote_when_the_market_is_a_replay_shows_nothing_of_later(us: Opened) -> None:
    _, markets = us
    provider = markets.provider("US")
    instrument = provider.resolve("AAPL", "US")
    then = markets.now("US") - timedelta(days=30)
    quote = provider.quote(instrument, now=then)
    last = provider.bars(instrument, "1d", now=then, limit=1)[0]
    assert (quote.price, quote.as_of, quote.source) == (last.close, last.time, "yahoo")


def test_quote_when_the_crumb_has_expired_comes_with_another(us: Opened) -> None:
    server, markets = us
    provider = markets.provider("US")
    instrument = provider.resolve("AAPL", "US")
    server.crumb = "another.Crumb"
    assert provider.quote(instrument, now=markets.now("US")).price > 0


def test_bars_when_yahoo_shows_its_page_for_being_down_say_so(us: Opened) -> None:
    server, markets = us
    provider = markets.provider("US")
    instrument = provider.resolve("AAPL", "US")
    server.recorded[CHART] = "Will be right back..."
    with pytest.raises(Unavailable) as failed:
        provider.bars(instrument, "1d", now=markets.now("US"))
    assert failed.value.details["reason"] == "server_error"


def test_listing_when_no_universe_is_named_says_where_to_name_it(tmp_path: Path) -> None:
    with serving("yahoo", "US", tmp_path, universe=[]) as (_, markets):
        with pytest.raises(Unavailable, match=r"providers\.yahoo\.universe") as failed:
            markets.provider("US").instruments("US")
        assert failed.value.retryable is False


def test_listing_when_the_universe_has_an_unknown_symbol_warns_and_leaves_it_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving("yahoo", "US", tmp_path, universe=["AAPL", "ZZZZ"]) as (_, markets):
        assert [each.symbol for each in markets.provider("US").instruments("US")] == ["AAPL"]
    (told,) = [each for each in caplog.records if each.msg == "universe_has_unknown_symbols"]
    assert vars(told)["symbols"] == ["ZZZZ"]


@pytest.mark.parametrize(
    ("market", "spelling", "symbol", "currency"),
    [
        ("CN", "sh600519", "600519", "CNY"),
        ("HK", "700.hk", "0700", "HKD"),
        ("CRYPTO", "btcusdt", "BTC/USDT", "USD"),
    ],
)
def test_resolve_when_spelled_otherwise_is_the_markets_own(
    market: str, spelling: str, symbol: str, currency: str, tmp_path: Path
) -> None:
    with serving("yahoo", market, tmp_path) as (_, markets):
        found = markets.provider(market).resolve(spelling, market)
        assert (found.symbol, found.currency) == (symbol, currency)
        assert (found.note is not None) == (market == "CRYPTO")
