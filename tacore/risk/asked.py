"""What evaluate.risk may be asked."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta


class Params(msgspec.Struct, kw_only=True):
    """What is held, what is thought of, and how to measure."""

    portfolio: Annotated[
        dict[str, Any] | list[Any],
        Meta(description="Symbols and currencies with quantities, or {positions, cash, total_value}"),
    ]
    proposed_trade: Annotated[
        dict[str, Any] | None,
        Meta(description="symbol, action buy or sell, quantity; price, estimated_value"),
    ] = None
    confidence: Annotated[float, Meta(gt=0.5, lt=1, description="Of VaR and CVaR")] = 0.95
    horizon_days: Annotated[int, Meta(ge=1, le=250, description="Sessions that VaR and CVaR look ahead")] = 1
    method: Annotated[
        Literal["historical", "parametric", "cornish_fisher", "monte_carlo"],
        Meta(description="How VaR and CVaR are measured"),
    ] = "historical"
    lookback_days: Annotated[int, Meta(ge=30, le=2520, description="Returns to look back on")] = 504
    benchmark: Annotated[
        str | list[str] | None,
        Meta(description="What beta is against; several are a basket; left out: as configured by market"),
    ] = None
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="Of monte_carlo")] = 0
    simulations: Annotated[int, Meta(ge=1000, le=100_000, description="Of monte_carlo")] = 10_000
    base_currency: Annotated[str, Meta(description="What money is told in")] = "USD"
