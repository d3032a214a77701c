"""Spellings of symbols, and the market that they point to."""

import pytest

from tacore.errors import InvalidParams
from tacore.market.symbols import canonical, exchange_of, vendor_symbol
from tests.support.markets import open_markets


@pytest.mark.parametrize(
    ("spelling", "market", "symbol"),
    [
        ("aapl", "US", "AAPL"),
        (" AAPL.US ", "US", "AAPL"),
        ("600519", "CN", "600519"),
        ("600519.SH", "CN", "600519"),
        ("600519.ss", "CN", "600519"),
        ("sz000001", "CN", "000001"),
        ("000001.SH", "CN", "000001.SH"),  # the Shanghai index, another thing
        ("700", "HK", "0700"),
        ("0700.HK", "HK", "0700"),
        ("00700", "HK", "0700"),
        ("btc", "CRYPTO", "BTC/USDT"),
        ("BTCUSDT", "CRYPTO", "BTC/USDT"),
        ("BTC-USDT", "CRYPTO", "BTC/USDT"),
        ("btc_usdt", "CRYPTO", "BTC/USDT"),
        ("ETH/BTC", "CRYPTO", "ETH/BTC"),
        ("brk-b", "US", "BRK.B"),
        ("BRK/B", "US", "BRK.B"),
        ("BRK.B.US", "US", "BRK.B"),
        ("SH600519", "CN", "600519"),
        ("sh.600519", "CN", "600519"),
        ("SH000001", "CN", "000001.SH"),
        ("SH600519.SZ", "CN", "SH600519.SZ"),  # contradicts itself
        ("hk00700", "HK", "0700"),
        ("80700.HK", "HK", "80700"),
        ("btc-usd", "CRYPTO", "BTC/USD"),
        ("BTCUSD", "CRYPTO", "BTC/USD"),
        ("TUSD", "CRYPTO", "TUSD/USDT"),
        ("USDT", "CRYPTO", "USDT"),  # cash, not USDT/USDT
    ],
)
def test_canonical_when_spelled_otherwise_is_the_markets_own(spelling: str, market: str, symbol: str) -> None:
    assert canonical(spelling, market) == symbol


@pytest.mark.parametrize(
    ("symbol", "market", "vendor", "spelling"),
    [
        ("AAPL", "US", "yahoo", "AAPL"),
        ("brk.b", "US", "yahoo", "BRK-B"),
        ("BRK-B", "US", "alpaca", "BRK.B"),
        ("600519", "CN", "yahoo", "600519.SS"),
        ("000001", "CN", "yahoo", "000001.SZ"),
        ("000001.SH", "CN", "yahoo", "000001.SS"),
        ("0700", "HK", "yahoo", "0700.HK"),
        ("700", "HK", "yahoo", "0700.HK"),
        ("BTCUSDT", "CRYPTO", "yahoo", "BTC-USD"),
        ("ETH/BTC", "CRYPTO", "yahoo", "ETH-BTC"),
        ("600519.SH", "CN", "akshare", "sh600519"),
        ("000001", "CN", "akshare", "sz000001"),
        ("430047", "CN", "akshare", "bj430047"),
        ("0700.HK", "HK", "akshare", "00700"),
        ("600519", "CN", "eastmoney", "1.600519"),
        ("000001", "CN", "eastmoney", "0.000001"),
        ("0700", "HK", "eastmoney", "116.00700"),
        ("btc-usdt", "CRYPTO", "ccxt", "BTC/USDT"),
        ("BTC/USDT", "CRYPTO", "alpaca", "BTC/USDT"),
    ],
)
def test_vendor_symbol_when_spelled_in_any_way_is_the_vendors(
    symbol: str, market: str, vendor: str, spelling: str
) -> None:
    assert vendor_symbol(symbol, market, vendor) == spelling


@pytest.mark.parametrize(
    ("code", "exchange"),
    [
        ("600519", "SH"),
        ("688981", "SH"),
        ("000001", "SZ"),
        ("300750", "SZ"),
        ("430047", "BJ"),
        ("920002", "BJ"),
    ],
)
def test_exchange_of_when_asked_is_where_the_code_is_listed(code: str, exchange: str) -> None:
    assert exchange_of(code) == exchange


@pytest.mark.parametrize(
    ("symbols", "market"),
    [
        ([], "US"),
        (["AAPL", "IBM"], "US"),
        (["XYZ"], "US"),
        (["600519", "000001.SZ"], "CN"),
        (["0700", "9988.HK"], "HK"),
        (["BTC/USDT"], "CRYPTO"),
        (["BTC"], "CRYPTO"),
        (["ethusdt", "BTC"], "CRYPTO"),
        (["SIM0001"], "SIM"),
    ],
)
def test_infer_market_when_symbols_agree_names_theirs(symbols: list[str], market: str) -> None:
    assert open_markets().infer_market(symbols) == market


def test_infer_market_when_symbols_disagree_names_them() -> None:
    with pytest.raises(InvalidParams, match=r"AAPL \(US\), 600519 \(CN\)") as refused:
        open_markets().infer_market(["AAPL", "600519", "WHO"])
    assert refused.value.details["symbols"]["value"] == {"AAPL": "US", "600519": "CN"}
