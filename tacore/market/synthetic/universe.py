"""Who trades in an invented market: well-known names at plausible levels first, made-up ones after them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count, islice
from math import exp

from tacore.market.hours import CURRENCY
from tacore.market.synthetic.noise import uniform
from tacore.model import Instrument

_KNOWN = {
    "CN": """
        600519 Kweichow Moutai|consumer|1600
        000001 Ping An Bank|financials|11
        000333 Midea Group|consumer|65
        000858 Wuliangye Yibin|consumer|145
        002594 BYD|industrials|250
        300750 Contemporary Amperex|industrials|210
        600036 China Merchants Bank|financials|35
        600276 Hengrui Pharmaceuticals|healthcare|45
        600900 China Yangtze Power|utilities|24
        601318 Ping An Insurance|financials|46
        601398 Industrial and Commercial Bank of China|financials|5.2
        601857 PetroChina|energy|8.6
        688981 SMIC|technology|52""",
    "HK": """
        0700 Tencent Holdings|technology|380
        0001 CK Hutchison|industrials|42
        0005 HSBC Holdings|financials|63
        0388 Hong Kong Exchanges and Clearing|financials|285
        0883 CNOOC|energy|17
        0939 China Construction Bank|financials|5.1
        0941 China Mobile|utilities|68
        1299 AIA Group|financials|64
        1810 Xiaomi|technology|17
        2318 Ping An Insurance|financials|41
        3690 Meituan|consumer|115
        9988 Alibaba Group|technology|82""",
    "CRYPTO": """
        BTC/USDT Bitcoin|coins|50000
        ETH/USDT Ether|platforms|3000
        BNB/USDT BNB|platforms|400
        SOL/USDT Solana|platforms|110
        XRP/USDT XRP|coins|0.55
        ADA/USDT Cardano|platforms|0.48
        DOGE/USDT Dogecoin|coins|0.12
        AVAX/USDT Avalanche|platforms|34
        DOT/USDT Polkadot|platforms|7.1
        LINK/USDT Chainlink|finance|15
        LTC/USDT Litecoin|coins|82
        BCH/USDT Bitcoin Cash|coins|310
        UNI/USDT Uniswap|finance|7.6
        AAVE/USDT Aave|finance|105
        ATOM/USDT Cosmos|platforms|9.2
        TRX/USDT TRON|platforms|0.12
        XLM/USDT Stellar|coins|0.11""",
    "SIM": "",
}
_SECTORS = {
    "CRYPTO": ("coins", "platforms", "finance"),
    "": (
        "technology",
        "financials",
        "consumer",
        "industrials",
        "healthcare",
        "energy",
        "utilities",
        "materials",
    ),
}
# By market: middle of the made-up levels, then a session's volatility and turnover in money, then the lot.
_SCALE = {
    "CN": (18.0, 0.018, 3e8, Decimal(100)),
    "HK": (15.0, 0.019, 2e8, Decimal(100)),
    "CRYPTO": (2.0, 0.022, 5e7, Decimal("0.0001")),
    "SIM": (80.0, 0.015, 1e8, Decimal(1)),
}
_CN_BOARDS = ("600", "000", "300", "601", "002", "603", "688", "001", "605", "003", "301")


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument and what its prices grow from; all of it is a function of seed, market and symbol."""

    instrument: Instrument
    level: float
    volatility: float
    tick: Decimal
    lot: Decimal
    lots_per_session: float


def listings(market: str, seed: int, size: int) -> list[Listing]:
    """Give the market's first ``size`` instruments, ordered by symbol."""
    known = {symbol: rest for symbol, *rest in map(_split, _KNOWN[market].strip().splitlines())}
    made_up = (symbol for symbol in _symbols(market) if symbol not in known)
    chosen = [*known, *islice(made_up, max(0, size - len(known)))][:size]
    return [_listing(market, seed, symbol, known.get(symbol)) for symbol in sorted(chosen)]


def _split(line: str) -> list[str]:
    symbol, _, rest = line.strip().partition(" ")
    return [symbol, *rest.split("|")]


def _symbols(market: str) -> Iterator[str]:
    """Name made-up instruments in the market's way, without end."""
    for number in count(1):
        if market == "CN":
            yield _CN_BOARDS[number % len(_CN_BOARDS)] + f"{number // len(_CN_BOARDS):03d}"
        elif market == "HK":
            yield f"{number + 1:04d}"
        else:
            yield f"SYN{number:03d}/USDT" if market == "CRYPTO" else f"SIM{number:04d}"


def _listing(market: str, seed: int, symbol: str, known: list[str] | None) -> Listing:
    middle, volatility, turnover, lot = _SCALE[market]
    sectors = _SECTORS.get(market, _SECTORS[""])

    def spread(what: str, width: float) -> float:
        return exp(width * (2 * uniform(seed, market, symbol, what) - 1))

    drawn_sector = sectors[int(uniform(seed, market, symbol, "sector") * len(sectors))]
    name, sector, level = known or (f"Synthetic {symbol}", drawn_sector, str(middle * spread("level", 1.5)))
    turnover *= spread("turnover", 1.5) * (10 if known else 1)
    return Listing(
        instrument=Instrument(
            symbol=symbol, market=market, name=name, currency=CURRENCY[market], sector=sector
        ),
        level=float(level),
        volatility=volatility * (1 if known else spread("volatility", 0.5)),
        tick=_tick(market, float(level)),
        lot=lot,
        lots_per_session=turnover / float(level) / float(lot),
    )


def _tick(market: str, level: float) -> Decimal:
    """Give the price step: a cent for shares, on a pair finer the cheaper the coin."""
    if market != "CRYPTO":
        return Decimal("0.01")
    return next(
        (
            Decimal(step)
            for above, step in ((10.0, "0.01"), (0.5, "0.0001"), (0.01, "0.00001"))
            if level >= above
        ),
        Decimal("0.0000001"),
    )
