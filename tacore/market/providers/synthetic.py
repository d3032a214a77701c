"""The synthetic provider: invented markets whose every price is a function of (seed, symbol, time)."""

from tacore.market.registry import ProviderKind
from tacore.model.markets import MarketSettings
from tacore.ports import MarketDataProvider


def _build(market: str, settings: MarketSettings) -> MarketDataProvider:
    from tacore.market.synthetic.market import SyntheticMarket  # noqa: PLC0415 - keeps numpy out of the broker

    return SyntheticMarket(market, settings.synthetic)


PROVIDER = ProviderKind(markets=("CN", "HK", "CRYPTO", "SIM"), build=_build)
