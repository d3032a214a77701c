"""The akshare provider on answers in East Money's shape."""

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
import requests

from tacore.errors import NotFound
from tacore.market.router import Markets
from tests.support.vendors import tape
from tests.support.vendors.eastmoney import EastMoneyServer
from tests.support.vendors.server import VendorServer
from tests.support.vendors.serving import serving

KLINES, TRENDS = "/api/qt/stock/kline/get", "/api/qt/stock/trends2/get"
Opened = tuple[VendorServer, Markets]


@pytest.fixture
def mainland(tmp_path: Path) -> Iterator[Opened]:
    with serving("akshare", "CN", tmp_path) as (server, markets):
        yield server, markets


@pytest.fixture
def hongkong(tmp_path: Path) -> Iterator[Opened]:
    with serving("akshare", "HK", tmp_path) as (server, markets):
        yield server, markets


def test_bars_when_of_the_mainland_count_shares_and_not_lots(mainland: Opened) -> None:
    _, markets = mainland
    provider = markets.provider("CN")
    bars = provider.bars(provider.resolve("600519", "CN"), "1d", now=markets.now("CN"), limit=3)
    rows = [row for row in tape.daily("1.600519", "CN") if str(row.session) <= bars[-1].session][-3:]
    assert [bar.volume for bar in bars] == [row.volume * 100 for row in rows]
    assert [bar.close for bar in bars] == [Decimal(row.close) / 100 for row in rows]


def test_bars_when_of_hong_kong_count_shares_as_they_come(hongkong: Opened) -> None:
    server, markets = hongkong
    provider = markets.provider("HK")
    bars = provider.bars(provider.resolve("hk700", "HK"), "1d", now=markets.now("HK"), limit=3)
    rows = [row for row in tape.daily("116.00700", "HK") if str(row.session) <= bars[-1].session][-3:]
    assert [bar.volume for bar in bars] == [row.volume for row in rows]
    assert {params["secid"] for path, params in server.asked if path == KLINES} == {"116.00700"}


def test_bars_when_a_dividend_was_paid_are_adjusted_to_the_last_raw_close(mainland: Opened) -> None:
    _, markets = mainland
    provider = markets.provider("CN")
    bars = provider.bars(provider.resolve("600519", "CN"), "1d", now=markets.now("CN"), limit=12)
    for bar in bars:
        paid = Decimal(1) if bar.session >= str(tape.EX_DIVIDEND) else Decimal("0.99")
        assert bar.adjusted_close == pytest.approx(bar.close * paid, abs=Decimal("0.0002"))
    assert bars[-1].adjusted_close == bars[-1].close
    assert bars[0].session < str(tape.EX_DIVIDEND)


def test_minutes_when_the_auction_has_a_row_of_its_own_take_it_into_the_first(mainland: Opened) -> None:
    _, markets = mainland
    provider = markets.provider("CN")
    now = datetime(2024, 3, 13, 1, 33, tzinfo=UTC)  # 9:33 in Shanghai
    bars = provider.bars(provider.resolve("600519", "CN"), "1m", now=now, limit=3)
    assert [bar.time.minute for bar in bars] == [31, 32, 33]
    first = next(row for row in tape.intraday("1.600519", "CN", 1, now - timedelta(minutes=4)))
    assert bars[0].volume == (first.volume + 7) * 100
    assert bars[0].close == Decimal(first.close) / 100


@pytest.mark.parametrize(("timeframe", "ends"), [("1h", ["10:30", "11:30", "14:00", "15:00"])])
def test_hours_when_there_is_a_lunch_break_never_span_it(
    mainland: Opened, timeframe: str, ends: list[str]
) -> None:
    _, markets = mainland
    provider = markets.provider("CN")
    now = datetime(2024, 3, 12, 8, tzinfo=UTC)
    bars = provider.bars(provider.resolve("600519", "CN"), timeframe, now=now, limit=4)
    assert [f"{(bar.time + timedelta(hours=8)):%H:%M}" for bar in bars] == ends
    assert {bar.session for bar in bars} == {"2024-03-12"}


def test_quote_when_the_session_lasts_is_its_row_as_of_now(mainland: Opened) -> None:
    _, markets = mainland
    provider = markets.provider("CN")
    quote = provider.quote(provider.resolve("600519", "CN"), now=markets.now("CN"))
    before, last = tape.daily("1.600519", "CN")[-2:]
    assert quote.price == Decimal(last.close) / 100
    assert quote.as_of == markets.now("CN")
    change = (Decimal(last.close) / Decimal(before.close) - 1) * 100
    assert quote.change_pct == pytest.approx(change, abs=Decimal("0.001"))


def test_quote_when_the_market_is_a_replay_shows_nothing_of_later(mainland: Opened) -> None:
    _, markets = mainland
    provider = markets.provider("CN")
    instrument = provider.resolve("600519", "CN")
    noon = datetime(2024, 3, 5, 4, tzinfo=UTC)
    quote = provider.quote(instrument, now=noon)
    last = provider.bars(instrument, "1d", now=noon, limit=1)[0]
    assert last.session == "2024-03-04"
    assert (quote.price, quote.as_of) == (last.close, last.time)


@pytest.mark.parametrize("symbol", ["000001.SH", "900901", "511010", "60051", "AAPL"])
def test_resolve_when_akshare_would_ask_the_wrong_exchange_asks_nobody(mainland: Opened, symbol: str) -> None:
    server, markets = mainland
    with pytest.raises(NotFound):
        markets.provider("CN").resolve(symbol, "CN")
    assert server.asked == []


def test_resolve_when_east_money_knows_it_has_name_and_sector(mainland: Opened) -> None:
    _, markets = mainland
    found = markets.provider("CN").resolve("SZ000001", "CN")
    assert (found.symbol, found.name, found.sector, found.currency) == ("000001", "平安银行", "银行", "CNY")


def test_listing_when_it_has_several_pages_reads_them_all(
    mainland: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, markets = mainland
    naps: list[float] = []
    monkeypatch.setattr("time.sleep", naps.append)  # akshare's courtesy between two pages
    board = cast("EastMoneyServer", server).board
    pages = {"1": ["1.600519", "0.000001"], "2": ["0.300750"]}
    monkeypatch.setattr(server, "board", lambda asked: board(asked, pages[asked["pn"]], 3))
    listed: Any = markets.provider("CN").instruments("CN")
    assert [each.symbol for each in listed] == ["000001", "300750", "600519"]
    assert len(naps) == 1


def test_akshare_when_used_here_stays_as_it_is_for_others(mainland: Opened) -> None:
    shared: Any = importlib.import_module("akshare.stock_feature.stock_hist_em")
    assert shared.requests is requests
