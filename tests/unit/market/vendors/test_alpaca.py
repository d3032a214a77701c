"""The alpaca provider on answers in Alpaca's shape."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tacore.errors import ConfigurationError, NotFound
from tacore.market.router import Markets
from tests.support.vendors import tape
from tests.support.vendors.alpaca import snapshot
from tests.support.vendors.server import VendorServer
from tests.support.vendors.serving import KEY, SECRET, markets_of, serving

BARS, SNAPSHOTS = "/v2/stocks/bars", "/v2/stocks/snapshots"
Opened = tuple[VendorServer, Markets]


@pytest.fixture
def us(tmp_path: Path) -> Iterator[Opened]:
    with serving("alpaca", "US", tmp_path) as (server, markets):
        yield server, markets


def raw(stamp: str, open_: float, high: float, low: float, close: float, volume: int) -> dict[str, object]:
    prices = {"o": open_, "h": high, "l": low, "c": close, "v": volume}
    return {"t": stamp, **prices, "n": 12, "vw": round((high + low) / 2, 4)}


def test_keys_when_in_files_are_sent_in_headers_and_shown_nowhere(us: Opened) -> None:
    server, markets = us
    provider = markets.provider("US")
    provider.resolve("AAPL", "US")
    sent = {key.lower(): value for key, value in server.headers[-1].items()}
    assert (sent["apca-api-key-id"], sent["apca-api-secret-key"]) == (KEY, SECRET)
    assert all(SECRET not in str(asked) for asked in server.asked)


def test_keys_when_in_the_environment_are_found_by_the_names_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "PKFROMENV")
    monkeypatch.setenv("MY_SECRET", "from-env")
    names = {"api_key_env": "MY_KEY", "secret_key_env": "MY_SECRET"}
    none = {"api_key_file": None, "secret_key_file": None}
    with serving("alpaca", "US", tmp_path, **none, **names) as (server, markets):
        markets.provider("US").resolve("AAPL", "US")
        assert {key.lower(): value for key, value in server.headers[-1].items()}[
            "apca-api-key-id"
        ] == "PKFROMENV"


def test_keys_when_missing_stop_the_start_and_say_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APCA_API_KEY_ID", raising=False)
    with pytest.raises(ConfigurationError, match="APCA_API_KEY_ID"):
        markets_of("alpaca", "US", tmp_path, api_key_file=None)
    with pytest.raises(ConfigurationError, match=r"cannot read .*nowhere"):
        markets_of("alpaca", "US", tmp_path, api_key_file="nowhere")


def test_bars_when_a_dividend_was_paid_have_adjusted_closes_before_it(us: Opened) -> None:
    _, markets = us
    provider = markets.provider("US")
    bars = provider.bars(provider.resolve("AAPL", "US"), "1d", now=markets.now("US"), limit=10)
    for bar in bars:
        paid = Decimal(1) if bar.session >= str(tape.EX_DIVIDEND) else Decimal("0.99")
        assert bar.adjusted_close == pytest.approx(bar.close * paid, abs=Decimal("0.0001"))
    assert {bar.session >= str(tape.EX_DIVIDEND) for bar in bars} == {True, False}


def test_bars_when_they_take_several_pages_are_all_there(us: Opened) -> None:
    server, markets = us
    provider = markets.provider("US")
    instrument = provider.resolve("AAPL", "US")
    server.asked.clear()
    bars = provider.bars(instrument, "1m", now=markets.now("US"), limit=2000)
    assert len(bars) == 2000
    assert [params.get("page_token") for _, params in server.asked][:2] == [None, "1000"]
    expected = tape.intraday("AAPL", "US", 1, datetime(2024, 3, 1, tzinfo=UTC))[-2000:]
    assert [int(bar.close * 100) for bar in bars] == [row.close for row in expected]


def test_bars_when_outside_of_the_session_are_left_out(us: Opened) -> None:
    server, markets = us
    rows = [
        raw("2024-03-12T13:00:00Z", 172.0, 172.5, 171.9, 172.4, 900),  # 9:00 in New York, before the session
        raw("2024-03-12T13:30:00Z", 173.15, 173.2, 172.8, 172.9, 800),
        raw("2024-03-12T14:00:00Z", 172.9, 173.6, 172.85, 173.55, 700),
        raw("2024-03-12T14:30:00Z", 173.55, 173.7, 173.1, 173.2, 600),
        raw("2024-03-12T20:00:00Z", 173.2, 174.9, 173.0, 174.0, 500),  # after it
    ]
    server.recorded[BARS] = {"bars": {"AAPL": rows}, "next_page_token": None}
    provider = markets.provider("US")
    hour, half = provider.bars(provider.resolve("AAPL", "US"), "1h", now=markets.now("US"), limit=10)
    assert hour.time == datetime(2024, 3, 12, 14, 30, tzinfo=UTC)
    assert [str(each) for each in (hour.open, hour.high, hour.low, hour.close, hour.volume)] == [
        "173.15",
        "173.6",
        "172.8",
        "173.55",
        "1500",
    ]
    assert half.time == datetime(2024, 3, 12, 15, 0, tzinfo=UTC)


def test_quotes_when_many_are_asked_for_are_one_snapshot_and_two_histories(us: Opened) -> None:
    server, markets = us
    provider = markets.provider("US")
    instruments = provider.instruments("US")
    server.asked.clear()
    provider.quotes(instruments, now=markets.now("US"))
    assert [path for path, _ in server.asked] == [SNAPSHOTS, BARS, BARS]
    assert {params["symbols"] for _, params in server.asked} == {"AAPL,BRK.B,MSFT"}
    assert {params["feed"] for _, params in server.asked} == {"iex"}


@pytest.mark.parametrize(
    ("stamp", "cents"),
    [
        ("2024-03-12T22:15:00.5Z", 1),  # within the range, in the evening
        ("2024-03-12T19:15:00.5Z", -100),  # in the session, below its low: an odd lot, or late
    ],
)
def test_quote_when_the_last_trade_is_not_of_the_session_is_the_close(
    us: Opened, stamp: str, cents: int
) -> None:
    server, markets = us
    last = tape.daily("AAPL", "US")[-1]
    trade = {"t": stamp, "x": "V", "p": (last.low + cents) / 100, "s": 1, "c": ["@", "T"]}
    provider = markets.provider("US")
    instrument = provider.resolve("AAPL", "US")
    server.recorded[SNAPSHOTS] = {"AAPL": snapshot("AAPL") | {"latestTrade": trade}}
    quote = provider.quote(instrument, now=markets.now("US"))
    assert quote.price == Decimal(last.close) / 100
    assert quote.as_of == datetime(2024, 3, 12, 20, tzinfo=UTC)


def test_quote_when_trades_are_stamped_in_nanoseconds_has_microseconds(us: Opened) -> None:
    _, markets = us
    provider = markets.provider("US")
    quote = provider.quote(provider.resolve("AAPL", "US"), now=markets.now("US"))
    assert quote.as_of == datetime(2024, 3, 12, 19, 59, 58, 123456, tzinfo=UTC)
    last, before = (Decimal(row.close) for row in reversed(tape.daily("AAPL", "US")[-2:]))
    assert quote.change_pct == ((last / before - 1) * 100).quantize(Decimal("0.0001"))


def test_resolve_when_no_share_is_spelled_so_asks_nobody(us: Opened) -> None:
    server, markets = us
    assert markets.provider("US").instruments("US")
    server.asked.clear()
    with pytest.raises(NotFound, match="has no"):
        markets.provider("US").resolve("BTC/USDT", "US")
    assert server.asked == []
