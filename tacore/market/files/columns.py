"""What the columns of a price file are called, in the spellings that are met."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

NUMBERS = ("open", "high", "low", "close", "volume")
ADJUSTED = "adjusted_close"
SESSION, SYMBOL, LINE = "session", "symbol", "line"
# By column, the spellings without case, spaces and signs; the first that a file has is taken.
SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        SESSION: (
            "session",
            "date",
            "tradedate",
            "tradingdate",
            "day",
            "datetime",
            "timestamp",
            "time",
            "日期",
        ),
        SYMBOL: ("symbol", "ticker", "code", "instrument", "pair", "股票代码", "代码"),
        "open": ("open", "openprice", "o", "开盘", "开盘价"),
        "high": ("high", "highprice", "h", "最高", "最高价"),
        "low": ("low", "lowprice", "l", "最低", "最低价"),
        "close": ("close", "closeprice", "closelast", "last", "price", "c", "收盘", "收盘价"),
        "volume": ("volume", "vol", "v", "tradevolume", "成交量"),
        ADJUSTED: ("adjustedclose", "adjclose", "closeadj", "adjclosep", "adjusted"),
    }
)
NEEDED = (SESSION, *NUMBERS)


def recognise(names: Iterable[str]) -> dict[str, str]:
    """Give by column of ours the file's name of it."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(re.sub(r"[\W_]", "", name.lower()), name)
    found = {}
    for column, spellings in SPELLINGS.items():
        named = next((plain[each] for each in spellings if each in plain), None)
        if named is not None:
            found[column] = named
    return found
