"""The synthetic provider: invented markets whose every price is a function of (seed, symbol, time)."""

from tacore.market.registry import ProviderKind
from tacore.model.providers import Setup
from tacore.ports import MarketDataProvider


def _build(setup: Setup) -> MarketDataProvider:
    from tacore.market.synthetic.market import SyntheticMarket  # noqa: PLC0415 - keeps numpy out of the broker

    return SyntheticMarket(setup.market, setup.settings.synthetic)


PROVIDER = ProviderKind(markets=("CN", "HK", "CRYPTO", "SIM"), build=_build, simulated=True)
