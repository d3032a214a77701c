"""Symbols as clients spell them, brought to the one spelling of their market."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

MARKET_SPELLINGS = {"STOCK": "US", "SPOT": "CRYPTO"}
CASH = frozenset({"USD", "USDT", "CNY", "HKD"})
_DOLLARS = frozenset({"USD", "USDT", "USDC"})
_QUOTED_IN = ("USDT", "USDC", "FDUSD", "USD", "EUR", "BTC", "ETH")
_PAIR = re.compile(rf"([A-Z0-9]{{1,12}})[/\-_]({'|'.join(_QUOTED_IN)})")
_JOINED = re.compile(r"([A-Z0-9]{2,12})(USDT|USDC)")
_JOINED_USD = re.compile(r"([A-Z0-9]{3,12})(USD)")  # a shorter one is a coin of its own: TUSD, PYUSD
_US_CLASS = re.compile(r"([A-Z]{1,5})[./\-]([A-Z])")
_CN = re.compile(r"(?:(SH|SZ|BJ)\.?)?(\d{6})(?:\.(SH|SS|SZ|BJ))?")
_HK = re.compile(r"(?:HK\.?)?0*(\d{1,5})(?:\.HK)?")
_SIM = re.compile(r"SIM\d+")


def canonical(symbol: str, market: str) -> str:
    """Give a symbol as its market writes it: AAPL, BRK.B, 600519, 0700, BTC/USDT; else only in capitals.

    A mainland code that its exchange says apart from the usual keeps it: 000001.SH is an index, 000001 the
    share in Shenzhen.
    """
    word = symbol.strip().upper()
    if market == "CRYPTO":
        return _pair(word)
    if market == "HK" and (found := _HK.fullmatch(word)):
        return found[1].zfill(4)
    if market == "CN" and (found := _CN.fullmatch(word)):
        return _mainland(found) or word
    return _us(word) if market == "US" else word


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
    if code.startswith("92"):
        return "BJ"
    return {"5": "SH", "6": "SH", "9": "SH", "4": "BJ", "8": "BJ"}.get(code[0], "SZ")


def vendor_symbol(symbol: str, market: str, vendor: str) -> str:
    """Give a symbol, in any spelling, as a vendor writes it; a vendor that is not known has the market's own.

    yahoo 600519.SS, 0700.HK, BRK-B, BTC-USD (it quotes coins in dollars only); akshare sh600519, 00700;
    alpaca BRK.B, BTC/USDT; ccxt BTC/USDT; eastmoney 1.600519, 116.00700.
    """
    own = canonical(symbol, market)
    return _VENDORS.get((vendor, market), _same)(own)


def _same(own: str) -> str:
    return own


def _yahoo_cn(own: str) -> str:
    code, _, said = own.partition(".")
    exchange = said or exchange_of(code)
    return f"{code}.{'SS' if exchange == 'SH' else exchange}"


def _yahoo_pair(own: str) -> str:
    base, _, quoted = own.partition("/")
    return f"{base}-{'USD' if quoted in _DOLLARS else quoted}" if quoted else own


def _akshare_cn(own: str) -> str:
    code, _, said = own.partition(".")
    return (said or exchange_of(code)).replace("SS", "SH").lower() + code


def _eastmoney_cn(own: str) -> str:
    code, _, said = own.partition(".")
    return f"{1 if (said or exchange_of(code)) in ('SH', 'SS') else 0}.{code}"


# By vendor and market, how a symbol in its market's own spelling is written there.
_VENDORS: Mapping[tuple[str, str], Callable[[str], str]] = MappingProxyType(
    {
        ("yahoo", "US"): lambda own: own.replace(".", "-"),
        ("yahoo", "CN"): _yahoo_cn,
        ("yahoo", "HK"): lambda own: f"{own}.HK",
        ("yahoo", "CRYPTO"): _yahoo_pair,
        ("akshare", "CN"): _akshare_cn,
        ("akshare", "HK"): lambda own: own.zfill(5),
        ("eastmoney", "CN"): _eastmoney_cn,
        ("eastmoney", "HK"): lambda own: f"116.{own.zfill(5)}",
    }
)


def _us(word: str) -> str:
    word = word.removesuffix(".US")
    found = _US_CLASS.fullmatch(word)
    return f"{found[1]}.{found[2]}" if found else word


def _mainland(found: re.Match[str]) -> str | None:
    """Give the code alone where it lies at its usual exchange; None where two exchanges are said."""
    said = {"SH" if each == "SS" else each for each in (found[1], found[3]) if each}
    usual = exchange_of(found[2])
    if len(said) > 1:
        return None
    return found[2] if not said or said == {usual} else f"{found[2]}.{said.pop()}"


def _pair(word: str) -> str:
    if found := _PAIR.fullmatch(word) or _JOINED.fullmatch(word) or _JOINED_USD.fullmatch(word):
        return f"{found[1]}/{found[2]}"
    return f"{word}/USDT" if word.isalnum() and word not in CASH else word
