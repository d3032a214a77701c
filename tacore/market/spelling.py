"""What a symbol means, so that requests which differ only in spelling are known to be one."""

from tacore.errors import InvalidParams, NotFound
from tacore.ports import MarketData


def own_spelling(symbol: str, data: MarketData, market: str | None = None) -> tuple[str, str]:
    """Give the market of a symbol and its provider's spelling; as sent where the provider has no such.

    Raises InvalidParams where no provider serves the market, Unavailable where it can't be asked.
    """
    found = data.market(market or data.infer_market([symbol]))
    try:
        return found, data.provider(found).resolve(symbol, found).symbol
    except NotFound:
        return found, symbol


class Spelling:
    """Rewrites the symbols of one request, and notes the markets that they lead to, in order."""

    def __init__(self, data: MarketData) -> None:
        self._data = data
        self.markets: dict[str, None] = {}

    def __call__(self, symbol: str) -> str:
        """Give a symbol with its market as its provider writes it; as sent where that can't be told."""
        try:
            market, own = own_spelling(symbol, self._data)
        except InvalidParams:
            return symbol
        self.markets[market] = None
        return f"{market}:{own}"
