"""The ccxt provider on answers in Binance's shape."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from tacore.errors import ConfigurationError, NotFound, Unavailable
from tacore.market.router import Markets
from tests.support.vendors import tape
from tests.support.vendors.binance import BinanceServer
from tests.support.vendors.server import VendorServer
from tests.support.vendors.serving import markets_of, serving

KLINES, TICKERS = "/api/v3/klines", "/api/v3/ticker/24hr"
Opened = tuple[VendorServer, Markets]


@pytest.fixture
def coins(tmp_path: Path) -> Iterator[Opened]:
    with serving("ccxt", "CRYPTO", tmp_path) as (server, markets):
        yield server, markets


def test_bars_when_the_exchange_sends_text_have_its_digits(coins: Opened) -> None:
    server, markets = coins
    began_ms = 1710201600000  # 2024-03-12
    prices = ["0.05593000", "0.05624100", "0.05527000", "0.05577000"]
    rest = [began_ms + 86399999, "2017.60443137", 117045, "17503.60250000", "977.30251420", "0"]
    server.recorded[KLINES] = [[began_ms, *prices, "36144.69310000", *rest]]
    provider = markets.provider("CRYPTO")
    (bar,) = provider.bars(provider.resolve("eth-btc", "CRYPTO"), "1d", now=markets.now("CRYPTO"))
    read = [str(each) for each in (bar.open, bar.high, bar.low, bar.close, bar.volume)]
    assert read == [*prices, "36144.69310000"]
    assert bar.time == datetime(2024, 3, 13, tzinfo=UTC)
    assert bar.session == "2024-03-12"
    assert bar.adjusted_close == bar.close


@pytest.mark.parametrize("most", [1000, 300])
def test_bars_when_they_take_several_pages_are_all_there(coins: Opened, most: int) -> None:
    server, markets = coins
    cast("BinanceServer", server).most = most
    provider = markets.provider("CRYPTO")
    instrument = provider.resolve("BTC/USDT", "CRYPTO")
    server.asked.clear()
    bars = provider.bars(instrument, "1m", now=markets.now("CRYPTO"), limit=1200)
    assert [int(bar.close * 100) for bar in bars] == [
        row.close for row in tape.intraday("BTCUSDT", "CRYPTO", 1, tape.PRESENT - timedelta(minutes=1200))
    ]
    assert {path for path, _ in server.asked} == {KLINES}
    assert len({params["startTime"] for _, params in server.asked}) == len(server.asked) > 2


def test_weeks_when_made_of_days_run_from_monday_to_sunday(coins: Opened) -> None:
    _, markets = coins
    provider = markets.provider("CRYPTO")
    instrument = provider.resolve("BTC/USDT", "CRYPTO")
    week = provider.bars(instrument, "1w", now=markets.now("CRYPTO"), limit=1)[0]
    assert week.session == "2024-03-10"  # a Sunday
    days = [each for each in provider.bars(instrument, "1d", now=week.time, limit=7)]
    assert days[0].session == "2024-03-04"
    assert (week.open, week.close) == (days[0].open, days[-1].close)
    assert week.high == max(day.high for day in days)


def test_instruments_when_a_pair_does_not_trade_any_more_lack_it(coins: Opened) -> None:
    _, markets = coins
    provider = markets.provider("CRYPTO")
    assert [each.symbol for each in provider.instruments("CRYPTO")] == ["BTC/USDT", "ETH/BTC", "ETH/USDT"]
    assert provider.resolve("ETH/BTC", "CRYPTO").currency == "BTC"
    with pytest.raises(NotFound):
        provider.resolve("LUNA/USDT", "CRYPTO")


def test_instruments_when_a_universe_is_named_are_of_it(tmp_path: Path) -> None:
    universe = ["ethusdt", "BTC-USDT", "AAPL", "0700"]
    with serving("ccxt", "CRYPTO", tmp_path, universe=universe) as (_, markets):
        listed = markets.provider("CRYPTO").instruments("CRYPTO")
        assert [each.symbol for each in listed] == ["BTC/USDT", "ETH/USDT"]


def test_quotes_when_many_are_asked_for_are_one_question(coins: Opened) -> None:
    server, markets = coins
    provider = markets.provider("CRYPTO")
    instruments = provider.instruments("CRYPTO")
    server.asked.clear()
    quotes = provider.quotes(instruments, now=markets.now("CRYPTO"))
    assert server.asked == [(TICKERS, {"symbols": '["BTCUSDT","ETHBTC","ETHUSDT"]'})]
    day, last = tape.daily("ETHBTC", "CRYPTO")[-2:]
    found = quotes[1]
    assert found is not None
    assert found.price == Decimal(last.close) / 100
    assert found.change_24h == found.change_pct
    assert float(found.change_pct or 0) == pytest.approx((last.close / day.open - 1) * 100, abs=0.0005)
    assert found.as_of == tape.PRESENT - timedelta(seconds=2)


def test_start_when_the_exchange_is_unknown_stops_and_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"providers\.ccxt\.exchange = 'binanse'"):
        markets_of("ccxt", "CRYPTO", tmp_path, exchange="binanse")


@pytest.mark.parametrize("exchange", ["binance", "kraken", "coinbase", "okx", "bybit"])
def test_start_when_another_exchange_is_named_asks_it_at_the_base_url(exchange: str, tmp_path: Path) -> None:
    with serving("ccxt", "CRYPTO", tmp_path, exchange=exchange) as (server, markets):
        server.mode = "server_error"
        with pytest.raises(Unavailable, match="trouble of its own"):
            markets.provider("CRYPTO").resolve("BTC/USDT", "CRYPTO")
        assert server.asked
