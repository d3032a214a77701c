"""A small history of price files, made anew: the same for the same market."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from random import Random

from tacore.market.hours import HOURS
from tests.support.markets import WALL

SYMBOLS = {
    "US": ("AAPL", "BRK.B", "MSFT"),
    "CN": ("000001", "600519", "688981"),
    "HK": ("0005", "0700", "9988"),
    "CRYPTO": ("BTC/USDT", "ETH/BTC", "ETH/USDT"),
}
HEADING = "date,open,high,low,close,volume,adjusted_close"


def write_history(
    folder: Path, market: str, *, sessions: int = 420, wall: datetime = WALL, symbols: Sequence[str] = ()
) -> Path:
    """Write a CSV file for each symbol, up to the session before ``wall``; give the market's folder."""
    target = folder / market
    target.mkdir(parents=True)
    for symbol in symbols or SYMBOLS[market]:
        lines = [HEADING, *price_lines(market, symbol, sessions, wall)]
        (target / f"{symbol.replace('/', '-')}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def price_lines(market: str, symbol: str, sessions: int, wall: datetime = WALL) -> list[str]:
    """Make lines of a random walk in cents."""
    hours, random = HOURS[market], Random(f"{market} {symbol}")  # noqa: S311 - not for secrets
    last = hours.number(wall.astimezone(hours.tz).date()) - 1
    close, lines = random.randrange(2_000, 40_000), []
    for number in range(last - sessions + 1, last + 1):
        opened = max(100, close + random.randrange(-300, 301))
        close = max(100, opened + random.randrange(-400, 401))
        high = max(opened, close) + random.randrange(200)
        low = min(opened, close) - random.randrange(90)
        cents = ",".join(f"{each / 100:.2f}" for each in (opened, high, low, close))
        volume = random.randrange(10_000, 9_000_000)
        lines.append(f"{hours.session(number)},{cents},{volume},{close / 200:.3f}")
    return lines
