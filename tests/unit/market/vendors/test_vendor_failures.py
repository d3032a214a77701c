"""What each vendor's provider makes of a vendor that does not answer as it should."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from curl_cffi import requests as curl

from tacore.errors import NotFound, TacoreError, Unavailable
from tacore.model import Instrument
from tacore.ports import MarketDataProvider
from tests.support.vendors.server import VendorServer
from tests.support.vendors.serving import KEY, SECRET, markets_of, serving

# A symbol that each vendor has, and one of the same shape that it has not.
SYMBOLS = {
    ("yahoo", "US"): ("AAPL", "ZZZZ"),
    ("yahoo", "HK"): ("0700", "9999"),
    ("akshare", "CN"): ("600519", "600000"),
    ("akshare", "HK"): ("0700", "9999"),
    ("alpaca", "US"): ("AAPL", "ZZZZ"),
    ("ccxt", "CRYPTO"): ("BTC/USDT", "ZZZ/USDT"),
}
REFUSALS = {
    "unauthorized": ("unauthorized", False),
    "forbidden": ("unauthorized", False),
    "rate_limited": ("rate_limited", True),
    "server_error": ("server_error", True),
    "down": ("server_error", True),
    "malformed": ("malformed", True),
    "nonsense": ("malformed", True),
    "incomplete": ("malformed", True),
    "empty": ("empty", True),
}


@dataclass
class Asking:
    """A provider that has found its instrument while the vendor was well."""

    server: VendorServer
    provider: MarketDataProvider
    market: str
    instrument: Instrument
    unknown: str
    now: datetime

    def bars(self) -> Any:
        return self.provider.bars(self.instrument, "1d", now=self.now, limit=20)

    def quote(self) -> Any:
        return self.provider.quote(self.instrument, now=self.now)

    def failure(self, ask: Callable[[], Any]) -> TacoreError:
        with pytest.raises(TacoreError) as failed:
            ask()
        return failed.value


@pytest.fixture(params=SYMBOLS, ids="-".join)
def asking(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asking]:
    name, market = request.param
    known, unknown = SYMBOLS[request.param]
    with serving(name, market, tmp_path) as (server, markets):
        provider = markets.provider(market)
        instrument = provider.resolve(known, market)
        yield Asking(server, provider, market, instrument, unknown, markets.now(market))


@pytest.mark.parametrize("mode", REFUSALS)
def test_bars_when_the_vendor_fails_say_why_and_whether_to_retry(asking: Asking, mode: str) -> None:
    asking.server.mode = mode
    failure = asking.failure(asking.bars)
    reason, retryable = REFUSALS[mode]
    assert isinstance(failure, Unavailable)
    assert failure.details["reason"] == reason
    assert failure.details["vendor"] == asking.provider.name
    assert failure.retryable is retryable


@pytest.mark.parametrize("mode", ["unauthorized", "rate_limited", "server_error", "malformed"])
def test_quote_when_the_vendor_fails_says_the_same(asking: Asking, mode: str) -> None:
    asking.server.mode = mode
    failure = asking.failure(asking.quote)
    assert (failure.details["reason"], failure.retryable) == REFUSALS[mode]


@pytest.mark.parametrize("mode", ["unauthorized", "rate_limited", "server_error", "malformed"])
@pytest.mark.parametrize(("name", "market"), SYMBOLS)
def test_resolve_when_the_vendor_fails_says_the_same(
    name: str, market: str, mode: str, tmp_path: Path
) -> None:
    with serving(name, market, tmp_path) as (server, markets):
        server.mode = mode
        with pytest.raises(Unavailable) as failed:
            markets.provider(market).resolve(SYMBOLS[name, market][0], market)
        assert (failed.value.details["reason"], failed.value.retryable) == REFUSALS[mode]


def test_bars_when_asked_too_often_pass_on_when_to_come_back(asking: Asking) -> None:
    asking.server.mode = "rate_limited"
    assert asking.failure(asking.bars).details["retry_after_ms"] == 7000


def test_bars_when_the_vendor_fails_are_not_asked_for_again_and_again(asking: Asking) -> None:
    asking.server.mode = "server_error"
    asking.server.asked.clear()
    asking.failure(asking.bars)
    # Yahoo's cookie and crumb are fetched from pages of their own.
    assert len([path for path, _ in asking.server.asked if path.count("/") > 2]) == 1


def test_resolve_when_the_vendor_has_no_such_symbol_is_not_found(asking: Asking) -> None:
    with pytest.raises(NotFound, match=asking.unknown):
        asking.provider.resolve(asking.unknown, asking.market)


def test_bars_when_the_vendor_has_recovered_come_again(asking: Asking) -> None:
    asking.server.mode = "malformed"
    asking.failure(asking.bars)
    asking.server.mode = "ok"
    assert len(asking.bars()) == 20


def test_bars_when_nobody_is_there_are_a_matter_of_the_connection(asking: Asking) -> None:
    asking.server.close()
    failure = asking.failure(asking.bars)
    assert (failure.details["reason"], failure.retryable) == ("connection", True)


@pytest.mark.parametrize(("name", "market"), SYMBOLS)
def test_bars_when_the_vendor_hangs_end_at_the_timeout(name: str, market: str, tmp_path: Path) -> None:
    with serving(name, market, tmp_path, timeout_s=0.2) as (server, markets):
        provider = markets.provider(market)
        instrument = provider.resolve(SYMBOLS[name, market][0], market)
        server.mode = "hang"
        with pytest.raises(Unavailable) as failed:
            provider.bars(instrument, "1d", now=markets.now(market), limit=20)
        assert (failed.value.details["reason"], failed.value.retryable) == ("timeout", True)


def test_history_when_one_instrument_has_no_bars_has_a_row_of_nan(tmp_path: Path) -> None:
    with serving("yahoo", "US", tmp_path) as (_, markets):
        provider, now = markets.provider("US"), markets.now("US")
        known = provider.resolve("AAPL", "US")
        gone = Instrument(symbol="GONE", market="US", name="Gone", currency="USD")
        history = provider.history([known, gone], now=now, sessions=5)
        assert (history.close[0] > 0).all()
        assert (history.close[1] != history.close[1]).all()


def test_bars_when_the_symbol_is_delisted_since_are_not_found(tmp_path: Path) -> None:
    with serving("yahoo", "US", tmp_path) as (_, markets):
        gone = Instrument(symbol="GONE", market="US", name="Gone", currency="USD")
        with pytest.raises(NotFound, match="GONE"):
            markets.provider("US").bars(gone, "1d", now=markets.now("US"), limit=5)


def test_failure_when_shown_has_no_key_and_no_crumb(asking: Asking) -> None:
    asking.server.mode = "unauthorized"
    failure: BaseException | None = asking.failure(asking.bars)
    assert failure is not None
    shown = f"{failure} {failure!r} {vars(failure)} {asking.provider!r}"
    for word in (KEY, SECRET, "crumb=", "Xv4k1"):
        assert word not in shown


def test_guard_when_a_test_would_leave_the_machine_refuses() -> None:
    with pytest.raises(ConnectionRefusedError, match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(curl.exceptions.RequestException, match=r"over proxy 127\.0\.0\.1"):
        curl.get("http://192.0.2.1/", timeout=1)


def test_markets_when_a_vendor_is_away_open_without_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for name, market in SYMBOLS:
        provider = markets_of(name, market, tmp_path, base_url=f"http://127.0.0.1:{port}").provider(market)
        with pytest.raises(Unavailable) as failed:
            provider.resolve(SYMBOLS[name, market][0], market)
        assert failed.value.details["reason"] == "connection"
