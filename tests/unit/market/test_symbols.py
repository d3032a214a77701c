"""Spellings of symbols, and the market that they point to."""

import pytest

from tacore.errors import InvalidParams
from tacore.market.symbols import canonical
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
        ("USDT", "CRYPTO", "USDT"),  # cash, not USDT/USDT
    ],
)
def test_canonical_when_spelled_otherwise_is_the_markets_own(spelling: str, market: str, symbol: str) -> None:
    assert canonical(spelling, market) == symbol


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
