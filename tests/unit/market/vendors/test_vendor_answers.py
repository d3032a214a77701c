"""get.market_data on vendors: who gave what, and what a client hears when nobody can."""

from pathlib import Path

import pytest

from tacore.errors import Unavailable
from tacore.methods.get_market_data import METHOD
from tests.support.markets import WALL, answer, open_markets
from tests.support.vendors.serving import section_of, serving
from tests.support.vendors.yahoo import YahooServer


@pytest.mark.parametrize(
    ("name", "market", "symbol"),
    [
        ("yahoo", "HK", "0700.HK"),
        ("akshare", "CN", "600519.SH"),
        ("alpaca", "US", "brk-b"),
        ("ccxt", "CRYPTO", "BTCUSDT"),
    ],
)
def test_market_data_when_of_a_vendor_says_so(name: str, market: str, symbol: str, tmp_path: Path) -> None:
    with serving(name, market, tmp_path) as (_, markets):
        data = answer(METHOD, {"symbols": symbol, "market": market, "limit": 2, "timeframe": "1d"}, markets)
    assert (data["source"], data["simulated"], data["replay"]) == (name, False, False)
    assert data["missing"] == {}


def test_market_data_when_the_first_vendor_is_away_comes_of_the_second(tmp_path: Path) -> None:
    with serving("alpaca", "US", tmp_path) as (away, _), YahooServer() as yahoo:
        sections = {
            "alpaca": {**section_of("alpaca", tmp_path), "base_url": away.url},
            "yahoo": {**section_of("yahoo", tmp_path), "base_url": yahoo.url},
        }
        markets = open_markets({"US": {"provider": ["alpaca", "yahoo"]}}, WALL, sections, tmp_path)
        away.mode = "down"
        assert answer(METHOD, {"symbols": "AAPL"}, markets)["source"] == "yahoo"
        yahoo.mode = "rate_limited"
        with pytest.raises(Unavailable) as failed:
            answer(METHOD, {"symbols": "MSFT"}, markets)
    told = failed.value.details["providers"]
    assert {name: each["reason"] for name, each in told.items()} == {
        "alpaca": "server_error",
        "yahoo": "rate_limited",
    }
