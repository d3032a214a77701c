"""What a vendor raises."""


class NoMarketDataError(Exception):
    def __init__(self, symbol: str, canonical: str | None = None, detail: str | None = None) -> None:
        super().__init__(detail or f"no data for {symbol}")
        self.symbol = symbol
