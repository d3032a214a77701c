"""Symbols as clients spell them, brought to the one spelling of their market."""

import re

MARKET_SPELLINGS = {"STOCK": "US", "SPOT": "CRYPTO"}
CASH = frozenset({"USD", "USDT", "CNY", "HKD"})
_QUOTED_IN = ("USDT", "USDC", "USD", "BTC", "ETH")
_PAIR = re.compile(rf"([A-Z0-9]{{1,12}})[/\-_]({'|'.join(_QUOTED_IN)})")
_JOINED = re.compile(r"([A-Z0-9]{2,12})(USDT|USDC)")
_CN = re.compile(r"(?:(SH|SZ|BJ)\.?)?(\d{6})(?:\.(SH|SS|SZ|BJ))?")
_HK = re.compile(r"0*(\d{1,5})(?:\.HK)?")
_SIM = re.compile(r"SIM\d+")


def canonical(symbol: str, market: str) -> str:
    """Give a symbol as its market writes it: AAPL, 600519, 0700, BTC/USDT; else only in capitals."""
    word = symbol.strip().upper()
    if market == "CRYPTO":
        return _pair(word)
    if market == "HK" and (found := _HK.fullmatch(word)):
        return found[1].zfill(4)
    if market == "CN" and (found := _CN.fullmatch(word)) and _exchanges_agree(found):
        return found[2]
    return word.removesuffix(".US") if market == "US" else word


def market_of(symbol: str) -> str | None:
    """Tell which market a symbol's shape belongs to, None where letters alone say nothing."""
    word = symbol.strip().upper()
    shapes = (
        ("SIM", _SIM.fullmatch(word)),
        ("CN", _CN.fullmatch(word)),
        ("HK", _HK.fullmatch(word)),
        ("CRYPTO", _PAIR.fullmatch(word) or _JOINED.fullmatch(word)),
        ("US", word.endswith(".US")),
    )
    return next((market for market, fits in shapes if fits), None)


def exchange_of(code: str) -> str:
    """Tell which mainland exchange lists a six-digit code: SH, SZ or BJ."""
    return {"5": "SH", "6": "SH", "9": "SH", "4": "BJ", "8": "BJ"}.get(code[0], "SZ")


def _exchanges_agree(found: re.Match[str]) -> bool:
    """Refuse 000001.SH: that is an index, another thing than the share 000001 in Shenzhen."""
    said = {found[1], found[3]} - {None}
    return not said or {"SH" if each == "SS" else each for each in said} == {exchange_of(found[2])}


def _pair(word: str) -> str:
    if found := _PAIR.fullmatch(word) or _JOINED.fullmatch(word):
        return f"{found[1]}/{found[2]}"
    return f"{word}/USDT" if word.isalnum() and word not in CASH else word
